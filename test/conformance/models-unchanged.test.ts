import { expect } from 'chai';
import type { Knex } from 'knex';
import { defineFunction, defineTrigger } from '../../lib/models/defineFunction.js';
import { defineModel } from '../../lib/models/defineModel.js';
import { defineSql } from '../../lib/models/defineSql.js';
import { defineView } from '../../lib/models/defineView.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import { introspect } from '../support/introspection.js';
import { desiredOf } from '../support/models.js';
import { onEachEngine } from './support.js';

type Columns = (t: Knex.CreateTableBuilder) => void;

const id: Columns = (t) => void t.increments('id');

/** Each has something of its own that may change. */
const TABLES: Readonly<Record<string, Columns>> = {
  first: id,
  plain: id,
  typed: (t) => {
    t.string('a', 50).notNullable().defaultTo("it's (a), 'b'");
    t.decimal('b', 12, 3);
    t.bigInteger('c').defaultTo(7);
    t.jsonb('d');
    t.uuid('e').primary();
    t.timestamp('f', { useTz: false, precision: 3 });
  },
  keyed: (t) => {
    t.integer('a');
    t.integer('b').unique();
    t.primary(['a', 'b'], 'keyed_key' as never);
    t.unique(['b', 'a'], { indexName: 'keyed_both' });
  },
  referring: (t) => {
    t.bigIncrements('id');
    t.integer('plain').references('id').inTable('plain').onDelete('cascade').onUpdate('set null');
    t.integer('self').unique();
    t.integer('other').references('self').inTable('referring');
    t.index(['plain', 'self'], 'by_both');
    t.index(['other']);
  },
  checked: (t) => {
    t.enu('role', ['a', 'bc']).defaultTo('a').notNullable();
    t.integer('n').checkPositive();
    t.integer('m').checkBetween([1, 5], 'in_range');
  },
  said: (t) => {
    t.integer('a').comment("a column's");
    t.comment('the table');
  },
  stamped: (t) => void t.timestamps(true, true),
  bare: (t) => {
    t.integer('a');
    t.metadata(false);
  },
  'Mixed "Case': (t) => void t.string('Some "Name').index(),
  // Columns of one name: a change can make one of them the other.
  counted: (t) => void t.integer('size'),
  measured: (t) => void t.bigInteger('size'),
  viewed: id,
  touched: id,
  ...Object.fromEntries(Array.from({ length: 6 }, (_, number) => [`more_${number}`, id])),
};

/** What may have happened in the database since, in SQL of both engines or of one. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  both: [
    'alter table plain add column more integer',
    'alter table typed drop column c',
    'alter table typed rename column c to cc',
    'drop index by_both',
    'create index more_index on plain (id)',
    'create unique index more_unique on typed (a)',
    'drop table referring',
    'alter table said rename to say',
    'drop index an_index',
  ],
  sqlite: [
    'drop trigger update_timestamp_plain',
    'drop trigger own',
    'create trigger more_trigger after delete on plain begin select 1; end',
  ],
  postgresql: [
    'alter table plain alter id type bigint',
    'alter table measured alter size type integer',
    'alter table counted alter size type bigint',
    'alter table typed alter a type varchar(51)',
    "alter table typed alter a set default 'it'",
    'alter table typed alter c drop default',
    'alter table typed alter a drop not null',
    'alter table typed alter a type varchar(50) collate "C"',
    'alter table keyed rename constraint keyed_key to other_key',
    'alter table keyed drop constraint keyed_both, add constraint keyed_both unique (a, b)',
    'alter table keyed drop constraint keyed_both, add constraint keyed_both unique (b, a) deferrable',
    'alter table referring drop constraint referring_plain_foreign',
    'alter table referring drop constraint referring_plain_foreign, add constraint referring_plain_foreign foreign key (plain) references plain',
    'alter table referring alter constraint referring_plain_foreign deferrable',
    'drop index by_both; create index by_both on referring (plain, self desc)',
    'drop index by_both; create index by_both on referring (plain, self) where self > 1',
    'drop index by_both; create index by_both on referring using hash (plain)',
    'alter table checked drop constraint checked_role_check',
    "alter table checked drop constraint checked_role_check, add constraint checked_role_check check (role in ('a'))",
    'alter table checked add check (n < 5)',
    'alter table plain add exclude (id with =)',
    'comment on column said.a is null',
    "comment on table said is 'other'",
    "comment on index by_both is 'other'",
    'alter sequence plain_id_seq increment 2',
    'alter table plain alter id drop default',
    'alter table plain set (fillfactor = 50)',
    'alter table plain enable row level security',
    'alter table bare set unlogged',
    'alter table plain disable trigger update_timestamp',
    'drop trigger update_timestamp on plain',
    'create trigger more_trigger before update on plain for each row execute function pg_catalog.suppress_redundant_updates_trigger()',
    'drop trigger update_timestamp on plain; create trigger update_timestamp before update on plain for each row execute function pg_catalog.suppress_redundant_updates_trigger()',
    'alter trigger update_timestamp on plain rename to other_name',
    'drop trigger own on touched',
    'alter table heir no inherit more_5',
    'comment on column plain.notes is null',
    "comment on column bare.a is 'knex-meta: x'",
    'alter table stamped alter updated_at type timestamp',
    'drop trigger update_timestamp on plain; create schema s; create table s.plain (id int unique); alter table referring drop constraint referring_plain_foreign, add constraint referring_plain_foreign foreign key (plain) references s.plain (id) on update set null on delete cascade',
  ],
};

onEachEngine('tables that are as their models ask', (open, engine) => {
  const isSqlite = engine === 'sqlite';
  const heir: Columns = (t) => {
    t.inherits('more_5');
    t.metadata(false);
  };
  const tables = Object.entries(isSqlite ? TABLES : { ...TABLES, heir });
  const models = [
    ...tables.map(([name, columns]) => defineModel(name, columns)),
    defineView('a_view', 'select id from viewed'),
    defineTrigger(
      'own',
      isSqlite
        ? 'after delete on touched begin select 1; end'
        : 'before delete on touched for each row execute function f()',
    ),
    defineSql('an_index', { create: 'create index an_index on more_0 (id)' }),
    ...(isSqlite
      ? []
      : [defineFunction('f', '() returns trigger language plpgsql as $$ begin return null; end $$')]),
  ];

  async function createAll(db: Knex): Promise<void> {
    for (const [name, columns] of tables) await db.schema.createTable(name, columns);
    await db.raw('create view a_view as select id from viewed');
    if (!isSqlite)
      await db.raw('create function f() returns trigger language plpgsql as $$ begin return null; end $$');
    const trigger = models.find(({ kind }) => kind === 'trigger');
    if (trigger?.kind === 'trigger') await db.raw(`create trigger ?? ${trigger.declaration}`, ['own']);
    await db.raw('create index an_index on more_0 (id)');
  }

  /** What comes out when every table is built. */
  async function builtOf(db: Knex, actual: DatabaseSchema): Promise<DatabaseSchema> {
    return (await desiredOf(db, models, { actual: { ...actual, tables: [] } })).schema;
  }

  it('are what they are when they are built, whatever has happened to the database', async () => {
    const db = open();
    await createAll(db);
    const same = await introspect(db);
    const built = await builtOf(db, same);
    expect((await desiredOf(db, models)).schema).to.deep.equal(built);
    expect(built.tables).to.deep.equal(same.tables);
    for (const sql of [...(CHANGES.both ?? []), ...(CHANGES[engine] ?? [])]) {
      const changed = await db.transaction();
      try {
        // A migration of the project would keep the metadata: these are what happens behind its back.
        for (const one of isSqlite ? [sql] : sql.split('; ')) await changed.raw(one);
        const { schema } = await desiredOf(changed, models);
        expect(schema, sql).to.deep.equal(built);
      } finally {
        await changed.rollback();
      }
    }
  });

  it('are not built again', async () => {
    const db = open();
    await createAll(db);
    const actual = await introspect(db);
    const seen: string[] = [];
    db.on('query', ({ sql }: { sql: string }) => void seen.push(sql));
    await desiredOf(db, models, { actual });
    const made = seen.join('\n');
    for (const name of ['first', 'plain', 'typed', 'keyed', 'referring', 'more_1'])
      expect(made, name).not.to.match(new RegExp(`create table [^(]*${name}`));
  });

  it('say what the engine refuses, also where the tables would be as many', async () => {
    const db = open();
    const twice: Columns = (t) => {
      for (const _each of [1, 2]) t.index(['a'], 'by_a');
    };
    const others = Array.from({ length: 12 }, (_, number) => defineModel(`t${number}`, id));
    for (const { name } of others) await db.schema.createTable(name, id);
    await db.schema.createTable('noted', (t) => {
      t.integer('a').index('by_a');
      t.integer('b').index('by_b');
    });
    const noted = defineModel('noted', (t) => {
      t.integer('a');
      t.integer('b');
      twice(t);
    });
    const failure = await desiredOf(db, [...others, noted]).catch((error: Error) => error);
    expect(String(failure)).to.match(/by_a.* already exists/);
  });
});

onEachEngine('many models', (open) => {
  it('refer to each other, however many are built at a time', async () => {
    const db = open({ tables: { exclude: ['*'] } });
    const count = 900;
    const models = Array.from({ length: count }, (_, number) =>
      defineModel(`t${number}`, (t) => {
        t.integer('id').primary();
        t.integer('next')
          .references('id')
          .inTable(`t${(number + 7) % count}`);
      }),
    );
    models.push(defineModel('plain_key', (t) => void t.integer('id').references('id').inTable('t3')));
    const view = defineView('a_view', 'select t5.next from t5 join t850 on t5.id = t850.id');
    const { schema } = await desiredOf(db, [...models, view]);
    expect(schema.tables.length).to.equal(count + 1);
    const wrong = schema.tables.filter(({ name, columns, foreignKeys, primaryKey }) => {
      const target = name === 'plain_key' ? 't3' : `t${(Number(name.slice(1)) + 7) % count}`;
      return (
        foreignKeys.length !== 1 ||
        foreignKeys[0]?.target.name !== target ||
        (name !== 'plain_key' && (columns.length !== 2 || primaryKey === undefined))
      );
    });
    expect(wrong).to.deep.equal([]);
    expect(
      schema.views.map(({ name, dependsOn }) => [name, dependsOn.map((each) => each.name)]),
    ).to.deep.equal([['a_view', ['t5', 't850']]]);
  });
});
