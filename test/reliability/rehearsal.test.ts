import { expect } from 'chai';
import pg from 'pg';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { eachEngine, type TestEngine, testEngines } from '../support/databases.js';
import { closeAll, creates, makeProject, refused, run } from './support.js';

const up = (body: string, config = ''): string =>
  `${config}\nexports.up = async (k) => { ${body} };\nexports.down = async () => {};`;

/** Migrations whose every question is about what the plan itself makes. */
const LATER: Readonly<Record<string, readonly [first: string, second: string, finds: RegExp]>> = {
  'timestamps of its own': [
    creates('a'),
    up("await k.schema.alterTable('a', (t) => { t.timestamps(); });"),
    /alter table .a. add column .created_at./,
  ],
  'notes and is_active of its own': [
    creates('a'),
    up(
      "await k.schema.alterTable('a', (t) => { t.text('notes'); t.boolean('is_active').defaultTo(true); });",
    ),
    /alter table .a. add column .notes. text/,
  ],
  'a table like another one, filled from it': [
    creates('a'),
    up("await k.schema.createTableLike('b', 'a'); await k.raw('insert into b select * from a');"),
    /insert into b/,
  ],
  'hasTable and hasColumn': [
    creates('a'),
    up(
      "if ((await k.schema.hasTable('a')) && (await k.schema.hasColumn('a', 'word')) && !(await k.schema.hasColumn('a', 'more')) && !(await k.schema.hasTable('z'))) await k.schema.alterTable('a', (t) => { t.integer('more'); });",
    ),
    /add column .more./,
  ],
  'identifiers that the database gives': [
    creates('a'),
    up(
      "const [id] = await k('a').insert({ word: 'x' }).returning('id'); await k('a').where({ id: id.id ?? id }).update({ word: 'y' });",
    ),
    /update .a. set .word. = 'y' where .id. = '?1/,
  ],
  'a backfill in batches by the builder': [
    creates('a', "await k('a').insert([{ word: null }, { word: null }]);"),
    up(
      "for (;;) { const n = await k('a').whereIn('id', k('a').whereNull('word').select('id').limit(1)).update({ word: 'x' }); if (n === 0) break; }",
    ),
    /(update .a. set .word. = 'x'[^;]*;\s*){3}/,
  ],
  'a stream of rows': [
    creates('a', "await k('a').insert({ word: 'here' });"),
    up("for await (const row of k('a').stream()) await k('a').insert({ word: row.word + '!' });"),
    /'here!'/,
  ],
};

eachEngine('a rehearsal follows what a plan itself makes', function (engine) {
  this.timeout(120_000);
  afterEach(closeAll);

  for (const [title, [first, second, finds]] of Object.entries(LATER)) {
    it(title, async () => {
      const project = await makeProject(engine, { '1_a.cjs': first, '2_b.cjs': second });
      const { migrations, doubts } = await project.migrator().plan();
      expect(doubts).to.deep.equal([]);
      expect(`${migrations[1]?.statements.join(';\n')};`).to.match(finds);
      expect(migrations.flatMap(({ unseenTables }) => unseenTables)).to.deep.equal([]);
      const db = project.open();
      expect(await db.schema.hasTable('a')).to.equal(false);
      // Streams of Knex need another package there.
      if (engine.name === 'sqlite' || title !== 'a stream of rows') await createMigrator(db).latest();
    });
  }
});

/** The same with what only PostgreSQL has. */
const CATALOG: Readonly<Record<string, readonly [first: string, second: string, finds: RegExp]>> = {
  'information_schema, in raw SQL': [
    creates('a'),
    up(
      "const { rows } = await k.raw(\"select 1 from information_schema.columns where table_name = 'a' and column_name = 'word'\"); if (rows.length !== 1) throw new Error('no word'); await k.raw('alter table a add more int');",
    ),
    /add more int/,
  ],
  'to_regclass, pg_type, pg_proc, pg_indexes and pg_namespace': [
    up(
      "await k.raw(\"create schema app; create type app.mood as enum ('a')\"); await k.raw('create table app.t (id int, m app.mood)'); await k.raw('create index t_m on app.t (m)'); await k.raw('create function app.one() returns int language sql as $$ select 1 $$');",
    ),
    up(
      "const { rows: [found] } = await k.raw(\"select to_regclass('app.t') is not null as a, exists (select from pg_type where typname = 'mood') as b, exists (select from pg_proc where proname = 'one') as c, exists (select from pg_indexes where indexname = 't_m') as d, exists (select from pg_namespace where nspname = 'app') as e\"); if (!Object.values(found).every(Boolean)) throw new Error(JSON.stringify(found)); await k.raw('drop index app.t_m');",
    ),
    /drop index app\.t_m/,
  ],
  'a value added to an enum, and used in the next one': [
    up("await k.raw(\"create type mood as enum ('a')\"); await k.raw('create table t (m mood)');"),
    up('await k.raw("alter type mood add value \'b\'");', 'exports.config = { transaction: false };'),
    /alter type mood add value 'b'/,
  ],
  'an index without a transaction': [
    creates('a'),
    up(
      "await k.raw('create index concurrently a_word on a (word)');",
      'exports.config = { transaction: false };',
    ),
    /create index concurrently a_word/,
  ],
  'a DO block that makes a table, and a search path': [
    up(
      "await k.raw('create schema app'); await k.raw('do $$ begin create table app.made (id int); end $$');",
    ),
    up(
      "await k.raw('set local search_path to app'); if (!(await k.schema.hasTable('made'))) throw new Error('not made'); await k.raw('alter table made add x int'); await k.raw('set local search_path to public');",
    ),
    /alter table made add x int/,
  ],
  'a function that changes something': [
    up(
      "await k.schema.createTable('a', (t) => { t.increments(); }); await k.raw('create function fill() returns int language sql as $$ insert into a default values returning id $$');",
    ),
    up("await k.raw('select fill()'); await k.raw('select count(*) from a');"),
    /^select fill\(\);$/,
  ],
  'a backfill in batches, in raw SQL': [
    creates('a', "await k('a').insert([{ word: null }, { word: null }]);"),
    up(
      'for (;;) { const r = await k.raw("update a set word = \'x\' where id in (select id from a where word is null limit 1) returning id"); if (r.rowCount === 0) break; }',
    ),
    /(update a set word[^;]*;\s*){3}/,
  ],
};

describe('a rehearsal on PostgreSQL', function () {
  this.timeout(120_000);
  afterEach(closeAll);
  const engine = testEngines[1] as TestEngine;

  for (const [title, [first, second, finds]] of Object.entries(CATALOG)) {
    it(title, async () => {
      const project = await makeProject(engine, { '1_a.cjs': first, '2_b.cjs': second });
      const all = await project.migrator().plan();
      expect(`${all.migrations[1]?.statements.join(';\n')};`).to.match(finds);
      // Also where the first one is applied, so that a copy has what it made.
      await project.migrator().up();
      const { migrations, doubts } = await project.migrator().plan();
      expect(doubts).to.deep.equal([]);
      expect(`${migrations[0]?.statements.join(';\n')};`).to.match(finds);
      await project.migrator().latest();
    });
  }

  it('leaves no database behind, also where a migration fails', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a'),
      '2_b.cjs': up("throw new Error('no');"),
    });
    expect((await refused(project.migrator().plan())).code).to.equal('MIGRATION_FAILED');
    const client = new pg.Client(project.database.url);
    await client.connect();
    const { rows } = await client.query(
      "select datname from pg_database d where datname like 'knex\\_meta\\_throwaway%' and not exists (select from pg_stat_activity a where a.datid = d.oid)",
    );
    await client.end();
    expect(rows).to.deep.equal([]);
  });

  it('rows of a large table are not there, and a plan says so in place of a failure', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    await project.migrator().latest();
    const db = project.open();
    await db.raw("insert into a (word) select 'w' || n from generate_series(1, 3000) n");
    project.write({
      '2_b.cjs': up(
        "for (const { id } of await k('a').where({ word: 'w7' })) await k('a').where({ id }).del();",
      ),
    });
    const { migrations } = await project.migrator().plan();
    expect(migrations[0]?.unseenTables).to.deep.equal(['a']);
    expect((await run(project, 'migrate:plan')).stdout).to.include(
      'It asks for rows of a, which were not copied',
    );
    project.write({
      '3_c.cjs': up(
        "const row = await k('a').where({ word: 'w7' }).first(); await k('a').where({ id: row.id }).del();",
      ),
    });
    const error = await refused(project.migrator().plan());
    expect(error.code, error.message).to.equal('NOT_OFFLINE');
    expect(error.message).to.include('the rows of a');
    const lint = await run(project, 'lint');
    expect(lint.stdout).to.include('NOT_FOLLOWED');
    expect(lint.stdout).to.not.include('FAILS');
  });

  it('without the right to make a database it says that nothing is proven, and never that it would fail', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    await project.migrator().latest();
    const db = project.open();
    await db.raw(
      "do $$ begin if not exists (select from pg_roles where rolname = 'plans_only') then create role plans_only login; end if; end $$",
    );
    await db.raw(
      'grant usage on schema public to plans_only; grant select on all tables in schema public to plans_only',
    );
    project.write({ '2_b.cjs': up("await k.schema.alterTable('a', (t) => { t.integer('more'); });") });
    const url = project.database.url.replace('postgres@', 'plans_only@');
    const { migrations, doubts } = await createMigrator(project.open({ connection: url })).plan();
    expect(migrations[0]?.statements[0]).to.equal('alter table "a" add column "more" integer');
    expect(doubts[0]).to.include('createdb').and.to.include('--shadow');
    project.write({
      '3_c.cjs': up("const [{ n }] = (await k.raw('select count(*) as n from a')).rows; if (n > 0) throw 1;"),
    });
    const error = await refused(createMigrator(project.open({ connection: url })).plan());
    expect(error.code, error.message).to.equal('NOT_OFFLINE');
    expect(error.remedy).to.include('--shadow');
    project.write({
      '3_b.cjs': up("const n = await k('a').update({ word: 'x' }); if (n === 0) throw new Error('none');"),
    });
    const failed = await refused(createMigrator(project.open({ connection: url })).plan());
    expect(failed.code, failed.message).to.equal('NOT_OFFLINE');
    expect(failed.message).to.include('A run may go well');
  });
});
