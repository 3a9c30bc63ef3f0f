import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT, runProgram } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';
import { packedProject } from './support.js';

const KNEXFILE = `const { withMeta } = require('knex-meta');
module.exports = withMeta({ client: 'better-sqlite3', useNullAsDefault: true, connection: { filename: './dev.sqlite3' }, migrations: { directory: __dirname + '/migrations' } });
`;

/** Migrations in the languages that projects have. */
const MIGRATIONS = {
  '1_users.js':
    "exports.up = (k) => k.schema.createTable('users', (t) => { t.increments(); t.string('name'); });\nexports.down = (k) => k.schema.dropTable('users');\n",
  '2_posts.ts':
    "import type { Knex } from 'knex';\nexport const up = async (k: Knex): Promise<void> => { await k.schema.createTable('posts', (t) => { t.increments(); }); };\nexport const down = async (k: Knex): Promise<void> => { await k.schema.dropTable('posts'); };\n",
  '3_tags.mjs':
    "export const up = async (k) => { await k.schema.createTable('tags', (t) => { t.increments(); }); };\nexport const down = async (k) => { await k.schema.dropTable('tags'); };\n",
};

const FILLS = `let test;
  const before_ = async () => { test = await migrateForTest(config); };
  const after_ = () => test.destroy();
  const rows = async () => {
    await test.db('users').insert({ name: 'a' });
    return [(await test.db('users')).map(({ name, is_active }) => [name, is_active]), await test.db('posts'), await test.db('tags')];
  };
  const wanted = [[['a', 1]], [], []];`;

const JEST = `const { migrateForTest, KnexMetaError } = require('knex-meta');
const { installQueryHelpers } = require('knex-meta/query');
const config = require('../knexfile');
describe('the application', () => {
  ${FILLS}
  beforeAll(before_); afterAll(after_);
  it('has a database', async () => { expect(await rows()).toEqual(wanted); });
  it('has one class of errors', () => {
    let other;
    jest.isolateModules(() => { other = require('knex-meta'); });
    expect(other.KnexMetaError).not.toBe(KnexMetaError);
    expect(new other.KnexMetaError('USAGE', 'x')).toBeInstanceOf(KnexMetaError);
    expect(typeof installQueryHelpers).toBe('function');
  });
});
`;

/** Imports it, requires it, and has a knexfile that requires it: all the same. */
const IMPORTING = `import assert from 'node:assert';
import { createRequire } from 'node:module';
import { migrateForTest, KnexMetaError, withMeta } from 'knex-meta';
import config from '../knexfile.js';
const require = createRequire(import.meta.url);
describe('the application', () => {
  ${FILLS}
  before(before_); after(after_);
  it('has a database', async () => { assert.deepEqual(await rows(), wanted); });
  it('has one copy of the package', () => {
    assert.equal(require('knex-meta').withMeta, withMeta);
    assert.equal(require('knex-meta').KnexMetaError, KnexMetaError);
    assert.equal(withMeta(config), config);
  });
});
`;

const APPLICATION = `import knex from 'knex';
import { createMigrator, KnexMetaError, withMeta } from 'knex-meta';
import { installQueryHelpers } from 'knex-meta/query';
const main = async () => {
  const db = knex(withMeta({ client: 'better-sqlite3', useNullAsDefault: true, connection: ':memory:', migrations: { directory: './migrations' } }));
  installQueryHelpers(knex);
  await createMigrator(db).latest();
  await db('users').insert({ name: 'a' });
  const name = db.client.constructor.name;
  console.log((await db('users').active()).length, new KnexMetaError('USAGE', 'x') instanceof KnexMetaError, new Error('x') instanceof KnexMetaError, name.length > 0);
  await db.destroy();
};
main();
`;

describe('the packed tarball where it is used', function () {
  this.timeout(600_000);
  let folder: string;

  before(async () => {
    folder = await packedProject('jest@30', 'vitest@4', 'mocha@11', 'esbuild@0.28');
    writeFileSync(join(folder, 'knexfile.js'), KNEXFILE);
    for (const part of ['migrations', 'jest', 'esm']) mkdirSync(join(folder, part));
    for (const [name, text] of Object.entries(MIGRATIONS))
      writeFileSync(join(folder, 'migrations', name), text);
    writeFileSync(join(folder, 'jest/app.test.js'), JEST);
    writeFileSync(join(folder, 'esm/app.test.mjs'), IMPORTING);
    writeFileSync(
      join(folder, 'esm/vitest.test.mjs'),
      `import { afterAll as after, beforeAll as before, describe, it } from 'vitest';\n${IMPORTING}`,
    );
    writeFileSync(join(folder, 'app.ts'), APPLICATION);
  });

  const program = (path: string, ...args: readonly string[]) =>
    runProgram(process.execPath, [join(folder, 'node_modules', path), ...args], folder);
  const passes = async (path: string, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await program(path, ...args);
    expect(code, stdout + stderr).to.equal(0);
    return stdout + stderr;
  };

  it('Jest in its default mode, CommonJS', async () => {
    expect(await passes('jest/bin/jest.js', 'jest')).to.match(/Tests: +2 passed, 2 total/);
  });

  for (const pool of ['threads', 'forks'])
    it(`Vitest with ${pool}`, async () => {
      expect(await passes('vitest/vitest.mjs', 'run', 'esm/vitest', `--pool=${pool}`)).to.match(
        /Tests +2 passed/,
      );
    });

  it('mocha', async () => {
    expect(await passes('mocha/bin/mocha.js', 'esm/app.test.mjs')).to.include('2 passing');
  });

  const DRIVERS = [
    'sqlite3',
    'mysql',
    'mysql2',
    'oracledb',
    'tedious',
    'pg-query-stream',
    'pg-native',
    'mariadb',
    'mariadb/callback',
    'better-sqlite3',
  ].map((name) => `--external:${name}`);
  // Knex itself requires modules of Node, which a bundle of ES modules can only do so.
  const REQUIRE =
    "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  for (const [title, format, ...more] of [
    ['CommonJS', 'cjs'],
    ['CommonJS, minified', 'cjs', '--minify'],
    ['CommonJS, by the condition require', 'cjs', '--conditions=require', '--main-fields=main'],
    ['ES modules', 'esm', REQUIRE],
    ['ES modules, minified', 'esm', '--minify', REQUIRE],
    ['ES modules, with Knex outside', 'esm', '--external:knex'],
  ] as const)
    it(`a bundle of ${title}`, async () => {
      const file = format === 'cjs' ? 'app.cjs' : 'app.mjs';
      const args = ['app.ts', '--bundle', '--platform=node', `--format=${format}`, `--outfile=${file}`];
      const esbuild = join(folder, 'node_modules/esbuild/bin/esbuild');
      const built = await runProgram(esbuild, [...args, ...DRIVERS, ...more], folder);
      expect(built.code, built.stderr).to.equal(0);
      const ran = await runProgram(process.execPath, [file], folder);
      expect([ran.code, ran.stdout, ran.stderr]).to.deep.equal([0, '1 true false true\n', '']);
    });

  it('a command line of another copy knows what the models of the project say', async () => {
    const other = temporaryFolder();
    mkdirSync(join(other, 'node_modules'));
    cpSync(join(folder, 'node_modules/knex-meta'), join(other, 'node_modules/knex-meta'), {
      recursive: true,
    });
    for (const name of ['knex', 'pg', 'better-sqlite3', 'jiti'])
      symlinkSync(join(ROOT, 'node_modules', name), join(other, 'node_modules', name));
    const run = async (...args: readonly string[]) => {
      const bin = join(other, 'node_modules/knex-meta/dist/bin/knex-meta.js');
      const ran = await runProgram(process.execPath, [bin, ...args], folder);
      expect(ran.code, ran.stdout + ran.stderr).to.equal(0);
      return ran.stdout;
    };
    const model = (column: string, more = '') => `const { defineModel } = require('knex-meta');
exports.users = defineModel('users', (t) => { t.increments(); t.string('${column}')${more}; });
exports.plain = defineModel('plain', (t) => { t.increments(); t.metadata(false); });
`;
    mkdirSync(join(folder, 'models'));
    await run('migrate:latest');
    writeFileSync(join(folder, 'models/all.js'), model('name'));
    await run('migrate:make', 'plain', '--autogenerate', '-x', 'js');
    await run('migrate:latest');
    writeFileSync(join(folder, 'models/all.js'), model('title', ".renamedFrom('name')"));
    expect(await run('migrate:make', 'title', '--autogenerate', '-x', 'js')).to.match(
      /renamed|name -> title/,
    );
    await run('migrate:latest');
    expect(await run('check:models')).to.include('No changes detected');
  });
});
