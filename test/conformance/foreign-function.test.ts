import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { runCheckMigration } from '../../lib/commands/checkMigration.js';
import { withMeta } from '../../lib/index.js';
import { withContext } from '../checks/support.js';
import { type Database, freshPostgres } from '../support/databases.js';

const moves = async (db: Knex, table: string): Promise<boolean> => {
  await db(table).insert({ label: 'a', updated_at: '2001-02-03' });
  await db(table).update({ label: 'b' });
  return new Date((await db(table).first('updated_at')).updated_at).getFullYear() > 2001;
};

/** Who owns the function of a table's update trigger. */
const ownerOf = async (db: Knex, table: string): Promise<string> => {
  const { rows } = await db.raw(
    `select pg_get_userbyid(p.proowner) as owner from pg_trigger t join pg_proc p on p.oid = t.tgfoid
     where t.tgrelid = ?::regclass and not t.tgisinternal`,
    [table],
  );
  return rows[0]?.owner;
};

describe('PostgreSQL: a function runs as whoever updates', () => {
  let database: Database;
  let opened: Knex[] = [];

  const open = (role = 'postgres', config: Partial<Knex.Config> = {}): Knex => {
    const connection = database.url.replace('postgres@', `${role}@`);
    const db = knex(withMeta({ client: 'pg', connection, ...config }));
    opened.push(db);
    return db;
  };

  beforeEach(async () => {
    database = await freshPostgres();
    await open().raw(`create role guest login; grant usage, create on schema public to guest`);
  });
  afterEach(async () => {
    await open().raw('drop owned by guest cascade; drop role guest');
    await Promise.all(opened.map((db) => db.destroy()));
    opened = [];
  });

  it('one of a role that is not to be trusted is not used, whatever its body and name', async () => {
    await open('guest').schema.createTable('theirs', (t) => void t.string('label'));
    for (const name of ['knex_meta_set_updated_at', 'knex_meta_set_updated_at_2'])
      await open('guest').raw(
        `create function ${name}() returns trigger language plpgsql as $$ begin return new; end $$`,
      );
    const db = open();
    await db.schema.createTable('ours', (t) => void t.string('label'));
    expect(await ownerOf(db, 'theirs')).to.equal('guest');
    expect(await ownerOf(db, 'ours')).to.equal('postgres');
    expect(await moves(db, 'ours')).to.equal(true);
    // Another body would be written into the function that is there: not into theirs.
    const keeping = open('postgres', { meta: { onExplicitUpdate: 'keep' } } as object);
    await keeping.schema.createTable('kept', (t) => void t.string('label'));
    expect(await ownerOf(keeping, 'kept')).to.equal('postgres');
  });

  it('one that runs as its owner is not used', async () => {
    const db = open();
    await db.schema.createTable('one', (t) => void t.string('label'));
    await db.raw('alter function set_updated_at() security definer');
    await db.schema.createTable('two', (t) => void t.string('label'));
    const { rows } = await db.raw(
      "select p.prosecdef as definer from pg_trigger t join pg_proc p on p.oid = t.tgfoid where t.tgrelid = 'two'::regclass",
    );
    expect(rows).to.deep.equal([{ definer: false }]);
  });

  it('check:migration names an owner that is not to be trusted', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => void t.string('label'));
    await db.raw('alter function set_updated_at() owner to guest');
    const config = { client: 'pg', connection: database.url };
    const { report } = await withContext(config, runCheckMigration);
    const [finding] = report?.findings.filter(({ code }) => code === 'TRIGGER_CHANGED') ?? [];
    expect(finding?.message).to.include('guest');
  });

  it('owners of the schema and of the table are trusted', async () => {
    await open().raw('create schema theirs authorization guest');
    await open('guest', { searchPath: 'theirs' }).schema.createTable('a', (t) => void t.string('label'));
    const db = open('postgres', { searchPath: 'theirs' });
    await db.schema.createTable('b', (t) => void t.string('label'));
    expect(await ownerOf(db, 'b')).to.equal('guest');
  });

  for (const [title, refuse, restore] of [
    [
      'an event trigger that refuses functions',
      `create function refuse() returns event_trigger language plpgsql as $$ begin raise exception 'no functions here'; end $$;
       create event trigger refuse on ddl_command_start when tag in ('CREATE FUNCTION') execute function refuse()`,
      'drop event trigger refuse; drop function refuse()',
    ],
  ] as const) {
    it(`goes on without a trigger where the database lets it make none: ${title}`, async () => {
      await open().raw(refuse);
      const warnings: string[] = [];
      const db = open('guest', { log: { warn: (line: string) => void warnings.push(line) } });
      await db.schema.createTable('t', (t) => void t.string('label'));
      await db.schema.alterTable('t', (t) => t.timestamp('updated_at'));
      await db.schema.alterTable('t', (t) => t.dropColumn('updated_at'));
      await db.schema.createTable('u', (t) => void t.string('label'));
      expect(warnings.join('\n')).to.match(/t got no update trigger/);
      await db('t').insert({ label: 'a' });
      expect(Object.keys(await db('t').first())).to.include.members(['is_active', 'updated_at']);
      await db.schema.renameTable('t', 'v');
      await db.schema.dropTable('v');
      await db.schema.dropTable('u');
      await open().raw(restore);
    });
  }
});
