import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { engineForClient } from '../../lib/engines/registry.js';
import type { Throwaway } from '../../lib/engines/throwaway.js';
import { ROOT } from '../support/commandLine.js';
import { type Database, eachEngine, freshPostgres, freshSqlite } from '../support/databases.js';
import { postgresServer } from '../support/postgres.js';

function throwaway(config: Knex.Config, server?: string): Promise<Throwaway> {
  const engine = engineForClient(config.client);
  if (engine === undefined) throw new Error('no engine');
  return engine.throwaway.make({ config, server });
}

/** Asks the server itself, beside all of our code. */
async function ask(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const NAMES = `select datname from pg_database where datname like 'knex\\_meta\\_throwaway\\_%' order by 1`;
const leftOver = async (url: string): Promise<readonly unknown[]> =>
  (await ask(url, NAMES)).map(({ datname }) => datname);

eachEngine('a throwaway database', (engine) => {
  it('is empty, another one than the configured one, and gone at its end', async () => {
    const { config } = await engine.fresh();
    const configured = knex(config);
    await configured.schema.createTable('own', (t) => t.increments());
    const made = await throwaway(config);
    const db = knex(made.config);
    try {
      expect(await db.schema.hasTable('own')).to.equal(false);
      await db.schema.createTable('other', (t) => t.increments());
      await db('other').insert({ id: 1 });
      expect(await db('other')).to.deep.equal([{ id: 1 }]);
    } finally {
      await db.destroy();
      await made.end();
    }
    expect(await configured.schema.hasTable('other')).to.equal(false);
    expect(await configured('own')).to.deep.equal([]);
    await configured.destroy();
  });
});

describe('a throwaway database on a server', () => {
  let database: Database;
  before(async () => {
    database = await freshPostgres();
  });

  it('is dropped at its end, also with somebody connected', async () => {
    const made = await throwaway(database.config);
    const forgotten = new pg.Client(`${database.url.replace(/\/[^/]*$/, '')}/${made.name}`);
    forgotten.on('error', () => {});
    await forgotten.connect();
    expect(await leftOver(database.url)).to.deep.equal([made.name]);
    await made.end();
    expect(await leftOver(database.url)).to.deep.equal([]);
  });

  it('has the encoding and the order of text of the configured one', async () => {
    const made = await throwaway(database.config);
    const facts = await ask(
      database.url,
      `select distinct encoding, datcollate, datctype from pg_database where datname in (current_database(), '${made.name}')`,
    );
    expect(facts).to.have.length(1);
    await made.end();
  });

  for (const [form, connectionOf] of [
    [
      'an object',
      (url: URL) => ({
        host: url.hostname,
        port: Number(url.port),
        user: 'postgres',
        database: url.pathname.slice(1),
      }),
    ],
    ['a connection string in an object', (url: URL) => ({ connectionString: String(url) })],
    [
      'a function',
      (url: URL) => async () => ({
        host: url.hostname,
        port: Number(url.port),
        user: 'postgres',
        database: url.pathname.slice(1),
      }),
    ],
    ['a database that is not there yet', (url: URL) => String(url).replace(/\/[^/]*$/, '/not_there_yet')],
  ] as const) {
    it(`is found from a connection that is ${form}`, async () => {
      const made = await throwaway({
        client: 'pg',
        connection: connectionOf(new URL(database.url)) as never,
      });
      const db = knex(made.config);
      const { rows } = await db.raw('select current_database() as name');
      expect(rows).to.deep.equal([{ name: made.name }]);
      await db.destroy();
      await made.end();
      expect(await leftOver(database.url)).to.deep.equal([]);
    });
  }

  it('has the schemas of the path that pool.afterCreate sets', async () => {
    await ask(database.url, 'create schema if not exists mine');
    const made = await throwaway({
      ...database.config,
      pool: {
        afterCreate: (connection: pg.Client, done: (error?: Error) => void) => {
          connection.query('set search_path to mine', (error) => done(error));
        },
      },
    });
    const db = knex(made.config);
    await db.schema.createTable('own', (t) => t.increments());
    const { rows } = await db.raw("select 'mine.own'::regclass::text as name");
    expect(rows).to.deep.equal([{ name: 'own' }]);
    await db.destroy();
    await made.end();
  });

  it('is made on another server with `server`', async () => {
    const sqlite = await freshSqlite();
    const made = await throwaway({ ...sqlite.config, client: 'pg' }, database.url);
    expect(await leftOver(database.url)).to.deep.equal([made.name]);
    await made.end();
  });

  it('is refused in words to a role that may not create databases', async () => {
    const { url } = await postgresServer();
    await ask(url('postgres'), 'create role may_little login');
    const little = database.url.replace('postgres@', 'may_little@');
    const error = await throwaway({ client: 'pg', connection: little }).catch((thrown) => thrown);
    expect([
      error.code,
      /permission denied/.test(error.message),
      /--shadow/.test(error.remedy),
    ]).to.deep.equal(['THROWAWAY_REFUSED', true, true]);
    expect(await leftOver(database.url)).to.deep.equal([]);
  });

  const OWNER = (url: string) => `
    import { engineForClient } from '${ROOT}/lib/engines/registry.ts';
    const made = await engineForClient('pg').throwaway.make({ config: { client: 'pg', connection: '${url}' } });
    console.log(made.name);
    setInterval(() => {}, 1000);`;

  async function owner(): Promise<{ readonly child: ChildProcess; readonly name: string }> {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', OWNER(database.url)],
      {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [data] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    return { child, name: String(data).trim() };
  }

  it('of a killed owner is removed by the next one; of a living one, without our mark or with a guest it stays', async () => {
    const living = await owner();
    const killed = await owner();
    await ask(database.url, 'create database knex_meta_throwaway_without_mark');
    const guests = await owner();
    const guest = new pg.Client(`${database.url.replace(/\/[^/]*$/, '')}/${guests.name}`);
    await guest.connect();
    for (const { child } of [killed, guests]) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    // The server notices by itself that the owner's connection is gone.
    for (;;) {
      const left = await ask(database.url, `select from pg_stat_activity where datname = '${killed.name}'`);
      if (left.length === 0) break;
    }
    const made = await throwaway(database.config);
    const names = await leftOver(database.url);
    await made.end();
    await guest.end();
    living.child.kill('SIGKILL');
    expect(names).to.have.members([living.name, guests.name, made.name, 'knex_meta_throwaway_without_mark']);
    await ask(database.url, 'drop database knex_meta_throwaway_without_mark');
  });
});

describe('a throwaway database for a session that changes its role', () => {
  let database: Database;
  const OWNER = `app_owner_${process.pid}`;
  const LOGIN = `app_login_${process.pid}`;

  before(async () => {
    database = await freshPostgres();
    await ask(database.url, `create role ${OWNER} nologin`);
  });
  after(async () => {
    await ask(database.url, `drop role ${OWNER}`);
  });
  afterEach(async () => {
    await ask(database.url, `drop role ${LOGIN}`);
  });

  async function configAs(attributes: string): Promise<Knex.Config> {
    await ask(database.url, `create role ${LOGIN} login ${attributes}`);
    await ask(database.url, `grant ${OWNER} to ${LOGIN}`);
    return {
      client: 'pg',
      connection: database.url.replace('postgres@', `${LOGIN}@`),
      pool: {
        min: 0,
        max: 2,
        afterCreate: (connection: pg.Client, done: (error: Error | null, connection: unknown) => void) => {
          connection.query(`set role ${OWNER}`, (error) => done(error, connection));
        },
      },
    };
  }

  for (const attributes of ['createdb', 'createdb noinherit', 'superuser']) {
    it(`is made by the role that logged in (${attributes}), and belongs to the other`, async () => {
      const made = await throwaway(await configAs(attributes));
      const db = knex(made.config);
      await db.schema.createTable('users', (t) => void t.increments());
      const { rows } = await db.raw(
        `select current_user as role, pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`,
      );
      expect(rows).to.deep.equal([{ role: OWNER, owner: OWNER }]);
      // Somebody is still connected.
      await made.end();
      await db.destroy();
      expect(await leftOver(database.url)).not.to.include(made.name);
    });
  }

  it('names both roles where none may create one', async () => {
    const config = await configAs('');
    const error = await throwaway(config).then(
      () => undefined,
      (thrown: unknown) => thrown as Error & { readonly code: string; readonly remedy: string },
    );
    expect(error?.code).to.equal('THROWAWAY_REFUSED');
    expect(error?.message).to.contain('a temporary database for this command');
    expect(error?.remedy).to.contain(
      `The session logs in as ${LOGIN} and works as ${OWNER} (\`set role\`): one of them needs the right to create databases (\`alter role "${LOGIN}" createdb\`)`,
    );
  });
});
