import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex from 'knex';
import { KNEX_META, knexMeta, ROOT, runProgram, stockKnex } from '../support/commandLine.js';
import { freshPostgres, temporaryFolder } from '../support/databases.js';

const SQLITE = "client: 'better-sqlite3', useNullAsDefault: true, connection: { filename: './dev.sqlite3' }";
const CJS = (table: string) =>
  `exports.up = (k) => k.schema.createTable('${table}', (t) => { t.increments(); t.string('label'); });\nexports.down = (k) => k.schema.dropTable('${table}');\n`;
const ESM = (table: string) =>
  CJS(table).replace('exports.up =', 'export const up =').replace('exports.down =', 'export const down =');
const TS = (table: string) =>
  `import type { Knex } from 'knex';\nenum Kind { A = 'a' }\nexport async function up(knex: Knex): Promise<void> {\n  await knex.schema.createTable('${table}', (t) => { t.increments('id'); t.string('label').defaultTo(Kind.A); });\n}\nexport async function down(knex: Knex): Promise<void> { await knex.schema.dropTable('${table}'); }\n`;

function write(files: Readonly<Record<string, string>>, folder = temporaryFolder()): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  if (!existsSync(join(folder, 'node_modules')))
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function ok(args: readonly string[], folder: string, env = {}): Promise<string> {
  const ran = await knexMeta(args, folder, env);
  expect(ran.code, ran.stderr + ran.stdout).to.equal(0);
  return ran.stdout;
}

async function json(args: readonly string[], folder: string, env = {}) {
  return JSON.parse(await ok([...args, '--json'], folder, env));
}

describe('command line', function () {
  this.timeout(120_000);

  describe('languages', () => {
    const KNEXFILES: Readonly<Record<string, string>> = {
      'knexfile.js': `module.exports = { ${SQLITE} };`,
      'knexfile.cjs': `module.exports = async () => ({ development: { ${SQLITE} } });`,
      'knexfile.mjs': `export default { ${SQLITE} };`,
      'knexfile.ts': `import type { Knex } from 'knex';\nconst config: Knex.Config = { ${SQLITE} };\nexport default config;`,
      'knexfile.mts': `export default { ${SQLITE} } as const;`,
      'knexfile.cts': `const config: object = { ${SQLITE} };\nmodule.exports = config;`,
    };
    for (const [file, text] of Object.entries(KNEXFILES)) {
      for (const type of ['module', 'commonjs']) {
        it(`${file} in a package of type ${type}, with migrations in TypeScript, ESM and CommonJS`, async () => {
          const folder = write({
            [file]: text,
            'package.json': JSON.stringify({ name: 'x', type }),
            'migrations/1_a.cjs': CJS('a'),
            'migrations/2_b.mjs': ESM('b'),
            'migrations/3_c.ts': TS('c'),
            'migrations/4_d.js': type === 'module' ? ESM('d') : CJS('d'),
            'migrations/5_e.d.ts': 'export {};',
          });
          const { batch, migrations } = await json(['migrate:latest'], folder);
          expect(batch).to.equal(1);
          expect(migrations.map(({ name }: { name: string }) => name)).to.deep.equal([
            '1_a.cjs',
            '2_b.mjs',
            '3_c.ts',
            '4_d.js',
          ]);
        });
      }
    }

    it('a file in the other syntax than its package says is read all the same', async () => {
      const folder = write({
        'knexfile.js': `module.exports = { ${SQLITE} };`,
        'package.json': '{"type":"module"}',
        'migrations/1_a.js': CJS('a'),
      });
      expect((await json(['migrate:latest'], folder)).migrations).to.have.length(1);
    });

    it('.ts in development and .js in production are one revision', async () => {
      const folder = write({
        'knexfile.js': `module.exports = { ${SQLITE} };`,
        'migrations/1_a.ts': TS('a'),
      });
      await ok(['migrate:latest'], folder);
      renameSync(join(folder, 'migrations/1_a.ts'), join(folder, 'migrations/1_a.js'));
      writeFileSync(join(folder, 'migrations/1_a.js'), CJS('a'));
      expect(await ok(['migrate:latest'], folder)).to.include('Already up to date');
      writeFileSync(join(folder, 'migrations/1_a.ts'), TS('a'));
      const list = await json(['migrate:list'], folder);
      expect([list.applied.length, list.pending, list.missing]).to.deep.equal([1, [], []]);
      expect((await json(['migrate:rollback'], folder)).migrations).to.have.length(1);
      expect((await json(['migrate:latest'], folder)).migrations).to.have.length(1);
    });
  });

  describe('configuration', () => {
    it('--env, then ENVIRONMENT, then NODE_ENV, then development', async () => {
      const one = (name: string) =>
        `${name}: { client: 'better-sqlite3', connection: { filename: './${name}.sqlite3' } }`;
      const folder = write({
        'knexfile.js': `module.exports = { ${['a', 'b', 'c', 'development'].map(one).join(', ')} };`,
        'migrations/1_a.js': CJS('a'),
      });
      const env = { ENVIRONMENT: 'b', NODE_ENV: 'c' };
      expect(await ok(['migrate:latest', '--env', 'a'], folder, env)).to.match(/^Using environment: a\n/);
      expect(await ok(['migrate:latest'], folder, env)).to.match(/^Using environment: b\n/);
      expect(await ok(['migrate:latest'], folder, { NODE_ENV: 'c' })).to.match(/^Using environment: c\n/);
      expect(await ok(['migrate:latest'], folder)).to.match(/^Using environment: development\n/);
      const made = readdirSync(folder).filter((file) => file.endsWith('.sqlite3'));
      expect(made.sort()).to.deep.equal(['a.sqlite3', 'b.sqlite3', 'c.sqlite3', 'development.sqlite3']);
    });

    it('.env and .env.<environment> are read; the process’s own variables win', async () => {
      const folder = write({
        'knexfile.js':
          "module.exports = { client: 'better-sqlite3', connection: { filename: process.env.FILE } };",
        'migrations/1_a.js': CJS('a'),
        '.env': 'FILE=common.sqlite3\n',
        '.env.test': 'FILE=test.sqlite3\n',
      });
      await ok(['migrate:latest'], folder);
      await ok(['migrate:latest'], folder, { ENVIRONMENT: 'test' });
      await ok(['migrate:latest'], folder, { ENVIRONMENT: 'test', FILE: 'own.sqlite3' });
      const made = readdirSync(folder).filter((file) => file.endsWith('.sqlite3'));
      expect(made.sort()).to.deep.equal(['common.sqlite3', 'own.sqlite3', 'test.sqlite3']);
    });

    it('DATABASE_URL alone switches a defineConfig project to PostgreSQL, and never a plain knexfile', async () => {
      const { url } = await freshPostgres();
      const library = JSON.stringify(join(ROOT, 'dist/lib/index.js'));
      const defined = write({
        'knexfile.ts': `import { defineConfig } from ${library};\nexport default defineConfig({ databaseUrl: 'sqlite:./dev.sqlite3' });`,
        'migrations/1_a.js': CJS('a'),
      });
      await ok(['migrate:latest'], defined);
      expect(existsSync(join(defined, 'dev.sqlite3'))).to.equal(true);
      await ok(['migrate:latest'], defined, { DATABASE_URL: url });
      const plain = write({
        'knexfile.js': `module.exports = { ${SQLITE} };`,
        'migrations/1_b.js': CJS('b'),
      });
      await ok(['migrate:latest'], plain, { DATABASE_URL: url });
      const bare = write({ 'migrations/1_a.js': CJS('a') });
      expect(await ok(['migrate:latest'], bare, { DATABASE_URL: url })).to.include('Already up to date');
      const db = knex({ client: 'pg', connection: url });
      expect([await db.schema.hasTable('a'), await db.schema.hasTable('b')]).to.deep.equal([true, false]);
      await db.destroy();
    });

    it('the flags of Knex: --knexfile, --cwd, --client, --connection, --migrations-directory, --migrations-table-name', async () => {
      const folder = write({
        'conf/kn.js': `module.exports = { ${SQLITE} };`,
        'conf/migrations/1_a.js': CJS('a'),
        'other/2_b.js': CJS('b'),
      });
      await ok(['migrate:latest', '--knexfile', 'conf/kn.js'], folder);
      expect(existsSync(join(folder, 'conf/dev.sqlite3'))).to.equal(true);
      await ok(['migrate:latest', '--cwd', folder, '--knexfile', 'conf/kn.js'], temporaryFolder());
      const args = [
        '--client',
        'better-sqlite3',
        '--connection',
        'sqlite:./x.sqlite3',
        '--migrations-directory',
        './other',
      ];
      await ok(['migrate:latest', ...args, '--migrations-table-name', 'record'], folder);
      const db = knex({
        client: 'better-sqlite3',
        connection: { filename: join(folder, 'x.sqlite3') },
        useNullAsDefault: true,
      });
      const tables = await db('sqlite_master').where({ type: 'table' }).orderBy('name').pluck('name');
      expect(tables).to.include.members(['b', 'record', 'record_lock']);
      expect(await db.schema.hasColumn('b', 'updated_at'), '--client keeps the metadata').to.equal(true);
      await db.destroy();
    });
  });

  describe('commands', () => {
    const project = () =>
      write({
        'knexfile.js': `module.exports = { ${SQLITE} };`,
        'migrations/1_a.js': CJS('a'),
        'migrations/2_b.js': CJS('b'),
        'migrations/3_c.js': CJS('c'),
      });

    it('migrate:list and status write nothing: no file, no table', async () => {
      const folder = project();
      for (const command of ['migrate:list', 'migrate:status', 'migrate:currentVersion', 'check:version'])
        await knexMeta([command], folder);
      expect(existsSync(join(folder, 'dev.sqlite3'))).to.equal(false);
      const { url } = await freshPostgres();
      const remote = write({
        'knexfile.js': `module.exports = { client: 'pg', connection: '${url}' };`,
        'migrations/1_a.js': CJS('a'),
      });
      expect((await json(['migrate:list'], remote)).pending).to.deep.equal(['1_a.js']);
      const db = knex({ client: 'pg', connection: url });
      expect(
        (await db.raw("select relname from pg_class where relnamespace = 'public'::regnamespace")).rows,
      ).to.deep.equal([]);
      await db.destroy();
    });

    it('print what stock Knex prints where a script could depend on it', async () => {
      const ours = project();
      const stock = project();
      for (const args of [
        ['migrate:list'],
        ['migrate:currentVersion'],
        ['migrate:up'],
        ['migrate:up', '3_c.js'],
        ['migrate:list'],
        ['migrate:latest'],
        ['migrate:latest'],
        ['migrate:currentVersion'],
        ['migrate:down', '3_c.js'],
        ['migrate:down'],
        ['migrate:down', '1_a.js'],
        ['migrate:rollback'],
        ['migrate:rollback', '--all'],
        ['migrate:rollback'],
        ['migrate:to', '2_b.js'],
        ['migrate:before', '2_b.js'],
        ['migrate:unlock'],
      ]) {
        const [a, b] = [await knexMeta(args, ours), await stockKnex(args, stock)];
        // Ours adds a line with the time for each migration; all else is the same.
        const lines = a.stdout.split('\n').filter((line) => !/^[↑↓] /.test(line));
        expect(lines.join('\n').trim(), args.join(' ')).to.equal(b.stdout.trim());
        expect(a.code, args.join(' ')).to.equal(b.code);
      }
    });

    it('one line a migration with its time; --quiet says nothing, --verbose every statement', async () => {
      const folder = project();
      expect(await ok(['migrate:up'], folder)).to.match(/^↑ 1_a\.js \d+ ms\n/);
      expect(await ok(['migrate:up', '--quiet'], folder)).to.equal('');
      const verbose = await knexMeta(['migrate:up', '--verbose'], folder);
      expect(verbose.stderr).to.match(/create table `c`/);
      expect(verbose.stderr).to.match(/create trigger/);
      expect(verbose.stdout).to.not.match(/create table/);
    });

    it('--json is one document on stdout, whatever the migrations print', async () => {
      const folder = write({
        'knexfile.js': `console.log('hello'); module.exports = { ${SQLITE} };`,
        'migrations/1_a.js': `console.log('loading');\n${CJS('a')}`,
      });
      expect(await json(['migrate:latest'], folder)).to.deep.include({ ok: true, batch: 1 });
      expect(await json(['migrate:status'], folder)).to.have.keys([
        'ok',
        'applied',
        'pending',
        'missing',
        'edited',
        'unfinished',
      ]);
    });

    it('a column that gets no trigger is told in a line, and in --json', async () => {
      const folder = write({
        'knexfile.js': `module.exports = { ${SQLITE} };`,
        'migrations/1_a.js':
          "exports.up = (k) => k.schema.createTable('a', (t) => { t.increments(); t.bigint('updated_at'); });\nexports.down = (k) => k.schema.dropTable('a');",
      });
      const { warnings } = await json(['migrate:latest'], folder);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.match(/table a has a column updated_at of its own/);
      await ok(['migrate:rollback'], folder);
      expect((await knexMeta(['migrate:latest'], folder)).stderr).to.match(/updated_at of its own/);
    });

    it('no colour in a pipe, and a reader that goes away is no failure', async () => {
      const folder = project();
      const ran = await runProgram(
        'sh',
        ['-c', `"${process.execPath}" "${KNEX_META}" --help | head -1`],
        ROOT,
        { NO_COLOR: '' },
      );
      expect([ran.code, ran.stderr]).to.deep.equal([0, '']);
      const { stdout } = await knexMeta(['migrate:latest'], folder, { NO_COLOR: '' });
      expect(stdout).to.not.include('\u001b');
    });

    it('init writes a knexfile that works, and beside one changes nothing', async () => {
      for (const extension of ['js', 'ts', 'mjs', 'cjs']) {
        const folder = write({});
        await ok(['init', '-x', extension], folder);
        expect(readdirSync(folder)).to.include(`knexfile.${extension}`);
        const before = readFileSync(join(folder, `knexfile.${extension}`), 'utf8');
        expect(await ok(['init'], folder)).to.match(/nothing to configure[\s\S]*withMeta/);
        expect(readFileSync(join(folder, `knexfile.${extension}`), 'utf8')).to.equal(before);
      }
      const folder = write({});
      await ok(['init', '-x', 'cjs', '--prefix', 'row_'], folder);
      expect(readFileSync(join(folder, 'knexfile.cjs'), 'utf8')).to.include("meta: { prefix: 'row_' },");
      expect(await ok(['init'], folder)).to.include("prefix: 'row_'");
      expect((await knexMeta(['init', '--prefix', "a'b"], write({}))).stderr).to.include('meta.prefix');
    });

    it('migrate:make in the language of the knexfile, and each extension runs', async () => {
      const folder = write({
        'knexfile.ts': `export default { ${SQLITE} };`,
        'package.json': '{"type":"module"}',
      });
      const { file } = await json(['migrate:make', 'add the profile'], folder);
      expect(file).to.match(/^\d{14}_add_the_profile\.ts$/);
      for (const extension of ['js', 'mjs', 'cjs', 'mts', 'cts'])
        await ok(['migrate:make', `one_${extension}`, '-x', extension], folder);
      expect((await json(['migrate:latest'], folder)).migrations).to.have.length(6);
      await ok(['migrate:rollback'], folder);
    });

    it('migrate:make with a stub of the project’s own', async () => {
      const folder = write({
        'knexfile.js': `module.exports = { ${SQLITE}, migrations: { stub: './my.stub', variables: { who: 'me' } } };`,
        'my.stub': '// by <%= d.who %>\n',
      });
      const { path } = await json(['migrate:make', 'x'], folder);
      expect(readFileSync(path, 'utf8')).to.equal('// by me\n');
    });

    it('seed:make and seed:run', async () => {
      const folder = project();
      await ok(['migrate:latest'], folder);
      await ok(['seed:make', 'first'], folder);
      writeFileSync(join(folder, 'seeds/first.js'), "exports.seed = (k) => k('a').insert({ label: 'x' });");
      writeFileSync(
        join(folder, 'seeds/second.ts'),
        "export const seed = (k: any) => k('a').insert({ label: 'y' });",
      );
      expect(await ok(['seed:run', '--specific', 'second.ts'], folder)).to.include('Ran 1 seed files');
      expect(await ok(['seed:run'], folder)).to.include('Ran 2 seed files');
      writeFileSync(
        join(folder, 'seeds/second.ts'),
        'export const seed = () => { throw new Error("no luck"); };',
      );
      const failed = await knexMeta(['seed:run'], folder);
      expect([failed.code, /SEED_FAILED.*second\.ts.*no luck/.test(failed.stderr)]).to.deep.equal([1, true]);
      rmSync(join(folder, 'seeds'), { recursive: true });
      expect((await knexMeta(['seed:run'], folder)).code).to.equal(1);
    });

    it('each command’s --help has an example', async () => {
      const { commands } = await import('../../lib/commands/index.js');
      for (const command of commands) {
        const name = command.command.split(' ')[0] ?? '';
        expect(await ok([name, '--help'], ROOT), name).to.match(/Examples:\n {2}knex-meta /);
      }
    });

    it('a database that stock Knex migrated half goes on, and back', async () => {
      const folder = project();
      expect((await stockKnex(['migrate:up'], folder)).code).to.equal(0);
      expect((await json(['migrate:latest'], folder)).migrations).to.have.length(2);
      expect((await stockKnex(['migrate:list'], folder)).stdout).to.include('Found 3 Completed');
      expect((await stockKnex(['migrate:rollback', '--all'], folder)).code).to.equal(0);
      expect((await json(['migrate:latest'], folder)).migrations).to.have.length(3);
      expect((await json(['migrate:rollback', '--all'], folder)).migrations).to.have.length(3);
    });
  });
});
