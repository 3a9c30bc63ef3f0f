import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { databaseFromUrl } from '../../lib/config/database.js';
import { connectionTo } from '../../lib/engines/postgresql/connectionTo.js';
import type { KnexMetaError } from '../../lib/errors.js';
import { withMeta } from '../../lib/metadata/withMeta.js';
import { knexMeta } from '../support/commandLine.js';
import { freshPostgres, temporaryFolder } from '../support/databases.js';

const SECRET = 'gE7heim';

/** URLs of which a part would be taken for something else, or which would go to another server. */
const UNREADABLE: Readonly<Record<string, string>> = {
  'a slash in the password': `postgres://me:${SECRET}/${SECRET}@host:5432/db`,
  'a number and a slash': `postgres://me:12/${SECRET}@host:5432/db`,
  'a hash in the password': `postgres://me:${SECRET}#x@host:5432/db`,
  'a number and a hash': `postgres://me:12#${SECRET}@host/db`,
  'an at sign and a hash': `postgres://me:${SECRET}@x#${SECRET}@host/db`,
  'an at sign and a slash': `postgres://me:a@b/${SECRET}@host/db`,
  'a number and a question mark': `postgres://me:12?${SECRET}@host/db`,
  'an at sign and a question mark': `postgres://me:a@b?${SECRET}=1@host/db`,
  'a percent sign that is no character': `postgres://me:${SECRET}%ff@host/db`,
  'a percent sign among escapes': `postgres://me:${SECRET}%2F%@host/db`,
  'a port out of range': `postgres://me:${SECRET}@host:99999/db`,
  'a port that is no number': `postgres://me:${SECRET}@host:54x/db`,
  'a port out of range as a parameter': `postgres://me:${SECRET}@host/db?port=99999`,
  'no host': `postgres://me:${SECRET}@/db`,
  'no host at all': 'postgres:///db',
  'a line end in the password': `postgres://me:${SECRET}\nx@host/db`,
  'brackets that do not close': `postgres://me:${SECRET}@[::1/db`,
};

/** What is no URL of a known engine. */
const UNKNOWN: Readonly<Record<string, string>> = {
  'no scheme': `me:${SECRET}@host/db`,
  'no colon': `postgres//me:${SECRET}@host/db`,
  'one slash': `postgres:/me:${SECRET}@host/db`,
  'another engine': `oracle://me:${SECRET}@host/db`,
  'words of libpq': `host=host user=me password=${SECRET}`,
  'a path and a database': `/var/run/${SECRET} db`,
};

const READABLE = [
  'postgres://me@host/db',
  'postgresql://host/db',
  'postgres://me:p%2Fw%23%40@host:5432/db?sslmode=disable&application_name=me@work',
  'postgres://me:p@ss@host/db',
  'postgres://me:p%w@host/db',
  'postgres://me:100%25@host/db',
  'postgres:///db?host=/var/run/postgresql',
  'postgres://%2Fvar%2Frun/db',
  'postgres://me:pw@[::1]:5433/db',
  'postgres://me@host',
  'postgres://me:p^w|d@host/my db',
];

function refusal(act: () => unknown): KnexMetaError {
  try {
    act();
  } catch (error) {
    return error as KnexMetaError;
  }
  return expect.fail('nothing was thrown');
}

/** The error is about the configuration, and nothing of the text is in it. */
function expectRefusal({ code, message, remedy, details }: KnexMetaError): void {
  expect(code).to.equal('CONFIG_INVALID');
  const said = `${message} ${remedy} ${JSON.stringify(details)}`;
  expect(said).not.to.include(SECRET);
  expect(said).not.to.include('me:');
}

describe('a database URL', () => {
  for (const [title, url] of Object.entries({ ...UNREADABLE, ...UNKNOWN })) {
    it(`with ${title} is refused, and nothing of it is printed`, () => {
      expectRefusal(refusal(() => databaseFromUrl(url)));
      // Knex itself reads the host of a URL of any scheme.
      if (!url.startsWith('oracle'))
        expectRefusal(refusal(() => withMeta({ client: 'pg', connection: url })));
    });
  }

  for (const [title, url] of Object.entries(UNREADABLE)) {
    it(`with ${title} is refused as a connection string in an object`, () => {
      expectRefusal(refusal(() => withMeta({ client: 'pg', connection: { connectionString: url } })));
    });
  }

  for (const url of READABLE) {
    it(`${url} is read as before`, () => {
      expect(databaseFromUrl(url).connection).to.equal(url);
      expect(withMeta({ client: 'pg', connection: url }).connection).to.equal(url);
    });
  }

  it('without a database is refused where PGDATABASE would choose one', () => {
    const before = process.env.PGDATABASE;
    process.env.PGDATABASE = 'other';
    try {
      expectRefusal(refusal(() => databaseFromUrl('postgres://me@host')));
    } finally {
      if (before === undefined) delete process.env.PGDATABASE;
      else process.env.PGDATABASE = before;
    }
  });
});

describe('the connection to another database of the server', () => {
  const url = 'postgres://me:p%2Fw@host:5433/db?application_name=x';
  const wanted = { host: 'host', port: '5433', user: 'me', password: 'p/w', application_name: 'x' };
  for (const [title, connection] of [
    ['a URL', url],
    ['a URL in an object', { connectionString: url }],
  ] as const) {
    it(`has all that ${title} says, the password too`, () => {
      expect(connectionTo(connection, 'other')).to.deep.include({ ...wanted, database: 'other' });
    });
  }
});

describe('a database URL on the command line', () => {
  const MIGRATION =
    "exports.up = (k) => k.schema.createTable('a', (t) => t.increments()); exports.down = (k) => k.schema.dropTable('a');";

  it('that cannot be read never runs in the database of PG* variables', async () => {
    const { url } = await freshPostgres();
    const { hostname, port, pathname } = new URL(url);
    const env = { PGHOST: hostname, PGPORT: port, PGUSER: 'postgres', PGDATABASE: pathname.slice(1) };
    const bad = `postgres://me:${SECRET}/x@host:5432/db`;
    const folder = temporaryFolder();
    writeFileSync(join(folder, '1_a.js'), MIGRATION);
    const flags = ['--migrations-directory', '.', '--json'];
    const knexfile = join(folder, 'knexfile.js');
    const tries: readonly (readonly [string, readonly string[], NodeJS.ProcessEnv])[] = [
      ['', [], { DATABASE_URL: bad }],
      ['', ['--connection', bad, '--client', 'pg'], {}],
      [`module.exports = { client: 'pg', connection: '${bad}' };`, [], {}],
      [`module.exports = { connection: '${bad}' };`, [], {}],
      [`module.exports = { client: 'pg', connection: { connectionString: '${bad}' } };`, [], {}],
      [
        `module.exports = { client: 'pg', connection: '${url}', meta: { shadow: '${bad}' } };`,
        ['--head'],
        {},
      ],
    ];
    for (const [text, more, variables] of tries) {
      writeFileSync(knexfile, text === '' ? 'module.exports = {};' : text);
      const command = more.includes('--head') ? 'check:models' : 'migrate:latest';
      const { code, stdout, stderr } = await knexMeta([command, ...flags, ...more], folder, {
        ...env,
        ...variables,
      });
      const said = `${stdout}${stderr}`;
      expect(code, said).to.equal(2);
      expect(said).not.to.include(SECRET);
      expect(said, text).to.match(/CONFIG_INVALID|MODELS_DIRECTORY_MISSING/);
    }
  });

  it('that is set and not used, and an --env that names nothing, are warned about', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, '1_a.js'), MIGRATION);
    const config = (connection: string) =>
      writeFileSync(
        join(folder, 'knexfile.js'),
        `module.exports = { client: 'better-sqlite3', connection: ${connection}, migrations: { directory: '.' }, useNullAsDefault: true };`,
      );
    const warnings = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
      const { stdout } = await knexMeta(['migrate:latest', '--json', ...args], folder, env);
      return (JSON.parse(stdout) as { warnings?: readonly string[] }).warnings ?? [];
    };
    config("{ filename: './own.db' }");
    expect(await warnings([])).to.deep.equal([]);
    expect(await warnings([], { DATABASE_URL: 'postgres://me@host/other' })).to.deep.equal([
      'DATABASE_URL is set and not used: the knexfile names its own database.',
    ]);
    expect(await warnings([], { DATABASE_URL: 'sqlite:./own.db' })).to.deep.equal([]);
    expect((await warnings(['--env', 'prod'])).join()).to.match(
      /^--env prod changes nothing: .*\.env\.prod\.$/,
    );
    writeFileSync(join(folder, '.env.prod'), 'X=1\n');
    expect(await warnings(['--env', 'prod'])).to.deep.equal([]);
    config('{ filename: process.env.DATABASE_URL ? "./by-url.db" : "./own.db" }');
    expect(await warnings([], { DATABASE_URL: 'postgres://me@host/other' })).to.deep.equal([]);
    expect(existsSync(join(folder, 'by-url.db'))).to.equal(true);
  });
});
