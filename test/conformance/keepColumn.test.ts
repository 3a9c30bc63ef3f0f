import { expect } from 'chai';
import type { Knex } from 'knex';
import { columnsOf, migrate, onEachEngine } from './support.js';

type Declare = (t: Knex.AlterTableBuilder, db: Knex) => unknown;

/** What tells whether a row was written: the file of the table, and who wrote each row. */
async function written(db: Knex): Promise<unknown> {
  const { rows } = await db.raw(
    "select pg_relation_filenode('t') as file, (select array_agg(xmin::text || ctid::text order by id) from t) as rows",
  );
  return rows[0];
}

async function ownNames(db: Knex): Promise<readonly string[]> {
  const { rows } = await db.raw(
    `select attname from pg_attribute where attrelid = 't'::regclass and attnum > 0 and not attisdropped
     and coalesce(col_description(attrelid, attnum) not like 'knex-meta:%', true) order by attnum`,
  );
  return (rows as { attname: string }[]).map(({ attname }) => attname);
}

async function definition(db: Knex, column: string): Promise<unknown> {
  const { rows } = await db.raw(
    `select format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
       pg_get_expr(d.adbin, d.adrelid) as "default", col_description(a.attrelid, a.attnum) as comment
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = 't'::regclass and a.attname = ?`,
    [column],
  );
  return rows[0];
}

const createT = (t: Knex.CreateTableBuilder) => {
  t.integer('id').primary();
  t.string('label');
};

/** A stock database with the same statements, to compare the definition with. */
const stockOf = async (db: Knex, declare: Declare, column: string) => {
  await db.schema.createTable('t', (t) => {
    createT(t);
    (t as unknown as { metadata(on: boolean): unknown }).metadata(false);
  });
  await db.schema.alterTable('t', (t) => void declare(t, db));
  const found = { columns: await ownNames(db), definition: await definition(db, column) };
  await db.schema.dropTable('t');
  return found;
};

/** Own columns for which no row has to be written. */
const KEPT: readonly (readonly [string, string, Declare])[] = [
  ['a timestamp with a default', 'created_at', (t, db) => t.timestamp('created_at').defaultTo(db.fn.now())],
  ['a timestamp without one', 'created_at', (t) => t.timestamp('created_at')],
  ['t.timestamps(true, true)', 'created_at', (t) => t.timestamps(true, true)],
  ['t.timestamps(true, true)', 'updated_at', (t) => t.timestamps(true, true)],
  ['a precision of 3', 'created_at', (t) => t.timestamp('created_at', { precision: 3 })],
  [
    'a precision of 6',
    'created_at',
    (t) => t.timestamp('created_at', { precision: 6 }).notNullable().defaultTo('2001-01-01Z'),
  ],
  [
    'a comment',
    'created_at',
    (t, db) => t.timestamp('created_at').defaultTo(db.fn.now()).comment("it's ? new"),
  ],
  ['one behind which others are added', 'created_at', (t) => [t.timestamp('created_at'), t.string('more')]],
  ['a text', 'notes', (t) => t.text('notes')],
  ['a flag', 'is_active', (t) => t.boolean('is_active').notNullable().defaultTo(true)],
  ['a flag that may be null', 'is_flagged', (t) => t.boolean('is_flagged').defaultTo(false)],
];

/** Own columns whose rows have to be written, because the value or the order of the columns would be another. */
const COPIED: readonly (readonly [string, string, Declare])[] = [
  ['a timestamp without zone', 'created_at', (t) => t.timestamp('created_at', { useTz: false })],
  ['whole seconds', 'created_at', (t) => t.timestamp('created_at', { precision: 0 })],
  ['a date', 'created_at', (t) => t.date('created_at')],
  ['one behind another', 'created_at', (t) => [t.string('more'), t.timestamp('created_at')]],
  ['one with an index', 'created_at', (t) => t.timestamp('created_at').index()],
  ['a flag with another default', 'is_active', (t) => t.boolean('is_active').defaultTo(false)],
  ['a text with a default', 'notes', (t) => t.text('notes').defaultTo('none')],
];

onEachEngine('an own column that takes over a metadata column', (open, engine) => {
  if (engine !== 'postgresql') return;
  const rows = [
    { id: 1, label: 'a', notes: 'kept', is_active: false, is_flagged: true },
    { id: 2, label: 'b' },
  ];

  for (const [list, isKept] of [
    [KEPT, true],
    [COPIED, false],
  ] as const) {
    for (const [what, column, declare] of list) {
      it(`${what} (${column}): ${isKept ? 'no row is written' : 'values are copied'}, and it is as stock Knex makes it`, async () => {
        const db = open();
        const stock = await stockOf(db, declare, column);
        await db.schema.createTable('t', createT);
        await db('t').insert(rows);
        const before = await db('t').select('id', column).orderBy('id');
        const file = await written(db);
        await db.schema.alterTable('t', (t) => void declare(t, db));
        if (isKept) {
          expect(await written(db)).to.deep.equal(file);
          expect(await db('t').select('id', column).orderBy('id')).to.deep.equal(before);
        } else expect(await written(db)).not.to.deep.equal(file);
        expect({ columns: await ownNames(db), definition: await definition(db, column) }).to.deep.equal(
          stock,
        );
        expect((await columnsOf(db, 't')).filter(({ name }) => name.startsWith('knex_meta_'))).to.deep.equal(
          [],
        );
      });
    }
  }

  it('raw SQL, without a transaction, up and down and up', async () => {
    const db = open();
    const steps = {
      '1_create': {
        up: (trx: Knex) => trx.schema.createTable('t', createT),
        down: (trx: Knex) => trx.schema.dropTable('t'),
      },
      '2_add': {
        config: { transaction: false },
        up: (trx: Knex) => trx.raw('alter table t add column created_at timestamptz default now()'),
        down: (trx: Knex) => trx.raw('alter table t drop column created_at'),
      },
    };
    await migrate(db, steps).up();
    await db('t').insert(rows);
    for (let round = 0; round < 2; round += 1) {
      const file = await written(db);
      await migrate(db, steps).up();
      expect(await written(db)).to.deep.equal(file);
      expect(await ownNames(db)).to.deep.equal(['id', 'label', 'created_at']);
      await migrate(db, steps).down();
      expect(await ownNames(db)).to.deep.equal(['id', 'label']);
    }
  });

  it('own columns that were added before keep their place, also for INSERT without a list', async () => {
    const db = open();
    await db.schema.createTable('t', createT);
    await db('t').insert(rows);
    await db.schema.alterTable('t', (t) => void t.timestamp('seen'));
    await db.schema.alterTable('t', (t) => void t.timestamp('created_at'));
    expect(await ownNames(db)).to.deep.equal(['id', 'label', 'seen', 'created_at']);
    await db.raw("insert into t values (3, 'c', '2001-01-01', '2002-02-02')");
    const row = await db('t').where({ id: 3 }).first();
    expect([row.seen.getUTCFullYear(), row.created_at.getUTCFullYear()]).to.deep.equal([2001, 2002]);
  });

  it('INSERT without a list after the metadata column became the own one', async () => {
    const db = open();
    await db.schema.createTable('t', createT);
    await db.schema.alterTable('t', (t) => void t.timestamp('created_at'));
    await db.raw("insert into t values (3, 'c', '2002-02-02')");
    const row = await db('t').first();
    expect([row.created_at.getUTCFullYear(), row.is_active]).to.deep.equal([2002, true]);
  });

  it('an index on the metadata column stays', async () => {
    const db = open();
    await db.schema.createTable('t', createT);
    await db('t').insert(rows);
    await db.schema.alterTable('t', (t) => void t.index('created_at', 'by_time'));
    await db.schema.alterTable('t', (t) => void t.timestamps(true, true));
    const found = await db.raw("select pg_get_indexdef('by_time'::regclass) as text");
    expect(found.rows[0].text).to.match(/\(created_at\)$/);
  });

  it('row level security that is forced on the owner hides no row and is forced afterwards', async () => {
    const db = open();
    await db.schema.createTable('t', createT);
    await db('t').insert(rows);
    const role = `takes_over_${process.pid}`;
    await db.raw(`create role ${role}`);
    try {
      await db.raw(`grant create, usage on schema public to ${role}; alter table t owner to ${role};
          alter table t enable row level security; alter table t force row level security`);
      const file = await written(db);
      await db.transaction(async (trx) => {
        await trx.raw(`set local role ${role}`);
        await trx.schema.alterTable('t', (t) => void t.timestamp('created_at').defaultTo(trx.fn.now()));
      });
      expect(await written(db)).to.deep.equal(file);
      const {
        rows: [found],
      } = await db.raw("select relforcerowsecurity as forced from pg_class where oid = 't'::regclass");
      expect(found.forced).to.equal(true);
    } finally {
      await db.raw(`drop owned by ${role} cascade; drop role ${role}`);
    }
  });

  it('a warning says how many rows are updated, where they are many', async () => {
    const warnings: string[] = [];
    const db = open({}, { log: { warn: (message: string) => void warnings.push(message) } });
    await db.schema.createTable('t', createT);
    await db('t').insert(rows);
    await db.schema.alterTable('t', (t) => void t.date('created_at'));
    expect(warnings).to.deep.equal([]);
    await db.raw('insert into t (id) select n from generate_series(3, 10000) n');
    await db.schema.alterTable('t', (t) => void t.date('updated_at'));
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(/own column t[.]updated_at: 10000 rows are updated/);
  });

  it('a partitioned table gets copies, and its partitions are whole', async () => {
    const db = open();
    await db.raw('create table t (id int primary key, label text) partition by range (id)');
    await db.raw('create table t1 partition of t for values from (0) to (10)');
    await db('t').insert({ id: 1, label: 'a' });
    await db.schema.alterTable('t', (t) => void t.timestamp('created_at').defaultTo(db.fn.now()));
    expect((await db('t1').first()).created_at).to.be.instanceOf(Date);
  });
});
