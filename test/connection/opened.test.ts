import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { openConnection } from '../../lib/config/connections.js';
import type { KnexMetaConfig } from '../../lib/metadata/options.js';
import { withMeta } from '../../lib/metadata/withMeta.js';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { migrateForTest } from '../../lib/testing/migrateForTest.js';
import { creates, makeProject, refused, type TestProject } from '../reliability/support.js';
import { freshPostgres, type TestEngine } from '../support/databases.js';

const postgresql: TestEngine = { name: 'postgresql', fresh: freshPostgres };

/** The settings of a URL, as a connection function gives them. */
function settingsOf(url: string) {
  const { hostname, port, username, pathname } = new URL(url);
  return { host: hostname, port: Number(port), user: username, database: pathname.slice(1) };
}

/** Every way in which a configuration says how its connections are opened. */
const FORMS: Readonly<Record<string, (url: string) => Partial<KnexMetaConfig>>> = {
  'a function': (url) => ({ connection: () => settingsOf(url) as never }),
  'an async function': (url) => ({ connection: async () => settingsOf(url) as never }),
  'a function that gives a URL': (url) => ({ connection: async () => url as never }),
  'a function that gives a connection string': (url) => ({
    connection: async () => ({ connectionString: url }),
  }),
  'a function whose settings expire': (url) => {
    let calls = 0;
    return {
      connection: async () => {
        calls += 1;
        const until = calls;
        return { ...settingsOf(url), expirationChecker: () => calls > until } as never;
      },
    };
  },
  'a password function': (url) => ({
    connection: { ...settingsOf(url), password: async () => 'any' } as never,
  }),
  'a connection string in an object': (url) => ({ connection: { connectionString: url } }),
  'a pool of the application': (url) => ({
    connectionPool: new pg.Pool({ connectionString: url, max: 4 }),
  }),
};

describe('every connection is opened as Knex opens it (postgresql)', () => {
  let project: TestProject;
  let variables: Record<string, string | undefined>;
  const NAMES = ['PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE'];

  beforeEach(async () => {
    project = await makeProject(postgresql, { '1_a.cjs': creates('a'), '2_b.cjs': creates('b') });
    // What a connection would be opened with when nobody asked the configuration: a database that is not there.
    variables = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
    const { hostname, port } = new URL(project.database.url);
    Object.assign(process.env, {
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: 'postgres',
      PGDATABASE: 'of_nobody',
    });
  });

  afterEach(() => {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  async function withForm(form: string, act: (db: Knex) => Promise<void>): Promise<void> {
    const { pool, connection: _url, ...config } = project.database.config;
    const own = FORMS[form]?.(project.database.url);
    const db = knex(withMeta({ ...config, ...own, migrations: { directory: project.directory } }));
    try {
      await act(db);
    } finally {
      await db.destroy();
      await (own as { connectionPool?: pg.Pool }).connectionPool?.end();
    }
  }

  for (const form of Object.keys(FORMS)) {
    it(`runs as the first thing that a Knex instance does: ${form}`, () =>
      withForm(form, async (db) => {
        const migrator = createMigrator(db);
        expect((await migrator.latest()).migrations.map(({ name }) => name)).to.deep.equal([
          '1_a.cjs',
          '2_b.cjs',
        ]);
        expect((await migrator.down()).migrations).to.have.length(1);
        expect((await migrator.plan()).migrations).to.have.length(1);
        const { rows } = await db.raw("select datname from pg_database where datname = 'of_nobody'");
        expect(rows).to.deep.equal([]);
      }));
  }

  for (const form of Object.keys(FORMS).filter((name) => name !== 'a pool of the application')) {
    it(`gives tests databases: ${form}`, async () => {
      const { client } = project.database.config;
      const config = {
        client,
        ...FORMS[form]?.(project.database.url),
        migrations: { directory: project.directory },
      };
      const database = await migrateForTest(config as KnexMetaConfig);
      try {
        expect(await database.db('a')).to.deep.equal([]);
      } finally {
        await database.destroy();
      }
    });
  }

  it('has the search path, what pool.afterCreate does, and the driver’s settings', async () => {
    const { url, config } = project.database;
    const db = knex({
      ...config,
      connection: async () => ({ connectionString: url, application_name: 'of the project' }),
      searchPath: ['one', 'public'],
      pool: {
        afterCreate: (connection: pg.Client, done: (error?: Error) => void) => {
          connection.query("set lock_timeout = '77s'", (error) => done(error));
        },
      },
    });
    const { connection, close } = await openConnection(db);
    const ask = async (name: string) =>
      (await (connection as pg.Client).query(`show ${name}`)).rows[0]?.[name];
    expect([
      await ask('search_path'),
      await ask('lock_timeout'),
      await ask('application_name'),
    ]).to.deep.equal(['one, public', '77s', 'of the project']);
    await close();
    await db.destroy();
  });

  it('says what to do where the server allows one connection only', async () => {
    const { url, config } = project.database;
    const role = `one_connection_${process.pid}`;
    const admin = knex(config);
    await admin.raw(`create role ${role} login connection limit 1`);
    await admin.raw(`grant create on schema public to ${role}`);
    const db = knex(
      withMeta({
        ...config,
        connection: url.replace(/\/\/[^@]*@/, `//${role}@`),
        pool: { min: 0, max: 1 },
        migrations: { directory: project.directory },
      }),
    );
    const error = await refused(createMigrator(db).latest());
    expect([error.code, error.message]).to.satisfy(
      ([code, message]: readonly string[]) => code === 'CONNECTION_FAILED' && message?.includes('too many'),
    );
    expect(error.remedy).to.match(/connection limit 2/);
    await db.destroy();
    await admin.raw(`drop owned by ${role}`);
    await admin.raw(`drop role ${role}`);
    await admin.destroy();
  });

  it('is not in the pool, so that a pool of one connection is enough', async () => {
    const db = knex(
      withMeta({
        ...project.database.config,
        pool: { min: 0, max: 1 },
        migrations: { directory: project.directory },
      }),
    );
    expect((await createMigrator(db).latest()).migrations).to.have.length(2);
    await db.destroy();
  });
});
