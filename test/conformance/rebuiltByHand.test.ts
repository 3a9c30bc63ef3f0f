import { expect } from 'chai';
import type { Knex } from 'knex';
import { onEachEngine, triggersOf } from './support.js';

type Step = (db: Knex) => Promise<unknown>;

const build =
  (name: string): Step =>
  (db) =>
    db.schema.createTable(name, (t) => {
      t.increments('id');
      t.string('nick');
    });

const raw =
  (...statements: readonly string[]): Step =>
  async (db) => {
    for (const sql of statements) await db.raw(sql);
  };

const swap: Step = (db) => db.schema.dropTable('plans').renameTable('plans_new', 'plans');

const copy = (sql: string): readonly Step[] => [build('plans_new'), raw(sql), swap];

const WAYS: readonly (readonly [string, readonly Step[]])[] = [
  [
    'insert(select) of the builder',
    [build('plans_new'), (db) => db('plans_new').insert(db.select('id', 'nick').from('plans')), swap],
  ],
  [
    'insert(select) of the builder, with a list and an alias',
    [
      build('plans_new'),
      (db) =>
        db(db.raw('?? (??, ??)', ['plans_new', 'nick', 'id'])).insert(
          db.select({ nick: 'p.nick', id: 'p.id' }).from({ p: 'plans' }),
        ) as unknown as Promise<unknown>,
      swap,
    ],
  ],
  ['raw insert-select', copy('insert into plans_new (id, nick) select id, nick from plans')],
  [
    'expressions beside the key',
    copy('INSERT INTO "plans_new" (nick, id) SELECT upper(p.nick), p.id FROM plans AS p'),
  ],
  [
    'a common table',
    copy(
      'with old as (select id as number, nick from plans where id > 0) insert into plans_new (id, nick) select number, nick from old',
    ),
  ],
  [
    'a common table in the query',
    copy(
      'insert into plans_new (id, nick) with old as (select * from plans) select old.id, old.nick from old',
    ),
  ],
  [
    'a subquery',
    copy('insert into plans_new (id, nick) select s.id, s.nick from (select id, nick from plans) s'),
  ],
  [
    'a join',
    copy(
      'insert into plans_new (id, nick) select p.id, t.name from plans p left join teams t on t.plan_id = p.id',
    ),
  ],
  [
    'a union',
    copy(
      'insert into plans_new (id, nick) select id, nick from plans where id = 1 union all select id, nick from plans where id <> 1',
    ),
  ],
  [
    'several statements',
    [
      build('plans_new'),
      raw(
        'insert into plans_new (id, nick) select id, nick from plans where id = 1',
        'insert into plans_new (id, nick) select id, nick from plans where id > 1',
        "update plans_new set nick = 'changed' where id = 2",
      ),
      raw('drop table plans', 'alter table plans_new rename to plans'),
    ],
  ],
  [
    'the old table renamed away and dropped',
    [
      (db) => db.schema.renameTable('plans', 'plans_old'),
      build('plans'),
      raw('insert into plans (id, nick) select id, nick from plans_old', 'drop table plans_old'),
    ],
  ],
  [
    'the old table renamed away and kept',
    [
      raw('alter table plans rename to plans_old'),
      build('plans'),
      raw('insert into plans (id, nick) select id, nick from plans_old'),
    ],
  ],
  [
    'the old table renamed away at the end',
    [
      build('plans_new'),
      raw(
        'insert into plans_new (id, nick) select id, nick from plans',
        'alter table plans rename to plans_old',
        'alter table plans_new rename to plans',
      ),
    ],
  ],
];

onEachEngine('a table rebuilt by hand', (open, engine) => {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
  });

  async function prepared(): Promise<Knex> {
    const db = open({}, { log: { warn: (message: string) => void lines.push(message) } });
    await build('plans')(db);
    await db.schema.createTable('teams', (t) => {
      t.integer('plan_id');
      t.string('name');
    });
    await db('plans').insert([{ nick: 'a' }, { nick: 'b' }]);
    await db('plans').where({ id: 1 }).update({ is_active: false, notes: 'gone', created_at: '2001-02-03' });
    return db;
  }

  const metadata = (db: Knex, table = 'plans') =>
    db(table).orderBy('id').select('id', 'is_active', 'is_flagged', 'notes', 'created_at', 'updated_at');

  for (const inTransaction of [true, false]) {
    for (const [title, steps] of WAYS) {
      it(`${title}${inTransaction ? '' : ', without a transaction'}: the rows keep their metadata`, async () => {
        const db = await prepared();
        const before = await metadata(db);
        const run = async (on: Knex): Promise<void> => {
          for (const step of steps) await step(on);
        };
        await (inTransaction ? db.transaction(run) : run(db));
        expect(await metadata(db)).to.deep.equal(before);
        expect(lines.filter((line) => /begin anew/.test(line))).to.deep.equal([]);
        expect((await triggersOf(db)).filter(({ table }) => table === 'plans')).to.have.length(1);
      });
    }
  }

  it('metadata that the statements set themselves stay', async () => {
    const db = await prepared();
    for (const step of copy("insert into plans_new (id, nick, notes) select id, nick, 'copied' from plans"))
      await step(db);
    const rows = await metadata(db);
    expect(rows.map((row) => [Boolean(row.is_active), row.notes])).to.deep.equal([
      [false, 'copied'],
      [true, 'copied'],
    ]);
  });

  for (const [title, steps] of [
    ['without the key', copy('insert into plans_new (nick) select nick from plans')],
    [
      'by JavaScript',
      [
        build('plans_new'),
        async (db: Knex) => db('plans_new').insert(await db('plans').select('id', 'nick')),
        swap,
      ],
    ],
    ['create table as', [raw('create table plans_new as select id, nick from plans'), swap]],
  ] as const) {
    it(`${title}: one line says that the metadata begin anew`, async () => {
      const db = await prepared();
      for (const step of steps) await step(db);
      expect(lines.filter((line) => /begin anew/.test(line))).to.have.length(1);
      expect(lines.join('\n')).to.match(/the table plans(_new)? was rebuilt/);
    });
  }

  it('JavaScript that copies whole rows, metadata and all, gets no line', async () => {
    const db = await prepared();
    const before = await metadata(db);
    await build('plans_new')(db);
    await db('plans_new').insert(await db('plans').select('*'));
    await swap(db);
    expect(await metadata(db)).to.deep.equal(before);
    expect(lines).to.deep.equal([]);
  });

  it('rows that refer to a dropped table by its key get none of its metadata', async () => {
    const db = await prepared();
    await db.schema.createTable('items', (t) => {
      t.increments('id');
      t.integer('plan_id');
    });
    await db.raw('insert into items (plan_id) select id from plans');
    await db.schema.dropTable('plans');
    expect((await metadata(db, 'items')).map((row) => [Boolean(row.is_active), row.notes])).to.deep.equal([
      [true, null],
      [true, null],
    ]);
    expect(lines).to.deep.equal([]);
  });

  if (engine === 'postgresql') {
    it('all statements in one text: one line says that the metadata begin anew', async () => {
      const db = await prepared();
      await build('plans_new')(db);
      await db.raw(
        'insert into plans_new (id, nick) select id, nick from plans; drop table plans; alter table plans_new rename to plans',
      );
      expect(lines.filter((line) => /begin anew/.test(line))).to.have.length(1);
    });
  }

  it('rows copied to a table of something else, and a dropped table that nothing replaces, get no metadata and no line', async () => {
    const db = await prepared();
    await db.schema.createTable('items', (t) => {
      t.increments('id');
      t.integer('plan_id');
    });
    await db.raw('insert into items (plan_id) select id from plans');
    await db('items').orderBy('id');
    expect((await metadata(db, 'items')).map((row) => [Boolean(row.is_active), row.notes])).to.deep.equal([
      [true, null],
      [true, null],
    ]);
    await db.schema.dropTable('teams');
    expect(lines).to.deep.equal([]);
  });

  /** Ways to create the new table that leave the metadata columns out. */
  const WITHOUT = [
    'create table plans_new as select id, nick from plans',
    'create table if not exists plans_new as select id, nick from plans',
    'create table plans_new as with o as (select id, nick from plans) select * from o where id > 0',
    '-- a comment\n create table plans_new as select id, nick from plans',
    ...(engine === 'sqlite'
      ? []
      : [
          'create table plans_new (id, nick) as select id, nick from plans',
          'create unlogged table plans_new with (fillfactor = 70) as select id, nick from plans',
          'select id, nick into plans_new from plans',
          'select id, nick into unlogged table plans_new from plans where id in (select id from plans)',
          'with o as (select * from plans) select id, nick into plans_new from o',
          'create table plans_new (id integer, nick text); insert into plans_new select id, nick from plans',
        ]),
  ];
  for (const sql of WITHOUT)
    it(`${sql}: says that the metadata begin anew`, async () => {
      const db = await prepared();
      await db.raw(sql);
      await db.raw('/* the old one */ drop table plans');
      await db.raw('/* the new one */ alter table plans_new rename to plans');
      expect(lines.join()).to.match(/the table plans was rebuilt by statements that do not copy/);
    });

  if (engine === 'postgresql')
    for (const sql of ['select * into plans_new from plans', 'create table plans_new as table plans'])
      it(`${sql}: the rows keep their metadata, and nothing is said`, async () => {
        const db = await prepared();
        const before = await metadata(db);
        await db.raw(sql);
        await swap(db);
        expect(await metadata(db)).to.deep.equal(before);
        expect(lines).to.deep.equal([]);
      });

  if (engine === 'postgresql')
    it('a rebuild in one text of several statements says that the metadata begin anew', async () => {
      const db = await prepared();
      await db.raw(
        'create table plans_new (id integer primary key, nick text); insert into plans_new select id, nick from plans; drop table plans; alter table plans_new rename to plans',
      );
      expect(lines.join()).to.match(/the table plans was rebuilt by statements that do not copy/);
    });
});
