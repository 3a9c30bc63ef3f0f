import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { runCheckMigration } from '../../lib/commands/checkMigration.js';
import { withMeta } from '../../lib/index.js';
import { withContext } from '../checks/support.js';
import { type Database, freshPostgres } from '../support/databases.js';

describe('PostgreSQL: a role that may not create functions', () => {
  let database: Database;
  let admin: Knex;
  let db: Knex;
  let lines: string[];
  let role: string;

  const open = (more: Partial<Knex.Config> = {}): Knex =>
    knex(
      withMeta({
        client: 'pg',
        connection: database.url.replace('postgres@', `${role}@`),
        pool: { min: 0, max: 2 },
        log: { warn: (line: string) => void (line.startsWith('knex-meta:') && lines.push(line)) },
        ...more,
      }),
    );

  before(async () => {
    database = await freshPostgres();
    role = `no_functions_${process.pid}`;
    admin = knex({ client: 'pg', connection: database.url, pool: { min: 0, max: 1 } });
    await admin.raw(`create role ${role} login`);
    await admin.raw(`grant create on schema public to ${role}`);
  });
  beforeEach(() => {
    lines = [];
    db = open();
  });
  afterEach(async () => {
    await db.destroy();
    for (const { name } of (
      await admin.raw('select tablename as name from pg_tables where schemaname = ?', ['public'])
    ).rows)
      await admin.schema.dropTable(name);
    await admin.raw('grant usage on language plpgsql to public');
    await admin.raw(`grant create on schema public to ${role}`);
  });
  after(async () => {
    await admin.raw(`drop owned by ${role}`);
    await admin.raw(`drop role ${role}`);
    await admin.destroy();
  });

  const marks = async (table: string) =>
    (
      await admin.raw(
        `select a.attname as name from pg_description d join pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid
         where d.objoid = ?::regclass and d.description like 'knex-meta:%' order by a.attnum`,
        [table],
      )
    ).rows.map(({ name }: { name: string }) => name);
  const triggers = async () =>
    (await admin.raw('select tgname as name from pg_trigger where not tgisinternal')).rows;

  const ALL = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

  for (const [title, max] of [
    ['in a transaction', 1],
    ['on the pool', 2],
  ] as const) {
    it(`migrates without the language plpgsql, with marked columns and one line (${title})`, async () => {
      await admin.raw('revoke usage on language plpgsql from public');
      await db.destroy();
      db = open({ pool: { min: 0, max } });
      const act = async (on: Knex) => {
        await on.schema.createTable('users', (t) => void t.increments());
        await on.schema.createTable(`odd "name'`, (t) => {
          t.increments();
          t.string('notes');
        });
        await on.schema.createTableIfNotExists('users', (t) => void t.increments());
        await on.schema.createTableIfNotExists('more', (t) => void t.increments());
        await on.raw('create table copied (like users)');
        await on.schema.alterTable('users', (t) => void t.timestamp('updated_at').defaultTo(on.fn.now()));
        await on.schema.renameTable('users', 'people');
        await on.schema.dropTable('copied');
      };
      await (max === 1 ? db.transaction(act) : act(db));
      expect(await marks('people')).to.deep.equal(['is_active', 'is_flagged', 'notes', 'created_at']);
      expect(await marks('more')).to.deep.equal(ALL);
      expect(await marks(`"odd ""name'"`)).to.deep.equal(ALL.filter((name) => name !== 'notes'));
      expect(await triggers()).to.deep.equal([]);
      expect(lines).to.deep.equal([
        `knex-meta: tables get no update trigger, because the role ${role} may not use the language plpgsql. To change that: grant usage on language plpgsql`,
      ]);
    });
  }

  it('drops a trigger whose column goes, so that updates do not fail', async () => {
    await db.schema.createTable('users', (t) => {
      t.increments();
      t.string('label');
    });
    await db.schema.createTable('kept', (t) => void t.increments());
    expect(await triggers()).to.have.length(2);
    await db.destroy();
    await admin.raw('revoke usage on language plpgsql from public');
    db = open();
    await db.schema.alterTable('users', (t) => void t.dropColumn('updated_at'));
    await db.schema.alterTable('kept', (t) => void t.string('label'));
    await db('users').insert({ label: 'a' });
    expect(await db('users').update({ label: 'b' })).to.equal(1);
    expect(await triggers()).to.have.length(1);
  });

  it('alters an own table in a schema where it may create nothing', async () => {
    await db.schema.createTable('users', (t) => void t.increments());
    await admin.raw('drop function set_updated_at() cascade');
    await admin.raw('revoke create on schema public from public');
    await admin.raw(`revoke create on schema public from ${role}`);
    await db.schema.alterTable('users', (t) => {
      t.dropColumn('updated_at');
    });
    await db.schema.alterTable('users', (t) => void t.timestamp('updated_at').defaultTo(db.fn.now()));
    expect(lines.join('\n')).to.contain('permission denied for schema public');
  });

  describe('check:migration', () => {
    const check = async () => {
      const config = { ...database.config, connection: database.url.replace('postgres@', `${role}@`) };
      const report = await withContext(config, (context) => runCheckMigration(context));
      return report.report.findings
        .filter(({ code }) => code === 'TRIGGER_MISSING')
        .map(({ message }) => message);
    };

    it('says that the role may not use the language', async () => {
      await admin.raw('revoke usage on language plpgsql from public');
      await db.schema.createTable('users', (t) => void t.increments());
      expect(await check()).to.deep.equal([
        `public.users has no update trigger: the role ${role} may not use the language plpgsql`,
      ]);
    });

    it('names the event trigger that can refuse it', async () => {
      await admin.raw(`create function no_functions() returns event_trigger language plpgsql as $$
        begin raise exception 'no functions here'; end $$`);
      await admin.raw(`create event trigger no_functions on ddl_command_start when tag in ('CREATE FUNCTION')
        execute function no_functions()`);
      try {
        await db.schema.createTable('users', (t) => void t.increments());
        expect(lines.join('\n')).to.contain('no functions here');
        expect(await check()).to.deep.equal([
          'public.users has no update trigger: the database has event triggers that can refuse it: no_functions',
        ]);
      } finally {
        await admin.raw('drop event trigger no_functions');
        await admin.raw('drop function no_functions()');
      }
    });

    it('names the schema in which the role may create nothing', async () => {
      await db.schema.createTable('users', (t) => void t.increments());
      await admin.raw('drop function set_updated_at() cascade');
      await admin.raw('revoke create on schema public from public');
      await admin.raw(`revoke create on schema public from ${role}`);
      expect(await check()).to.deep.equal([
        `public.users has no update trigger: the role ${role} may not create functions in the schema public`,
      ]);
    });
  });
});
