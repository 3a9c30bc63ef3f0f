import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { KnexMetaError } from '../../../lib/errors.js';
import { loadModels } from '../../../lib/models/load.js';
import { ROOT } from '../../support/commandLine.js';
import { temporaryFolder } from '../../support/folders.js';

const LIBRARY = join(ROOT, 'lib/index.ts');
const ESM = `import { defineModel, defineView, defineEnum, defineSql, defineFunction, defineTrigger } from ${JSON.stringify(pathToFileURL(LIBRARY).href)};\n`;
const TYPESCRIPT = `import { defineModel, defineView, defineEnum, defineSql, defineFunction, defineTrigger } from ${JSON.stringify(LIBRARY)};\n`;
const model = (name: string) => `defineModel('${name}', (t) => { t.increments('id'); })`;

/** A folder with these files, by name and text. */
function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function load(files: Readonly<Record<string, string>>, ...directories: readonly string[]) {
  const folder = folderOf(files);
  const below = directories.length === 0 ? [folder] : directories.map((name) => join(folder, name));
  const { models, files: read } = await loadModels(below);
  return {
    names: models.map(({ name }) => name),
    files: read.map(({ file, models: count }) => [file.slice(folder.length + 1), count]),
    places: models.map(({ place }) => place && [place.file.slice(folder.length + 1), place.line]),
  };
}

async function errorOf(act: () => Promise<unknown>): Promise<KnexMetaError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof KnexMetaError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}

describe('loading models', () => {
  it('reads TypeScript and JavaScript, ESM and CommonJS, from several directories and those below', async () => {
    const loaded = await load(
      {
        'a/users.ts': `${TYPESCRIPT}\nconst t: string = 'users';\nexport const users = ${model('users')};\n`,
        'a/deep/posts.mts': `${TYPESCRIPT}export default ${model('posts')};\n`,
        'b/tags.mjs': `${ESM}export const tags = ${model('tags')};\nexport const helper = () => 1;\n`,
        'b/common.cjs': `const { defineModel } = require(${JSON.stringify(LIBRARY)});\nmodule.exports = { one: ${model('one')}, list: [${model('two')}] };\n`,
        'b/ignored.d.ts': 'export declare const x: number;\n',
        'b/users.test.ts': 'throw new Error("a test");\n',
        'b/node_modules/x/index.js': 'throw new Error("a package");\n',
        'b/readme.md': 'no model',
      },
      'a',
      'b',
    );
    expect(loaded.names).to.have.members(['users', 'posts', 'tags', 'one', 'two']);
    expect(loaded.files).to.deep.equal([
      ['a/deep/posts.mts', 1],
      ['a/users.ts', 1],
      ['b/common.cjs', 2],
      ['b/tags.mjs', 1],
    ]);
    expect(loaded.places.find((place) => place?.[0] === 'a/users.ts')).to.deep.equal(['a/users.ts', 4]);
  });

  it('takes a model that an index exports again for one', async () => {
    for (const [extension, head] of [
      ['ts', TYPESCRIPT],
      ['mjs', ESM],
    ] as const) {
      const loaded = await load({
        [`index.${extension}`]: `export * from './users.${extension}';\nexport { posts as articles } from './posts.${extension}';\n`,
        [`users.${extension}`]: `${head}export const users = ${model('users')};\n`,
        [`posts.${extension}`]: `${head}export const posts = ${model('posts')};\nexport default posts;\n`,
      });
      expect(loaded.names, extension).to.have.members(['users', 'posts']);
      expect(loaded.files, 'each where it is written').to.deep.equal([
        [`index.${extension}`, 0],
        [`posts.${extension}`, 1],
        [`users.${extension}`, 1],
      ]);
    }
  });

  it('names what a file defines and nobody exports: not what another file exports, nor what a copy is of', async () => {
    const folder = folderOf({
      'shop.mjs': `${ESM}const lost = ${model('lost')};\nexport const kept = ${model('kept')};\nexport const made = ${model('made')};\n`,
      'again.mjs': `import { made } from './shop.mjs';\nexport const copy = { ...made };\n`,
      'types.mjs': `${ESM}const hidden = defineEnum('hidden', ['a']);\nconst view = defineView('v', 'select 1');\nexport default [view];\n`,
    });
    const { models, unexported } = await loadModels([folder]);
    expect(models.map(({ name }) => name).sort()).to.deep.equal(['kept', 'made', 'v']);
    const where = unexported.map(({ name, place }) => [
      name,
      place?.file.slice(folder.length + 1),
      place?.line,
    ]);
    expect(where).to.deep.equal([
      ['lost', 'shop.mjs', 2],
      ['hidden', 'types.mjs', 2],
    ]);
  });

  it('takes a source before what it was compiled to', async () => {
    const loaded = await load({
      'users.ts': `${TYPESCRIPT}export const users = ${model('users')};\n`,
      'users.js': 'throw new Error("stale");\n',
    });
    expect(loaded.names).to.deep.equal(['users']);
  });

  it('names the line of a file that throws', async () => {
    const files = {
      'thrown.ts': `${TYPESCRIPT}\n\nconst x: unknown = undefined;\n(x as any).y;\nexport const users = ${model('users')};\n`,
      'thrown.mjs': `${ESM}\n\nconst x = undefined;\nx.y;\nexport const users = ${model('users')};\n`,
    };
    for (const [name, text] of Object.entries(files)) {
      const error = await errorOf(() => load({ [name]: text }));
      expect(error.code).to.equal('MODEL_LOAD_FAILED');
      expect(error.message).to.match(
        new RegExp(`${name}:5 could not be loaded: Cannot read properties of undefined`),
      );
    }
  });

  it('names the line of a wrong definition', async () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      ["defineModel('users', (t) => {}, { shema: 'app' })", /defineModel\('users'\) has no option `shema`/],
      ["defineModel('users', (t) => {}, { schema: 7 })", /`schema` of defineModel\('users'\) must be a text/],
      ["defineModel('users')", /second argument of defineModel\('users'\) must be a function/],
      ["defineModel('', (t) => {})", /name in defineModel\(\) must be a text/],
      ["defineEnum('e', 'a')", /values of defineEnum\('e'\) must be an array of texts/],
      [
        "defineFunction('f', 'create function f() returns int language sql as $$ select 1 $$')",
        /declaration of defineFunction\('f'\) must be without `create/,
      ],
      [
        "defineTrigger('t', ' CREATE trigger t ...')",
        /declaration of defineTrigger\('t'\) must be without `create/,
      ],
      ["defineView('v', 'create view v as select 1')", /query of defineView\('v'\) must be without `create/],
      ["defineView('v', '')", /query of defineView\('v'\) must be a text/],
      ["defineView('v', 'select 1', { indexes: [] })", /defineView\('v'\) has no option `indexes`/],
      ["defineSql('s', {})", /`create` of defineSql\('s'\) must be an array of texts/],
    ];
    for (const [text, expected] of wrong) {
      const error = await errorOf(() => load({ 'a.mjs': `${ESM}\nexport const a = ${text};\n` }));
      expect(error.code, text).to.equal('MODEL_LOAD_FAILED');
      expect(error.message).to.match(/a\.mjs:3 could not be loaded: /);
      expect(error.message).to.match(expected);
    }
    const { remedy } = await errorOf(() =>
      load({ 'a.mjs': `${ESM}export const a = defineModel('a', () => {}, { shema: 'x' });` }),
    );
    expect(remedy).to.match(/Did you mean `schema`\?/);
  });

  it('names the line of a syntax error', async () => {
    for (const name of ['a.ts', 'a.mjs', 'a.cjs']) {
      const error = await errorOf(() => load({ [name]: 'const a = 1;\nconst b = ;\n' }));
      expect(error.code, name).to.equal('MODEL_LOAD_FAILED');
      expect(error.message, name).to.match(new RegExp(`${name}:2 could not be loaded`));
    }
  });

  it('names a file that exports nothing', async () => {
    for (const [name, text] of Object.entries({
      'a.mjs': `${ESM}const users = ${model('users')};\n`,
      'b.cjs': '',
      'c.ts': 'export {};\n',
    })) {
      const error = await errorOf(() => load({ [name]: text }));
      expect([error.code, error.message.split('/').at(-1)], name).to.deep.equal([
        'MODEL_INVALID',
        `${name}:1 exports nothing.`,
      ]);
    }
  });

  it('takes a TypeScript file that exports only types as one without models', async () => {
    for (const [name, text] of Object.entries({
      'types.ts': 'export interface Foo { a: string }\n',
      'types.mts': "import type { Foo } from './other.mjs';\nexport type Bar = Foo | null;\n",
      'types.cts': '// the row\nexport /* a type */ type Bar = { a: string };\n',
      'named.ts': 'interface Foo { a: string }\nexport type { Foo };\n',
      'inline.ts': 'interface Foo { a: string }\nexport { type Foo };\n',
      'default.ts': 'export default interface Foo { a: string }\n',
      'declared.ts': 'export declare const version: string;\n',
    })) {
      const { names, files } = await load({
        'users.ts': `${TYPESCRIPT}export const users = ${model('users')};\n`,
        [name]: text,
      });
      expect(names, name).to.deep.equal(['users']);
      expect(files.map(([, count]) => count).sort(), name).to.deep.equal([0, 1]);
    }
  });

  it('names a file that only speaks of exports', async () => {
    for (const text of [
      '// export interface Foo {}\n',
      "const a = 'export type Foo';\n",
      'interface Foo { a: string }\nexport {};\n',
    ]) {
      const error = await errorOf(() => load({ 'a.ts': text }));
      expect(error.code, text).to.equal('MODEL_INVALID');
    }
  });

  it('names a file that exports a promise, and what a file calls that is not there', async () => {
    for (const [name, text] of Object.entries({
      'a.mjs': `${ESM}export const users = Promise.resolve(${model('users')});\nexport const other = Promise.reject(new Error('late'));\n`,
      'b.ts': `${TYPESCRIPT}export default Promise.resolve([${model('users')}]);\n`,
    })) {
      const error = await errorOf(() => load({ [name]: text }));
      expect([error.code, error.message.split('/').at(-1)], name).to.deep.equal([
        'MODEL_INVALID',
        `${name}:1 exports a promise.`,
      ]);
    }
    const text = `import { defineModels } from ${JSON.stringify(LIBRARY)};\nexport const users = defineModels('users');\n`;
    const { message } = await errorOf(() => load({ 'c.ts': text }));
    expect(message).to.match(
      /c\.ts:2 could not be loaded: (defineModels is not a function|.*does not provide)/,
    );
  });

  it('names both lines of a table that is defined twice', async () => {
    const error = await errorOf(() =>
      load({
        'a.mjs': `${ESM}export const a = ${model('users')};\n`,
        'b.ts': `${TYPESCRIPT}\nexport const b = defineModel('users', () => {});\n`,
      }),
    );
    expect(error.code).to.equal('MODEL_DUPLICATE');
    expect(error.message).to.match(/^The model `users` is defined twice: .*a\.mjs:2 and .*b\.ts:3\.$/);
    const inOne = await errorOf(() =>
      load({
        'a.mjs': `${ESM}export const a = ${model('x')};\nexport const v = defineView('x', 'select 1');`,
      }),
    );
    expect(inOne.message).to.match(/a\.mjs:2 and .*a\.mjs:3/);
    const apart = await load({
      'a.mjs': `${ESM}export const a = ${model('app.x')};\nexport const b = ${model('x')};`,
    });
    expect(apart.names).to.deep.equal(['x', 'x']);
  });

  it('says what is missing: the directory, a file, a model', async () => {
    const none = await errorOf(() => loadModels(['./no-models']));
    expect([none.code, none.exitCode]).to.deep.equal(['MODELS_DIRECTORY_MISSING', 2]);
    expect(none.remedy).to.contain('`meta.models`');
    const empty = await errorOf(() => load({ 'a.md': '' }));
    expect([empty.code, empty.remedy]).to.satisfy(
      ([code, remedy]: string[]) => code === 'MODELS_NONE' && remedy?.includes('models:pull'),
    );
    const helpers = await errorOf(() => load({ 'helper.mjs': 'export const x = 1;' }));
    expect([helpers.code, helpers.remedy]).to.satisfy(
      ([code, remedy]: string[]) => code === 'MODELS_NONE' && remedy?.includes('helper.mjs'),
    );
  });
});
