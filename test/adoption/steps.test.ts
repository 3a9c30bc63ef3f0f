import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { isKnexMetaError } from '../../lib/errors.js';
import { adoptTable, releaseTable, withMeta } from '../../lib/index.js';
import { KNEX_META, stockKnex } from '../support/commandLine.js';
import { freshPostgres } from '../support/databases.js';
import { type Adopted, FIVE, makeProject } from './support.js';

const ROWS = 100_000;
const BASE = "timestamptz '2020-01-01 00:00:00Z'";

/** Waits for something that is about to be so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(10);
}

describe('adoption in steps (postgresql)', function () {
  this.timeout(120_000);
  let url: string;
  let admin: pg.Client;
  let db: Knex;
  let project: Adopted;

  async function one(sql: string): Promise<Record<string, unknown>> {
    return (await admin.query(sql)).rows[0] ?? {};
  }
  const run = (sql: string) => admin.query(sql);

  /** A session of somebody else's. */
  async function session(): Promise<pg.Client> {
    const client = new pg.Client(url);
    await client.connect();
    return client;
  }

  async function fileOf(table: string): Promise<unknown> {
    return (await one(`select pg_relation_filenode('${table}') as file`)).file;
  }

  before(async () => {
    ({ url } = await freshPostgres());
    admin = await session();
    const config = { client: 'pg', connection: url, pool: { min: 0, max: 5 } };
    db = knex(withMeta(config));
    project = makeProject({ ...config, meta: { columns: { is_flagged: { index: true } } } } as Knex.Config);
    await run(
      'create table orders (id int primary key, inserted_on timestamptz, state int not null default 0)',
    );
    await run(
      `insert into orders select n, case when n > 10 then ${BASE} + n * interval '1 second' end from generate_series(1, ${ROWS}) n`,
    );
    await run('analyze orders');
  });
  after(async () => {
    await db.destroy();
    await admin.end();
  });

  it('is what is written for a large table, and migrate:plan shows its statements', async () => {
    const { inSteps } = await project.run(['meta:adopt', '--created-at-from', 'inserted_on']);
    expect(inSteps).to.equal(true);
    expect(project.newest()).to.include('export const config = { transaction: false, resumable: true };');
    expect(project.newest()).to.include('orders: about 100,000 rows');
    const plan = (await project.run(['migrate:plan'])) as {
      migrations?: readonly { statements: readonly string[] }[];
    };
    const text = plan.migrations?.[0]?.statements.join('\n') ?? '';
    expect(text).to.include('add column "created_at" timestamptz');
    expect(text).to.include('in batches, a transaction each');
    expect(text).to.include('validate constraint');
    expect(text).to.include('do $knex_meta$').and.to.include('create index concurrently');
    expect(
      (
        await one(
          "select count(*)::int as n from pg_attribute where attrelid = 'orders'::regclass and attnum > 0",
        )
      ).n,
    ).to.equal(3);
  });

  it('goes on after a kill -9 in the middle; rows that others hold wait for the next pass, and nobody waits', async () => {
    const file = await fileOf('orders');
    const child = spawn(process.execPath, [KNEX_META, 'migrate:latest'], {
      cwd: project.folder,
      stdio: 'ignore',
    });
    const ended = new Promise((done) => child.once('exit', done));
    await until(
      async () =>
        'n' in
        (await one(
          "select 1 as n from pg_attribute where attrelid = 'orders'::regclass and attname = 'created_at'",
        )),
    );
    // The last row: the backfill is a second away from it.
    const holder = await session();
    await holder.query('begin');
    await holder.query(`update orders set state = 100 where id = ${ROWS}`);
    await until(
      async () => Number((await one('select count(*) as n from orders where created_at is null')).n) <= 1,
    );
    // The backfill is going on, for the row that is held. No lock is held that reading or writing rows waits for.
    for (let look = 0; look < 30; look += 1) {
      const { modes } = await one(`select array_agg(distinct mode) as modes from pg_locks
        where relation = 'orders'::regclass and granted and mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')`);
      expect(modes).to.equal(null);
      await run(`update orders set state = state + 1 where id = ${look + 1}`);
    }
    await run(`insert into orders (id, inserted_on) values (${ROWS + 1}, null)`);
    child.kill('SIGKILL');
    await ended;
    const half = await one(`select count(*)::int as n, max(id) as id from orders where created_at is null`);
    expect(half).to.deep.equal({ n: 1, id: ROWS });
    const nullable = await one(
      "select attnotnull from pg_attribute where attrelid = 'orders'::regclass and attname = 'created_at'",
    );
    expect(nullable.attnotnull).to.equal(false);
    // Another request than the one that goes on is refused.
    expect((await project.run(['migrate:down'], 1)).error?.code).to.equal('MIGRATION_UNFINISHED');
    await holder.query('commit');
    await holder.end();
    await project.run(['migrate:latest']);
    const { findings } = await project.run(['check:migration']);
    expect(findings).to.deep.equal([]);
    expect((await project.run(['check:version'])).findings).to.deep.equal([]);
    expect(await fileOf('orders')).to.equal(file);
    const rows = await one(`select count(*) filter (where created_at = inserted_on)::int as same,
      count(*) filter (where inserted_on is null and created_at > now() - interval '1 hour')::int as adopted,
      sum(state)::int as states, count(*) filter (where updated_at < now() - interval '1 hour')::int as old from orders`);
    expect(rows).to.deep.equal({ same: ROWS - 10, adopted: 11, states: 130, old: 0 });
    const left =
      await one(`select (select count(*)::int from pg_constraint where conrelid = 'orders'::regclass and contype = 'c') as checks,
      (select string_agg(attname, ',' order by attnum) from pg_attribute where attrelid = 'orders'::regclass and attnotnull and attnum > 0) as required,
      (select indisvalid from pg_index where indexrelid = 'orders_is_flagged_index'::regclass) as valid`);
    expect(left).to.deep.equal({
      checks: 0,
      required: 'id,state,is_active,is_flagged,created_at,updated_at',
      valid: true,
    });
  });

  it('a down that was killed goes on as well, and leaves the table as it was', async () => {
    const holder = await session();
    await holder.query('begin');
    await holder.query('lock table orders in access share mode');
    const child = spawn(process.execPath, [KNEX_META, 'migrate:down'], {
      cwd: project.folder,
      stdio: 'ignore',
    });
    const ended = new Promise((done) => child.once('exit', done));
    await until(
      async () =>
        'n' in
        (await one(
          "select 1 as n from knex_migrations_journal where state = 'started' and direction = 'down'",
        )),
    );
    child.kill('SIGKILL');
    await ended;
    await holder.query('commit');
    await holder.end();
    expect((await project.run(['migrate:latest'], 1)).error?.code).to.equal('MIGRATION_UNFINISHED');
    await project.run(['migrate:down']);
    const { columns } = await one(
      "select string_agg(attname, ',' order by attnum) as columns from pg_attribute where attrelid = 'orders'::regclass and attnum > 0 and not attisdropped",
    );
    expect(columns).to.equal('id,inserted_on,state');
    expect(
      await one("select count(*)::int as n from pg_proc where pronamespace = 'public'::regnamespace"),
    ).to.deep.equal({ n: 0 });
  });

  it('runs nothing but changes of the catalog behind a lock that readers wait for', async () => {
    const statements: string[] = [];
    const listen = ({ sql }: { readonly sql: string }) => statements.push(sql);
    db.on('query', listen);
    await adoptTable(db, {
      table: 'orders',
      columns: FIVE,
      createdAt: 'inserted_on',
      updatedAt: 'inserted_on',
    });
    db.removeListener('query', listen);
    const transactions = statements
      .join('\n;;\n')
      .split('begin isolation level read committed')
      .map((text) => text.split('\n;;\n'));
    const locking = transactions.filter((each) => each.some((sql) => /in access exclusive mode/.test(sql)));
    expect(locking.length).to.equal(6);
    const behind = locking.flatMap((each) => {
      const at = each.findIndex((sql) => /in access exclusive mode/.test(sql));
      return each.slice(at + 1, each.indexOf('commit'));
    });
    const quick =
      /^(alter table "orders" (add column|alter column \S+ set (default|not null)|drop constraint|add constraint .* not valid)|comment on|do \$knex_meta|select a\.attname)/;
    expect(behind.filter((sql) => !quick.test(sql))).to.deep.equal([]);
    expect(behind.some((sql) => /set not null/.test(sql))).to.equal(true);
    expect(statements.filter((sql) => /validate constraint/.test(sql))).to.have.length(2);
    const wrong = await one(
      'select count(*)::int as n from orders where inserted_on is not null and (created_at <> inserted_on or updated_at <> inserted_on)',
    );
    expect(wrong).to.deep.equal({ n: 0 });
    await releaseTable(db, { table: 'orders', columns: FIVE });
  });

  it('refuses to fill a large table in one transaction', async () => {
    await run('analyze orders');
    const act = db.transaction((trx) =>
      adoptTable(trx, { table: 'orders', columns: FIVE, createdAt: 'inserted_on' }),
    );
    const error = await act.catch((thrown: unknown) => thrown);
    expect(isKnexMetaError(error) && [error.code, error.remedy]).to.deep.equal([
      'ADOPT_REFUSED',
      'Put `export const config = { transaction: false, resumable: true }` into the migration (`exports.config` in CommonJS): it then runs in steps. Nothing was changed.',
    ]);
  });

  it('gives up after its patience where a lock is not to be had, and has changed nothing', async () => {
    const holder = await session();
    await holder.query('begin');
    await holder.query('select 1 from orders limit 1');
    const error = await adoptTable(db, {
      table: 'orders',
      columns: FIVE,
      lockTimeout: 20,
      patience: 200,
    }).catch((thrown: unknown) => thrown);
    await holder.query('commit');
    await holder.end();
    expect(isKnexMetaError(error) && error.code).to.equal('DATABASE_BUSY');
    const { n } = await one(
      "select count(*)::int as n from pg_attribute where attrelid = 'orders'::regclass and attname = 'notes'",
    );
    expect(n).to.equal(0);
    const { open } = await one(
      "select count(*)::int as open from pg_stat_activity where state like 'idle in transaction%'",
    );
    expect(open).to.equal(0);
  });

  for (const [role, always] of [
    ['postgres', ''],
    ['postgres', 'always'],
    ['owner', 'always'],
  ] as const) {
    it(`keeps triggers of the project's own silent for the backfill alone, as ${role} ${always}`, async () => {
      if (role === 'owner') await run('create role owner login; grant create on schema public to owner');
      const table = `logged_${role}${always}`;
      await run(`create table ${table} (id int primary key, born timestamp, changed int default 0)`);
      await run(`insert into ${table} select n, '2020-01-01' from generate_series(1, 1000) n`);
      await run(
        `create or replace function count_up() returns trigger language plpgsql as 'begin new.changed := new.changed + 1; return new; end'`,
      );
      for (const name of ['one', 'two'])
        await run(
          `create trigger ${name} before update on ${table} for each row execute function count_up()`,
        );
      await run(`alter table ${table} enable ${always} trigger two`);
      await run(`alter table ${table} owner to ${role}`);
      const own = knex(withMeta({ client: 'pg', connection: url.replace('postgres@', `${role}@`) }));
      await adoptTable(own, {
        table,
        columns: FIVE,
        createdAt: { column: 'born', timeZone: 'Europe/Berlin' },
      });
      const found = await one(
        `select sum(changed)::int as changed, min(created_at) as first, max(created_at) as last from ${table}`,
      );
      const wanted = new Date('2019-12-31T23:00:00Z');
      expect(found).to.deep.equal({ changed: 0, first: wanted, last: wanted });
      await run(`update ${table} set born = born where id = 1`);
      expect((await one(`select changed from ${table} where id = 1`)).changed).to.equal(2);
      const { modes } = await one(
        `select array_agg(tgenabled::text order by tgname) as modes from pg_trigger where tgrelid = '${table}'::regclass`,
      );
      expect(modes).to.deep.equal(['O', always === '' ? 'O' : 'A', 'O']);
      await own.destroy();
    });
  }

  it('does not rewrite for a clock that differs from row to row', async () => {
    await run('create table ticks (id int); insert into ticks select generate_series(1, 100)');
    const file = await fileOf('ticks');
    const own = knex(
      withMeta({ client: 'pg', connection: url, meta: { timestampUtc: 'clock_timestamp()' } }),
    );
    await adoptTable(own, { table: 'ticks', columns: FIVE });
    await own.destroy();
    expect(await fileOf('ticks')).to.equal(file);
    const { shown } = await one(
      "select pg_get_expr(adbin, adrelid) as shown from pg_attrdef where adrelid = 'ticks'::regclass and adnum = 5",
    );
    expect(shown).to.equal('clock_timestamp()');
  });

  it('adopts partitioned and inherited tables, quoted names and other schemas; leaves out what it must', async () => {
    await run('create schema "Shop"');
    await run('create table "Shop"."My \'orders\'?" (id int, born bigint) partition by range (id)');
    await run(
      'create table "Shop".low partition of "Shop"."My \'orders\'?" for values from (0) to (500) partition by range (id)',
    );
    await run('create table "Shop".lowest partition of "Shop".low for values from (0) to (500)');
    await run(
      'create table "Shop".high partition of "Shop"."My \'orders\'?" for values from (500) to (5000)',
    );
    await run('insert into "Shop"."My \'orders\'?" select n, 1577836800 + n from generate_series(0, 999) n');
    await run('create table parent (id int, born date); create table child (more int) inherits (parent)');
    await run("insert into child values (1, '2020-02-02', 5); insert into parent values (2, '2020-02-03')");
    await run('create role stranger; create table theirs (id int); alter table theirs owner to stranger');
    await run('create table ruled (id int); create rule r as on update to ruled do instead nothing');
    await run('create view all_of_parent as select * from parent');
    const other = makeProject({
      client: 'pg',
      connection: url.replace('postgres@', 'owner@'),
      migrations: { tableName: 'other_migrations' },
      meta: { columns: { is_flagged: { index: true } } },
    } as Knex.Config);
    await run(
      'alter table parent owner to owner; alter table child owner to owner; alter schema "Shop" owner to owner',
    );
    for (const name of ['"My \'orders\'?"', 'low', 'lowest', 'high'])
      await run(`alter table "Shop".${name} owner to owner`);
    const tables = ['parent', 'child', 'theirs*', 'ruled*', 'Shop.*'].flatMap((name) => ['--table', name]);
    const report = await other.run(['meta:adopt', ...tables, '--steps', '--created-at-from', 'born']);
    const names = report.tables?.map(({ name, columns }) => [name, columns.length]);
    expect(names).to.deep.equal([
      ['parent', 5],
      ['child', 0],
      ["My 'orders'?", 5],
    ]);
    expect(report.refused?.map(({ name }) => name)).to.deep.equal(['ruled', 'theirs']);
    expect(report.warnings?.join()).to.match(/theirs is left out: it belongs to the role stranger/);
    const refused = await other.run(['meta:adopt', 'no', '--table', 'theirs', '--exclude', 'x'], 1);
    expect(refused.error?.code).to.be.oneOf(['ADOPT_REFUSED', 'MIGRATIONS_PENDING']);
    await other.run(['migrate:latest']);
    const { n } = await one(
      `select count(*)::int as n from "Shop"."My 'orders'?" where created_at = to_timestamp(born)`,
    );
    expect(n).to.equal(1000);
    const inherited = await admin.query("select created_at at time zone 'utc' as at from parent order by id");
    expect(inherited.rows.map(({ at }) => (at as Date).toISOString().slice(0, 10))).to.deep.equal([
      '2020-02-02',
      '2020-02-03',
    ]);
    const { valid, indexes } =
      await one(`select bool_and(indisvalid) as valid, count(*)::int as indexes from pg_index
      where indrelid in (select oid from pg_class where relnamespace = '"Shop"'::regnamespace)`);
    expect({ valid, indexes }).to.deep.equal({ valid: true, indexes: 4 });
    for (const table of ['parent', 'child', '"Shop".lowest']) {
      const before = await one(`select updated_at from ${table} limit 1`);
      await run(`update ${table} set born = born`);
      expect((await one(`select updated_at from ${table} limit 1`)).updated_at, table).not.to.deep.equal(
        before.updated_at,
      );
    }
    await other.run(['migrate:rollback']);
    const { columns } =
      await one(`select string_agg(attrelid::regclass || '.' || attname, ',' order by attrelid, attnum) as columns from pg_attribute
      where attrelid in ('parent'::regclass, 'child'::regclass, '"Shop".lowest'::regclass) and attnum > 0 and not attisdropped`);
    expect(columns).to.equal(
      '"Shop".lowest.id,"Shop".lowest.born,parent.id,parent.born,child.id,child.born,child.more',
    );
  });

  it('stock Knex runs the file too, with the hook in the knexfile', async () => {
    await run('create table plain (id int, born timestamptz); insert into plain values (1, now())');
    const stock = makeProject(
      { client: 'pg', connection: url, migrations: { tableName: 'stock_migrations' } },
      false,
    );
    await stock.run(['meta:adopt', '--table', 'plain', '--created-at-from', 'born']);
    writeFileSync(
      join(stock.folder, 'knexfile.js'),
      `const { withMeta } = require('knex-meta');
module.exports = withMeta({ client: 'pg', connection: '${url}', migrations: { tableName: 'stock_migrations' } });\n`,
    );
    const up = await stockKnex(['migrate:latest'], stock.folder);
    expect(up.code, up.stderr).to.equal(0);
    expect(await one('select created_at = born::timestamptz(3) as same, notes from plain')).to.deep.equal({
      same: true,
      notes: null,
    });
    const down = await stockKnex(['migrate:rollback'], stock.folder);
    expect(down.code, down.stderr).to.equal(0);
    expect(Object.keys(await one('select * from plain'))).to.deep.equal(['id', 'born']);
  });
});
