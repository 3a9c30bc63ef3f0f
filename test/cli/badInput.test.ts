import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex from 'knex';
import { knexMeta, type Ran } from '../support/commandLine.js';
import { freshPostgres, temporaryFolder } from '../support/databases.js';
import { postgresServer } from '../support/postgres.js';

const SECRET = 'pa55-w0rd';
const SQLITE = "client: 'better-sqlite3', connection: { filename: './dev.sqlite3' }";
const MIGRATION =
  "exports.up = (k) => k.schema.createTable('t', (t) => { t.increments(); });\nexports.down = (k) => k.schema.dropTable('t');\n";

/** Writes files into a new folder and runs a command there. */
async function inFolder(
  files: Readonly<Record<string, string>>,
  args: readonly string[],
  env = {},
): Promise<Ran & { folder: string }> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return { ...(await knexMeta(args, folder, env)), folder };
}

/** One clear message with its code, no stack, no password, nothing on stdout but what came before. */
function expectError(ran: Ran, code: string, exit: number, says: RegExp): void {
  expect(ran.stderr).to.include(`Error ${code}:`);
  expect(ran.stderr).to.match(says);
  expect(ran.code, ran.stderr).to.equal(exit);
  expect(ran.stderr).to.not.match(/^\s+at /m);
  expect(`${ran.stdout}${ran.stderr}`).to.not.include(SECRET);
}

describe('bad input', function () {
  this.timeout(60_000);

  for (const name of ['__proto__', 'constructor', 'toString']) {
    it(`an environment ${name} that every object has`, async () => {
      const files = { 'knexfile.js': `module.exports = { development: { ${SQLITE} } };` };
      expectError(
        await inFolder(files, ['migrate:status'], { ENVIRONMENT: name }),
        'ENVIRONMENT_UNKNOWN',
        2,
        new RegExp(`no environment \`${name}\``),
      );
    });
  }

  for (const flag of ['--constructor.x', '--constructor=1', '--__proto__.x=1', '--toString', '--valueOf']) {
    it(`a flag ${flag} that every object has`, async () => {
      const files = { 'knexfile.js': `module.exports = { ${SQLITE} };` };
      const says = new RegExp(`There is no flag --${flag.replace(/^--(no-)?|=.*/g, '')}`);
      expectError(await inFolder(files, ['migrate:status', flag]), 'USAGE', 2, says);
    });
  }

  it('names with control characters, in every output', async () => {
    const hostile = 'a\u001b[2J\u009b31m\u202eb';
    const files = {
      'knexfile.js': `module.exports = { ${SQLITE}, useNullAsDefault: true };`,
      [`migrations/1_${hostile}.js`]: MIGRATION,
    };
    const shown = '1_a\\u001b[2J\\u009b31m\\u202eb';
    const ran = await inFolder(files, ['migrate:latest']);
    expect(ran.stdout).to.include(shown);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
    const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;
    const json = await knexMeta(['migrate:list', '--json'], ran.folder);
    const unknown = await knexMeta(['migrate:up', hostile], ran.folder);
    for (const { stdout, stderr } of [ran, json, unknown]) expect(`${stdout}${stderr}`).not.to.match(control);
    expect(JSON.stringify(JSON.parse(json.stdout))).to.include(JSON.stringify(hostile).slice(1, -1));
    expect(unknown.stderr).to.include('a\\u001b[2J');
  });

  it('no knexfile', async () => {
    const ran = await inFolder({}, ['migrate:latest']);
    expectError(ran, 'CONFIG_NOT_FOUND', 2, /init|DATABASE_URL/);
    expect(readdirSync(ran.folder)).to.deep.equal([]);
  });

  it('a knexfile that is named and not there', async () => {
    expectError(
      await inFolder({}, ['migrate:latest', '--knexfile', 'nope.js']),
      'CONFIG_NOT_FOUND',
      2,
      /nope\.js/,
    );
  });

  it('a syntax error in the knexfile, and one that throws', async () => {
    expectError(
      await inFolder({ 'knexfile.js': 'module.exports = {' }, ['migrate:latest']),
      'CONFIG_LOAD_FAILED',
      2,
      /knexfile\.js/,
    );
    expectError(
      await inFolder({ 'knexfile.ts': 'export default { a: ' }, ['migrate:latest']),
      'CONFIG_LOAD_FAILED',
      2,
      /knexfile\.ts/,
    );
    expectError(
      await inFolder({ 'knexfile.js': "throw new Error('no SECRET variable')" }, ['migrate:latest']),
      'CONFIG_LOAD_FAILED',
      2,
      /no SECRET variable/,
    );
    expectError(
      await inFolder({ 'knexfile.js': 'module.exports = 7' }, ['migrate:latest']),
      'CONFIG_INVALID',
      2,
      /configuration/,
    );
  });

  it('an unknown environment', async () => {
    const files = {
      'knexfile.js': `module.exports = { development: { ${SQLITE} }, production: { ${SQLITE} } };`,
    };
    const ran = await inFolder(files, ['migrate:latest', '--env', 'prodction']);
    expectError(ran, 'ENVIRONMENT_UNKNOWN', 2, /development, production[\s\S]*--env production/);
    expect(existsSync(join(ran.folder, 'dev.sqlite3'))).to.equal(false);
  });

  it('a client with no engine', async () => {
    expectError(
      await inFolder({ 'knexfile.js': "module.exports = { client: 'mysql2', connection: {} };" }, [
        'migrate:latest',
      ]),
      'CLIENT_UNSUPPORTED',
      2,
      /PostgreSQL/,
    );
  });

  it('a missing driver: the command that installs it', async () => {
    const files = {
      'knexfile.js': "module.exports = { client: 'sqlite3', connection: { filename: 'x' } };",
      'migrations/1_a.js': MIGRATION,
    };
    expectError(await inFolder(files, ['migrate:latest']), 'DRIVER_MISSING', 2, /npm install sqlite3/);
  });

  it('a client and a URL of different engines', async () => {
    const files = {
      'knexfile.js': `module.exports = { client: 'better-sqlite3', connection: 'postgres://u:${SECRET}@localhost/x' };`,
    };
    expectError(await inFolder(files, ['migrate:latest']), 'CONFIG_INVALID', 2, /URL of PostgreSQL/);
  });

  it('a wrong key under meta, with the nearest right one', async () => {
    const files = {
      'knexfile.js': `module.exports = { ${SQLITE}, meta: { colums: {} } };`,
      'migrations/1_a.js': MIGRATION,
    };
    const ran = await inFolder(files, ['migrate:latest']);
    expectError(ran, 'META_OPTION_UNKNOWN', 2, /meta\.columns/);
    expect(existsSync(join(ran.folder, 'dev.sqlite3'))).to.equal(false);
  });

  it('a server that is not there, a database that is not there, a password that is refused', async () => {
    const { port } = await postgresServer();
    const at = (url: string) => ({
      'knexfile.js': `module.exports = { client: 'pg', connection: '${url}' };`,
      'migrations/1_a.js': MIGRATION,
    });
    const refused = await inFolder(at(`postgres://u:${SECRET}@127.0.0.1:1/x`), ['migrate:latest']);
    expectError(refused, 'CONNECTION_FAILED', 1, /ECONNREFUSED/);
    const unset = await inFolder(
      { 'knexfile.js': "module.exports = { client: 'pg', connection: process.env.NO_SUCH_VARIABLE };" },
      ['migrate:list'],
    );
    expectError(unset, 'CONNECTION_FAILED', 1, /has no connection/);
    const missing = await inFolder(at(`postgres://postgres:${SECRET}@127.0.0.1:${port}/no_such_database`), [
      'migrate:latest',
    ]);
    expectError(missing, 'CONNECTION_FAILED', 1, /no_such_database/);
    const admin = knex((await freshPostgres()).config);
    await admin.raw("create role secret_user login password 'right'");
    const wrong = await inFolder(at(`postgres://secret_user:${SECRET}@127.0.0.1:${port}/postgres`), [
      'migrate:latest',
    ]);
    await admin.raw('drop role secret_user');
    await admin.destroy();
    expectError(wrong, 'CONNECTION_FAILED', 1, /password authentication failed/);
  });

  it('a file database in a folder that is not there', async () => {
    const files = {
      'knexfile.js':
        "module.exports = { client: 'better-sqlite3', connection: { filename: './no/such/dev.sqlite3' } };",
      'migrations/1_a.js': MIGRATION,
    };
    expectError(
      await inFolder(files, ['migrate:latest']),
      'CONFIG_INVALID',
      2,
      /There is no folder .*no\/such/,
    );
  });

  it('no migrations directory, and one without migrations', async () => {
    const knexfile = { 'knexfile.js': `module.exports = { ${SQLITE} };` };
    expectError(
      await inFolder(knexfile, ['migrate:latest']),
      'MIGRATIONS_DIRECTORY_MISSING',
      2,
      /migrate:make/,
    );
    expectError(
      await inFolder({ ...knexfile, 'migrations/readme.md': '' }, ['migrate:latest']),
      'MIGRATIONS_NONE',
      2,
      /migrate:make/,
    );
  });

  it('a migration without down, and one that does not load: none of the batch is run', async () => {
    const files = { 'knexfile.js': `module.exports = { ${SQLITE} };`, 'migrations/1_a.js': MIGRATION };
    const noDown = await inFolder({ ...files, 'migrations/2_b.js': 'exports.up = async () => {};' }, [
      'migrate:latest',
    ]);
    expectError(noDown, 'MIGRATION_INVALID', 1, /2_b\.js[\s\S]*no down/);
    const broken = await inFolder({ ...files, 'migrations/2_b.js': 'exports.up = (' }, ['migrate:latest']);
    expectError(broken, 'MIGRATION_LOAD_FAILED', 1, /2_b\.js/);
    for (const { folder } of [noDown, broken]) {
      const list = JSON.parse((await knexMeta(['migrate:list', '--json'], folder)).stdout);
      expect(list.applied).to.deep.equal([]);
    }
  });

  it('a migration that fails: file, reason, and what is left', async () => {
    const fail = (config: string) =>
      `exports.up = async (k) => { await k.schema.createTable('half', (t) => { t.increments(); }); await k.raw('insert into nowhere values (1)'); };\nexports.down = async () => {};\n${config}`;
    const files = { 'knexfile.js': `module.exports = { ${SQLITE} };`, 'migrations/1_a.js': MIGRATION };
    const atomic = await inFolder({ ...files, 'migrations/2_b.js': fail('') }, ['migrate:latest']);
    expectError(atomic, 'MIGRATION_FAILED', 1, /2_b\.js[\s\S]*nowhere[\s\S]*rolled back/);
    const loose = await inFolder(
      { ...files, 'migrations/2_b.js': fail('exports.config = { transaction: false };') },
      ['migrate:latest'],
    );
    expectError(loose, 'MIGRATION_FAILED', 1, /without a transaction[\s\S]*stay applied: 1_a\.js/);
  });

  it('names that are not there', async () => {
    const files = { 'knexfile.js': `module.exports = { ${SQLITE} };`, 'migrations/1_a.js': MIGRATION };
    expectError(await inFolder(files, ['migrate:up', 'nope']), 'MIGRATION_NOT_FOUND', 2, /nope/);
    expectError(await inFolder(files, ['migrate:down', 'nope']), 'MIGRATION_NOT_FOUND', 2, /nope/);
  });

  it('an unknown command, flag or extension; a missing argument', async () => {
    expectError(await inFolder({}, ['migrate:lates']), 'USAGE', 2, /help/);
    expectError(await inFolder({}, ['migrate:latest', '--dry']), 'USAGE', 2, /dry/);
    expectError(await inFolder({}, ['migrate:to']), 'USAGE', 2, /help/);
    expectError(await inFolder({}, []), 'USAGE', 2, /--help/);
    expectError(
      await inFolder({ 'knexfile.js': `module.exports = { ${SQLITE} };` }, [
        'migrate:make',
        'x',
        '-x',
        'exe',
      ]),
      'USAGE',
      2,
      /exe/,
    );
  });

  it('a hostile table name and a 64-byte name', async () => {
    const { url } = await freshPostgres();
    const migration = (name: string) =>
      `exports.up = (k) => k.schema.createTable(${JSON.stringify(name)}, (t) => { t.increments(); });\nexports.down = (k) => k.schema.dropTable(${JSON.stringify(name)});\n`;
    const knexfile = { 'knexfile.js': `module.exports = { client: 'pg', connection: '${url}' };` };
    const hostile = await inFolder({ ...knexfile, 'migrations/1_a.js': migration('select"; drop') }, [
      'migrate:latest',
    ]);
    expect(hostile.code, hostile.stderr).to.equal(0);
    const check = await knexMeta(['check:migration', '--json'], hostile.folder);
    expect(JSON.parse(check.stdout).tables.map((table: { name: string }) => table.name)).to.deep.equal([
      'select"; drop',
    ]);
    expect((await knexMeta(['migrate:rollback'], hostile.folder)).code).to.equal(0);
    const long = await inFolder({ ...knexfile, 'migrations/1_a.js': migration('x'.repeat(64)) }, [
      'migrate:latest',
    ]);
    expectError(long, 'NAME_TOO_LONG', 1, /64 bytes[\s\S]*63/);
  });

  it('with --json the error is the one document, and --verbose has the stack', async () => {
    const ran = await inFolder({}, ['migrate:latest', '--json']);
    expect(JSON.parse(ran.stdout)).to.deep.include({ ok: false });
    expect(JSON.parse(ran.stdout).error.code).to.equal('CONFIG_NOT_FOUND');
    expect(ran.stderr).to.equal('');
    expect((await inFolder({}, ['migrate:latest', '--verbose'])).stderr).to.match(/^\s+at /m);
  });
});
