import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, runProgram } from '../support/commandLine.js';
import { packedProject } from './support.js';

describe('the packed tarball', function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    folder = await packedProject();
    writeFileSync(
      join(folder, 'knexfile.js'),
      "module.exports = { client: 'better-sqlite3', connection: { filename: './dev.sqlite3' } };\n",
    );
    mkdirSync(join(folder, 'migrations'));
    writeFileSync(
      join(folder, 'migrations/1_users.js'),
      "exports.up = (k) => k.schema.createTable('users', (t) => { t.increments(); });\nexports.down = (k) => k.schema.dropTable('users');\n",
    );
  });

  async function node(file: string, text: string): Promise<string> {
    writeFileSync(join(folder, file), text);
    const ran = await runProgram(process.execPath, [file], folder);
    expect(ran.code, ran.stderr).to.equal(0);
    return ran.stdout.trim();
  }

  it('has the built library with types and maps, and no test', () => {
    const files = readdirSync(join(folder, 'node_modules/knex-meta'), { recursive: true }).map(String);
    expect(files).to.include.members([
      'dist/lib/index.js',
      'dist/lib/index.d.ts',
      'dist/lib/index.cjs',
      'dist/lib/index.cjs.map',
      'dist/lib/query/index.cjs',
      'dist/lib/esm/index.js',
      'dist/lib/esm/query/index.js',
      'dist/bin/knex-meta.js',
      'README.md',
      'LICENSE',
      'examples/container/docker-entrypoint.sh',
    ]);
    expect(files.filter((file) => /^(test|\.ci|migrations|scripts)/.test(file))).to.deep.equal([]);
    // It says nothing of the machine that it was built on.
    for (const file of files.filter((each) => /^dist.*\.(c?js|map|txt)$/.test(each)))
      expect(
        readFileSync(join(folder, 'node_modules/knex-meta', file), 'utf8').includes(ROOT),
        file,
      ).to.equal(false);
  });

  it('brings along what every command loads, each with its licence, and installs nothing of it', () => {
    const own = join(folder, 'node_modules/knex-meta');
    const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')) as {
      dependencies: Readonly<Record<string, string>>;
    };
    const texts = (pattern: RegExp): readonly string[] =>
      ['dist/lib', 'dist/lib/esm'].flatMap((part) =>
        readdirSync(join(own, part))
          .filter((name) => pattern.test(name))
          .map((name) => readFileSync(join(own, part, name), 'utf8')),
      );
    const found = (code: readonly string[], pattern: RegExp): ReadonlySet<string> =>
      new Set(code.flatMap((text) => [...text.matchAll(pattern)].map(([, name = '']) => name)));
    const imported = found(
      texts(/\.c?js$/),
      /^(?:import [^;]*? from |var \w+ = (?:__toESM\()?require\()"([^".][^"]*)"/gm,
    );
    const sources = texts(/\.map$/).flatMap((text) => (JSON.parse(text) as { sources: string[] }).sources);
    const brought = found(sources, /node_modules\/((?:@[^/]+\/)?[^/]+)\//g);
    const isBuiltin = (name: string): boolean => name.startsWith('node:') || builtinModules.includes(name);
    expect([...imported].filter((name) => !isBuiltin(name))).to.deep.equal(['knex']);
    expect(brought).to.include('yargs');
    const licenses = readFileSync(join(own, 'dist/lib/licenses.txt'), 'utf8');
    for (const name of brought) {
      expect(dependencies, name).not.to.have.property(name);
      expect(licenses, name).to.match(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\\n\\n.*\\bCopyright\\b`, 'ms'));
    }
    expect(existsSync(join(folder, 'node_modules/yargs'))).to.equal(false);
  });

  it('is imported from ESM and required from CommonJS', async () => {
    const body =
      "console.log(typeof withMeta, typeof createMigrator, typeof defineConfig, new KnexMetaError('USAGE', 'x').code);";
    const names = '{ withMeta, createMigrator, defineConfig, KnexMetaError }';
    const expected = 'function function function USAGE';
    expect(await node('a.mjs', `import ${names} from 'knex-meta';\n${body}`)).to.equal(expected);
    expect(await node('b.cjs', `const ${names} = require('knex-meta');\n${body}`)).to.equal(expected);
  });

  it('declares for CommonJS the names that it declares for ESM', () => {
    const names = (file: string): readonly string[] => {
      const text = readFileSync(join(folder, 'node_modules/knex-meta/dist/lib', file), 'utf8');
      const listed = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap((match) =>
        (match[1] ?? '').split(',').map((name) => name.replace(/^\s*(?:type )?/, '').trim()),
      );
      const declared = [...text.matchAll(/export (?:declare const|type) (\w+)\b(?! *\{)/g)].map(
        (match) => match[1] ?? '',
      );
      return [...new Set([...listed, ...declared])].filter((name) => name !== '').sort();
    };
    expect(names('index.d.ts').length).to.be.greaterThan(10);
    expect(names('index.d.cts')).to.deep.equal(names('index.d.ts'));
  });

  const modules = ['nodenext', 'node16', 'preserve'];
  for (const module of modules)
    it(`has types in ESM and CommonJS with module ${module}, t.metadata among them, with strict settings`, async () => {
      const body = `const config = withMeta({ client: 'pg', meta: { columns: { notes: false, updated_at: 'modified_at' } } });
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('t', (t) => {
    t.increments('id');
    t.metadata({ is_active: { index: true } });
    t.metadata(false);
    // @ts-expect-error a number is no option
    t.metadata({ notes: 1 });
  });
  const { batch } = await createMigrator(db).latest();
  const code: number = batch;
  // @ts-expect-error there is no such code
  new KnexMetaError('NO_SUCH_CODE', 'x');
  console.log(code, config.client);
}
`;
      const imports =
        "import type { Knex } from 'knex';\nimport { createMigrator, KnexMetaError, withMeta } from 'knex-meta';\n";
      writeFileSync(join(folder, 'm.mts'), imports + body);
      writeFileSync(join(folder, 'c.cts'), imports + body);
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({
          compilerOptions: {
            strict: true,
            module,
            target: 'es2022',
            noEmit: true,
            types: ['node'],
            skipLibCheck: false,
            exactOptionalPropertyTypes: true,
          },
          files: ['m.mts', 'c.cts'],
        }),
      );
      const ran = await runProgram(
        process.execPath,
        [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'],
        folder,
      );
      expect(ran.stdout.split('\n').filter((line) => /knex-meta|m\.mts|c\.cts/.test(line))).to.deep.equal([]);
    });

  it('runs as npx knex-meta: the version, and a plain project with the metadata', async () => {
    const version = await runProgram('npx', ['--no-install', 'knex-meta', '--version'], folder);
    expect(version.stdout.trim(), version.stderr).to.equal(
      (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version,
    );
    const ran = await runProgram('npx', ['--no-install', 'knex-meta', 'migrate:latest', '--json'], folder);
    expect(ran.code, ran.stderr).to.equal(0);
    const check = await runProgram('npx', ['--no-install', 'knex-meta', 'check:migration', '--json'], folder);
    expect(JSON.parse(check.stdout)).to.deep.include({ ok: true, findings: [] });
  });

  it('works with stock knex through withMeta in the knexfile', async () => {
    const own = join(folder, 'stock');
    mkdirSync(own);
    cpSync(join(folder, 'migrations'), join(own, 'migrations'), { recursive: true });
    writeFileSync(
      join(own, 'knexfile.js'),
      "const { withMeta } = require('knex-meta');\nmodule.exports = withMeta({ client: 'better-sqlite3', useNullAsDefault: true, connection: { filename: './dev.sqlite3' } });\n",
    );
    const ran = await runProgram(
      process.execPath,
      [join(folder, 'node_modules/knex/bin/cli.js'), 'migrate:latest'],
      own,
    );
    expect(ran.code, ran.stderr).to.equal(0);
    const check = await runProgram('npx', ['--no-install', 'knex-meta', 'check:migration', '--json'], own);
    expect(JSON.parse(check.stdout).findings).to.deep.equal([]);
  });
});
