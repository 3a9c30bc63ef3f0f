/** One rule by example: what it finds, and the safe way beside it that it does not. */
export interface LintCase {
  readonly code: string;
  /** Bodies of `up`: JavaScript with `k` for Knex; a text without `await` is SQL. */
  readonly found: readonly string[];
  readonly safe: readonly string[];
  /** The migrations run without a transaction. */
  readonly alone?: 'found' | 'safe' | 'both';
}

/** The tables that the cases work on were made by this migration, long ago. */
export const BASE = `
await k.schema.createTable('people', (t) => { t.bigIncrements(); t.string('name', 50); t.integer('age').notNullable(); t.text('note'); t.bigInteger('boss_id'); });
await k.schema.createTable('pets', (t) => { t.bigIncrements(); t.string('name'); t.bigInteger('owner_id'); });
`;

/** On both engines. */
export const SHARED_CASES: readonly LintCase[] = [
  {
    code: 'DROP_TABLE',
    found: [
      "await k.schema.dropTable('pets');",
      "await k.schema.dropTableIfExists('pets');",
      'drop table pets',
    ],
    safe: [
      "await k.schema.createTable('tmp', (t) => { t.bigIncrements(); }); await k.schema.dropTable('tmp');",
    ],
  },
  {
    code: 'DROP_COLUMN',
    found: ["await k.schema.alterTable('people', (t) => { t.dropColumn('note'); });"],
    safe: [
      "await k.schema.createTable('fresh', (t) => { t.bigIncrements(); t.text('gone'); }); await k.schema.alterTable('fresh', (t) => { t.dropColumn('gone'); });",
    ],
  },
  {
    code: 'CHANGES_VALUES',
    found: ["await k.schema.alterTable('people', (t) => { t.integer('note').alter(); });"],
    safe: [
      "await k.schema.alterTable('people', (t) => { t.bigInteger('age').notNullable().alter(); });",
      "await k.schema.alterTable('people', (t) => { t.string('name', 90).alter(); });",
    ],
  },
  {
    code: 'DELETE_ALL',
    found: ["await k('pets').delete();", 'delete from pets'],
    safe: ["await k('pets').where('id', '<', 5).delete();"],
  },
  {
    code: 'BACKFILL',
    found: ["await k('people').update({ note: 'x' });", "update people set note = 'x'"],
    safe: ["await k('people').whereNull('note').where('id', '<', 1000).update({ note: 'x' });"],
  },
  {
    code: 'DROP_NOT_NULL',
    found: ["await k.schema.alterTable('people', (t) => { t.setNullable('age'); });"],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.schema.alterTable('new_one', (t) => { t.setNullable('a'); });",
      "await k.schema.alterTable('people', (t) => { t.setNullable('note'); });",
      "await k.schema.alterTable('people', (t) => { t.bigInteger('age2'); });",
    ],
  },
  {
    code: 'ADD_REQUIRED_COLUMN',
    found: ["await k.schema.alterTable('people', (t) => { t.integer('size').notNullable(); });"],
    safe: [
      "await k.schema.alterTable('people', (t) => { t.integer('size').notNullable().defaultTo(1); });",
      "await k.schema.alterTable('people', (t) => { t.integer('size'); });",
    ],
  },
  {
    code: 'SET_NOT_NULL',
    found: ["await k.schema.alterTable('people', (t) => { t.dropNullable('note'); });"],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.schema.alterTable('new_one', (t) => { t.dropNullable('b'); });",
      "await k.schema.createTable('n', (t) => { t.bigIncrements(); t.text('a').notNullable(); });",
    ],
  },
  {
    code: 'RENAME_TABLE',
    found: ["await k.schema.renameTable('pets', 'animals');", 'alter table pets rename to animals'],
    safe: [
      "await k.schema.createTable('one', (t) => { t.bigIncrements(); }); await k.schema.renameTable('one', 'two');",
    ],
  },
  {
    code: 'RENAME_COLUMN',
    found: [
      "await k.schema.alterTable('pets', (t) => { t.renameColumn('name', 'called'); });",
      'alter table pets rename column name to called',
    ],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.schema.alterTable('new_one', (t) => { t.renameColumn('a', 'c'); });",
      "await k.schema.alterTable('pets', (t) => { t.text('called'); });",
    ],
  },
  {
    code: 'UNIQUE_INDEX',
    found: ['create unique index pets_name on pets (name)'],
    safe: ['create index pets_name on pets (name)'],
  },
  {
    code: 'WIDE_INDEX',
    found: ["await k.schema.alterTable('people', (t) => { t.index(['name', 'age', 'note', 'boss_id']); });"],
    safe: ["await k.schema.alterTable('people', (t) => { t.index(['name', 'age', 'note']); });"],
  },
  {
    code: 'RAW_TABLE',
    found: ['create table own (id bigint primary key)', 'create table own as select * from pets'],
    safe: [
      "await k.schema.createTable('own', (t) => { t.bigIncrements(); });",
      'create temporary table own (id bigint primary key)',
    ],
  },
  {
    code: 'SEVERAL_CHANGES',
    found: [
      "await k.schema.alterTable('people', (t) => { t.text('a'); }); await k.schema.alterTable('pets', (t) => { t.text('a'); });",
    ],
    safe: ["await k.schema.alterTable('people', (t) => { t.text('a'); t.text('b'); });"],
    alone: 'both',
  },
  {
    code: 'NOT_FOLLOWED',
    found: ["throw new Error('half way');"],
    safe: ["await k.schema.alterTable('people', (t) => { t.text('a'); });"],
  },
  {
    code: 'UNUSED_IGNORE',
    found: [
      "// knex-meta-lint-ignore DROP_TABLE nothing here\nawait k.schema.alterTable('people', (t) => { t.text('a'); });",
    ],
    safe: ["// knex-meta-lint-ignore DROP_TABLE it is empty\nawait k.schema.dropTable('pets');"],
  },
];

/** On SQLite alone. */
export const SQLITE_CASES: readonly LintCase[] = [
  {
    code: 'REBUILD',
    found: ["await k.schema.alterTable('people', (t) => { t.dropColumn('note'); });"],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.schema.alterTable('new_one', (t) => { t.dropColumn('a'); });",
      "await k.schema.alterTable('people', (t) => { t.text('other'); });",
    ],
  },
  {
    code: 'IDLE_PRAGMA',
    found: ['pragma foreign_keys = off'],
    safe: ['pragma defer_foreign_keys = on'],
  },
  {
    code: 'IDLE_PRAGMA',
    found: ['pragma foreign_keys = 0'],
    safe: ['pragma foreign_keys = off'],
    alone: 'safe',
  },
  {
    code: 'TRANSACTION_WORD',
    found: ["await k.raw('begin'); await k.raw('commit');"],
    safe: [
      "await k.raw('savepoint a'); await k.raw('rollback to a');",
      "await k.transaction(async (trx) => { await trx.schema.createTable('x', (t) => { t.bigIncrements(); }); });",
    ],
    alone: 'both',
  },
];

/** On PostgreSQL alone. */
export const POSTGRESQL_CASES: readonly LintCase[] = [
  {
    code: 'DROP_DATABASE',
    found: ['drop schema old cascade', 'drop database old'],
    safe: ['drop view v', 'drop type mood cascade', 'create schema new'],
  },
  {
    code: 'DROP_CASCADE',
    found: ['drop type mood cascade', 'drop view v cascade', 'drop table pets cascade'],
    safe: ['drop type mood'],
  },
  {
    code: 'TRUNCATE',
    found: ['truncate pets', 'truncate people cascade'],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.raw('truncate new_one');",
      'delete from pets where id < 5',
    ],
  },
  {
    code: 'DROP_CONSTRAINT',
    found: [
      "await k.schema.alterTable('pets', (t) => { t.dropUnique(['name']); });",
      'alter table pets drop constraint c',
    ],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.raw('alter table new_one drop constraint c');",
      'alter table pets add constraint c check (id > 0) not valid',
    ],
  },
  {
    code: 'VOLATILE_DEFAULT',
    found: [
      "await k.schema.alterTable('pets', (t) => { t.uuid('key').defaultTo(k.raw('gen_random_uuid()')); });",
      'alter table pets add column r float default random()',
      'alter table pets add column r int default own_function()',
      'alter table pets add column r timestamptz default clock_timestamp()',
    ],
    safe: [
      'alter table pets add column r timestamptz not null default now()',
      'alter table pets add column r int default 5',
      'alter table pets add column r timestamptz default current_timestamp',
      "alter table pets add column r jsonb default '{}'",
    ],
  },
  {
    code: 'ADD_SERIAL_COLUMN',
    found: [
      'alter table pets add column n bigserial',
      'alter table pets add column n bigint generated always as identity',
      "await k.schema.alterTable('pets', (t) => { t.bigIncrements('n', { primaryKey: false }); });",
    ],
    safe: ['alter table pets add column n bigint'],
  },
  {
    code: 'ADD_STORED_COLUMN',
    found: ['alter table pets add column l int generated always as (length(name)) stored'],
    safe: [
      'alter table pets add column l int generated always as (length(name)) virtual',
      'alter table pets add column l int',
    ],
  },
  {
    code: 'SET_NOT_NULL',
    found: [
      'alter table people alter column note set not null',
      'alter table people add constraint c check (note is not null) not valid; alter table people alter column note set not null',
    ],
    safe: [
      'alter table people add constraint c check (note is not null) not valid; alter table people validate constraint c; alter table people alter column note set not null',
      'alter table people alter column age set not null',
    ],
  },
  {
    code: 'CHANGE_TYPE',
    found: [
      "await k.schema.alterTable('people', (t) => { t.bigInteger('age').notNullable().alter(); });",
      'alter table people alter column name type varchar(10)',
      'alter table people alter column name type text using upper(name)',
      'alter table unknown alter column x type text',
    ],
    safe: [
      'alter table people alter column name type varchar(90)',
      "await k.schema.alterTable('people', (t) => { t.text('name').alter(); });",
    ],
  },
  {
    code: 'CHANGES_VALUES',
    found: [
      'alter table people alter column name type varchar(10) using name::varchar(10)',
      "await k.schema.alterTable('people', (t) => { t.string('name', 10).alter(); });",
    ],
    safe: ['alter table people alter column name type varchar(90) using name::varchar(90)'],
  },
  {
    code: 'CAST',
    found: [
      'alter table people alter column name type varchar(10)',
      'alter table people alter column age type smallint',
      'alter table people alter column name type integer using name::integer',
    ],
    safe: [
      'alter table people alter column age type bigint',
      'alter table people alter column name type text',
    ],
  },
  {
    code: 'RENAME_OBJECT',
    found: [
      "alter type mood rename value 'sad' to 'blue'",
      'alter schema a rename to b',
      'alter type mood rename to feeling',
      'alter view v rename to w',
    ],
    safe: ["alter type mood add value 'blue' after 'sad'", 'alter index i rename to j'],
  },
  {
    code: 'CHECK_VALIDATES',
    found: [
      'alter table pets add constraint c check (id > 0)',
      "await k.schema.alterTable('people', (t) => { t.check('age > 0', {}, 'c'); });",
    ],
    safe: [
      'alter table pets add constraint c check (id > 0) not valid',
      "await k.schema.createTable('c', (t) => { t.bigIncrements(); t.integer('a'); }); await k.schema.alterTable('c', (t) => { t.check('a > 0', {}, 'c'); });",
    ],
  },
  {
    code: 'FOREIGN_KEY_VALIDATES',
    found: [
      "await k.schema.alterTable('pets', (t) => { t.foreign('owner_id').references('people.id'); });",
      'alter table pets add foreign key (owner_id) references people (id)',
      'alter table pets add column p bigint default 1 references people (id)',
    ],
    safe: [
      'alter table pets add foreign key (owner_id) references people (id) not valid',
      "await k.schema.createTable('toys', (t) => { t.bigIncrements(); t.bigInteger('pet_id').references('pets.id'); });",
      'alter table pets add column p bigint references people (id)',
    ],
  },
  {
    code: 'VALIDATE_IN_SAME_TRANSACTION',
    found: [
      'alter table pets add constraint c check (id > 0) not valid; alter table pets validate constraint c',
    ],
    safe: ['alter table pets validate constraint older'],
  },
  {
    code: 'UNIQUE_BUILDS_INDEX',
    found: [
      "await k.schema.alterTable('pets', (t) => { t.unique(['name']); });",
      'alter table pets add primary key (name)',
      'alter table pets add column code text unique',
    ],
    safe: [
      'alter table pets add column code text',
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.raw('alter table new_one add column code text unique');",
      'alter table pets add constraint u unique using index pets_name',
    ],
  },
  {
    code: 'EXCLUSION_BUILDS_INDEX',
    found: ['alter table pets add constraint e exclude using gist (name with =)'],
    safe: ['alter table pets add constraint c check (id > 0) not valid'],
  },
  {
    code: 'INDEX_LOCKS',
    found: [
      "await k.schema.alterTable('pets', (t) => { t.index(['name']); });",
      'create index i on pets (name)',
    ],
    safe: [
      'create index concurrently i on pets (name)',
      "await k.schema.createTable('x', (t) => { t.bigIncrements(); t.text('a').index(); });",
    ],
  },
  {
    code: 'DROP_INDEX_LOCKS',
    found: ["await k.schema.alterTable('pets', (t) => { t.dropIndex(['name']); });", 'drop index i'],
    safe: ['drop index concurrently i'],
  },
  {
    code: 'CONCURRENTLY_IN_TRANSACTION',
    found: [
      'create index concurrently i on pets (name)',
      'drop index concurrently i',
      'reindex table concurrently pets',
      'alter table pets detach partition p concurrently',
      'vacuum pets',
      'create database d',
      "alter system set work_mem = '1MB'",
    ],
    safe: [
      'drop index concurrently i',
      'alter table pets detach partition p concurrently',
      'create index concurrently i on pets (name)',
      'reindex index concurrently i',
      'vacuum pets',
    ],
    alone: 'safe',
  },
  {
    code: 'REINDEX_LOCKS',
    found: ['reindex table pets', 'reindex index i'],
    safe: ['reindex table concurrently pets'],
  },
  {
    code: 'DETACH_LOCKS',
    found: ['alter table pets detach partition p'],
    safe: ['alter table pets detach partition p concurrently'],
  },
  {
    code: 'ATTACH_SCANS',
    found: ['alter table pets attach partition old for values in (1)'],
    safe: [
      "await k.schema.createTable('young', (t) => { t.bigInteger('id'); }); await k.raw('alter table pets attach partition young for values in (1)');",
    ],
  },
  {
    code: 'REWRITES_TABLE',
    found: [
      'vacuum full pets',
      'cluster pets using i',
      'alter table pets set unlogged',
      'alter table pets set tablespace fast',
      'alter table pets set access method heap',
    ],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.raw('cluster new_one using i');",
      'vacuum pets',
      'alter table pets set (fillfactor = 70)',
    ],
  },
  {
    code: 'LOCK_TABLE',
    found: ['lock table pets in share mode'],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.raw('lock table new_one');",
      'alter table pets add column mode text',
    ],
  },
  {
    code: 'REFRESH_LOCKS',
    found: ["await k.schema.refreshMaterializedView('sums');"],
    safe: ["await k.schema.refreshMaterializedView('sums', true);"],
  },
  {
    code: 'CREATE_TRIGGER',
    found: ['create trigger t before update on pets for each row execute function f()'],
    safe: [
      "await k.schema.createTable('new_one', (t) => { t.bigIncrements(); t.text('a').notNullable(); t.text('b'); }); await k.raw('create trigger t before update on new_one for each row execute function f()');",
      "await k.schema.createTable('x', (t) => { t.bigIncrements(); });",
    ],
  },
  {
    code: 'SEVERAL_LOCKS',
    found: [
      "await k.schema.alterTable('people', (t) => { t.text('a'); }); await k.schema.alterTable('pets', (t) => { t.text('a'); });",
    ],
    safe: ["await k.schema.alterTable('people', (t) => { t.text('a'); t.text('b'); });"],
  },
  {
    code: 'TIMEOUT_MISSING',
    found: ["await k.schema.alterTable('people', (t) => { t.text('a'); });"],
    safe: [
      "await k.raw(\"set local lock_timeout = '2s'\"); await k.schema.alterTable('people', (t) => { t.text('a'); });",
      "await k.raw(\"select set_config('lock_timeout', '2s', true)\"); await k.schema.alterTable('people', (t) => { t.text('a'); });",
      "await k.schema.createTable('x', (t) => { t.bigIncrements(); });",
    ],
  },
  {
    code: 'TRANSACTION_WORD',
    found: ['begin', 'commit', 'rollback'],
    safe: ['savepoint a', "await k.transaction(async (trx) => { await trx.raw('savepoint a'); });"],
  },
  {
    code: 'CHAR_TYPE',
    found: [
      'alter table people alter column name type char(3)',
      "await k.schema.createTable('x', (t) => { t.specificType('c', 'char(3)'); });",
      'alter table pets add column c char(3)',
    ],
    safe: [
      "await k.schema.createTable('x', (t) => { t.specificType('c', 'varchar(3)'); });",
      'alter table people alter column name type text',
      'alter table pets add column c varchar(3)',
      'alter table pets add column c text',
    ],
  },
  {
    code: 'SMALL_KEY',
    found: [
      "await k.schema.createTable('x', (t) => { t.increments(); });",
      "await k.schema.createTable('x', (t) => { t.integer('a'); t.integer('b'); t.primary(['a', 'b']); });",
      'alter table pets add column s smallserial',
    ],
    safe: [
      'alter table pets add column s bigserial',
      "await k.schema.createTable('x', (t) => { t.bigIncrements(); t.integer('amount'); });",
    ],
  },
  {
    code: 'SERIAL',
    found: ['alter table pets add column n bigserial', 'create table x (id bigserial primary key)'],
    safe: [
      'alter table pets add column n bigint',
      'create table x (id bigint generated by default as identity primary key)',
      "await k.schema.createTable('x', (t) => { t.bigIncrements(); });",
    ],
  },
  {
    code: 'VARCHAR_LIMIT',
    found: [
      "await k.schema.createTable('x', (t) => { t.string('a'); });",
      'alter table people alter column name type varchar(90)',
      "await k.schema.alterTable('pets', (t) => { t.string('a'); });",
    ],
    safe: [
      "await k.schema.createTable('x', (t) => { t.text('a'); });",
      'alter table people alter column name type text',
      "await k.schema.alterTable('pets', (t) => { t.text('a'); });",
    ],
  },
  {
    code: 'TIMESTAMP_WITHOUT_ZONE',
    found: [
      "await k.schema.createTable('x', (t) => { t.timestamp('at', { useTz: false }); });",
      'alter table pets add column at timestamp(3)',
      'alter table pets alter column note type timestamp using now()',
    ],
    safe: [
      'alter table pets alter column note type timestamptz using now()',
      "await k.schema.createTable('x', (t) => { t.timestamp('at'); t.timestamps(true, true); });",
      'alter table pets add column at timestamptz(3)',
    ],
  },
  {
    code: 'JSON_TYPE',
    found: [
      "await k.schema.createTable('x', (t) => { t.json('a'); });",
      'alter table people alter column note type json using to_json(note)',
      "await k.schema.alterTable('pets', (t) => { t.json('j'); });",
    ],
    safe: [
      "await k.schema.createTable('x', (t) => { t.jsonb('a'); });",
      'alter table people alter column note type jsonb using to_jsonb(note)',
      "await k.schema.alterTable('pets', (t) => { t.jsonb('j'); });",
    ],
  },
  {
    code: 'DOMAIN_CONSTRAINT',
    found: [
      'create domain d as int check (value > 0)',
      'alter domain d add check (value > 0)',
      'create domain d as int not null',
    ],
    safe: ['create domain d as int', 'alter domain d drop constraint c'],
  },
  {
    code: 'ENUM_VALUE_ORDER',
    found: ["alter type mood add value 'blue'"],
    safe: ["alter type mood add value 'blue' before 'sad'"],
  },
  {
    code: 'SEARCH_PATH',
    found: [
      'set search_path to other',
      'set local search_path to other',
      "select set_config('search_path', 'x', false)",
    ],
    safe: ["set local lock_timeout = '1s'", 'reset search_path'],
  },
  {
    code: 'SESSION_SETTING',
    found: ["set lock_timeout = '1s'", "select set_config('work_mem', '1MB', false)"],
    safe: ["set local lock_timeout = '1s'", "select set_config('work_mem', '1MB', true)"],
  },
  {
    code: 'TABLE_WITHOUT_SCHEMA',
    found: ["await k.schema.createTable('x', (t) => { t.bigIncrements(); });"],
    safe: ["await k.schema.withSchema('public').createTable('x', (t) => { t.bigIncrements(); });"],
  },
  {
    code: 'LONG_NAME',
    found: [`create index concurrently ${'i'.repeat(64)} on pets (name)`],
    safe: [`create index concurrently ${'i'.repeat(63)} on pets (name)`],
  },
  {
    code: 'REPEATED_ASSIGNMENT',
    found: ["update pets set name = 'a', name = 'b' where id = 1"],
    safe: ["update pets set name = 'a', owner_id = 1 where id = 1"],
  },
  {
    code: 'FRAGILE',
    found: ['create index concurrently a on pets (name); create index concurrently b on pets (owner_id)'],
    safe: [
      'create index concurrently a on pets (name)',
      'create index concurrently if not exists a on pets (name); create index concurrently if not exists b on pets (id)',
    ],
    alone: 'both',
  },
  {
    code: 'RIGHTS',
    found: [
      'grant select on pets to reader',
      'alter table pets enable row level security',
      'alter table pets owner to me',
      'create policy p on pets',
    ],
    safe: ['alter table pets add column rights text'],
  },
  { code: 'UPDATE_EXTENSION', found: ['alter extension pg_trgm update'], safe: ['create extension pg_trgm'] },
  {
    code: 'NOT_READ',
    found: ['selec 1', 'alter table pets modify column name text'],
    safe: ['alter table pets add column mode text'],
  },
  {
    code: 'COPIES_METADATA',
    found: [
      "await k.schema.alterTable('people', (t) => { t.date('created_at'); });",
      "await k.schema.alterTable('people', (t) => { t.timestamp('created_at', { useTz: false }); });",
      'alter table people add column updated_at timestamptz(0)',
    ],
    safe: [
      "await k.schema.alterTable('people', (t) => { t.timestamp('created_at').defaultTo(k.fn.now()); });",
      "await k.schema.alterTable('people', (t) => { t.timestamps(true, true); });",
      "await k.schema.alterTable('people', (t) => { t.timestamps(); t.string('more'); });",
      "await k.schema.alterTable('people', (t) => { t.text('notes'); });",
      'alter table people add column created_at timestamptz not null default now()',
      "await k.schema.createTable('fresh', (t) => { t.string('a'); }); await k.schema.alterTable('fresh', (t) => { t.date('created_at'); });",
      'update people set age = 1 where id = 1',
    ],
  },
];
