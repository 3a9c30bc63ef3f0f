import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { type KnexMetaError, withMeta } from '../../lib/index.js';
import { freshSqlite } from '../support/databases.js';

type Row = Readonly<Record<string, unknown>>;

/** One thing that a table can have: how it is made, beside the columns that every table here has. */
interface Feature {
  /** Further columns and constraints of `t`, or its options behind the closing parenthesis. */
  readonly columns?: string;
  readonly constraints?: string;
  readonly options?: string;
  /** The definition of the key, `id integer primary key` when nothing is said. */
  readonly key?: string;
  readonly also?: readonly string[];
  readonly proof?: (db: Knex) => Promise<unknown>;
}

async function rejects(statement: PromiseLike<unknown>): Promise<boolean> {
  return Promise.resolve(statement).then(
    () => false,
    () => true,
  );
}

const children = (action: string): readonly string[] => [
  `create table child (cid integer primary key, t_id integer default 1 references t(id) on delete ${action}, x text)`,
  "insert into child values (1, 1, 'a'), (2, 2, 'b'), (3, null, 'c')",
  'create table grandchild (gid integer primary key, c_id integer references child(cid) on delete cascade)',
  'insert into grandchild values (1, 1), (2, 2)',
];

const FEATURES: Readonly<Record<string, Feature>> = {
  'plain rows': {},
  'child rows of a CASCADE key': { also: children('cascade') },
  'child rows of a SET NULL key': { also: children('set null') },
  'child rows of a SET DEFAULT key': { also: children('set default') },
  'child rows of a RESTRICT key': { also: children('restrict') },
  'child rows of a key without action': { also: children('no action') },
  'a key to itself': {
    columns: 'parent integer references t(id) on delete cascade',
    also: ['update t set parent = 1 where id > 1'],
  },
  'an AFTER trigger': {
    also: [
      'create table seen (what text)',
      'create trigger tr after update on t begin insert into seen values (new.label); end',
    ],
    proof: async (db) => {
      await db.raw("update t set label = 'z' where id = 1");
      expect(await db('seen')).to.deep.equal([{ what: 'z' }]);
    },
  },
  'a BEFORE trigger with UPDATE OF': {
    also: [
      "create trigger tr before update of label on t when new.label = 'no' begin select raise(abort, 'stop'); end",
    ],
    proof: async (db) => expect(await rejects(db.raw("update t set label = 'no'"))).to.equal(true),
  },
  'another table’s trigger that writes to it': {
    also: [
      'create table other (n integer)',
      "create trigger tr after insert on other begin update t set label = 'w' where id = new.n; end",
    ],
    proof: async (db) => {
      await db.raw('insert into other values (2)');
      expect((await db('t').where({ id: 2 }).first()).label).to.equal('w');
    },
  },
  'a view': {
    also: ['create view v as select id, label from t'],
    proof: async (db) => expect(await db('v')).to.have.length(3),
  },
  'a view over a view, with INSTEAD OF': {
    also: [
      'create view v as select id, label from t',
      'create view w as select id from v',
      'create trigger iv instead of insert on v begin insert into t (id, label, num) values (new.id, new.label, 1); end',
    ],
    proof: async (db) => {
      await db.raw("insert into v values (9, 'v')");
      expect(await db('w')).to.have.length(4);
    },
  },
  'a plain index': { also: ['create index i on t (label)'] },
  'a unique index': {
    also: ['create unique index i on t (label)'],
    proof: async (db) => expect(await rejects(db.raw("update t set label = 'a'"))).to.equal(true),
  },
  'a partial index': { also: ["create index i on t (label) where label <> 'x'"] },
  'an expression index': { also: ['create index i on t (lower(label), num)'] },
  'a DESC and COLLATE index': { also: ['create index i on t (label collate nocase desc, num asc)'] },
  'a CHECK in a column': {
    columns: 'size integer not null default 3 check (size > 0)',
    proof: async (db) => expect(await rejects(db.raw('update t set size = 0'))).to.equal(true),
  },
  'a named CHECK of the table': {
    constraints: 'constraint long check (length(label) < 9)',
    proof: async (db) => expect(await rejects(db.raw("update t set label = 'much too long'"))).to.equal(true),
  },
  'COLLATE in a column': {
    columns: "code text collate nocase default 'A'",
    proof: async (db) => expect(await db('t').where({ code: 'a' })).to.have.length(3),
  },
  'defaults with expressions': {
    columns:
      "made text default (strftime('%Y','now')), words text default 'it''s', n integer default (1 + 2)",
    proof: async (db) => {
      await db.raw("insert into t (id, label, num) values (9, 'n', 1)");
      const row = await db('t').where({ id: 9 }).first();
      expect([row.words, row.n]).to.deep.equal(["it's", 3]);
    },
  },
  'generated columns': {
    columns: 'twice integer generated always as (id * 2) virtual, thrice integer as (id * 3) stored',
    proof: async (db) => expect((await db('t').where({ id: 2 }).first()).thrice).to.equal(6),
  },
  'the AUTOINCREMENT mark': {
    key: 'id integer primary key autoincrement',
    also: ["insert into t (id, label, num, other) values (77, 'gone', 1, 1)", 'delete from t where id = 77'],
    proof: async (db) => {
      await db.raw("insert into t (label, num) values ('new', 1)");
      expect((await db('t').where({ label: 'new' }).first()).id).to.equal(78);
    },
  },
  STRICT: {
    options: 'strict',
    proof: async (db) => expect(await rejects(db.raw("update t set id = 'words'"))).to.equal(true),
  },
  'WITHOUT ROWID': { key: 'id integer primary key not null', options: 'without rowid' },
  'a composite key': { key: 'id integer not null', constraints: 'primary key (id, label)' },
  'inline REFERENCES, deferrable': {
    columns: 'owner integer references people(pid) on delete set null deferrable initially deferred',
    also: [
      'create table people (pid integer primary key)',
      'insert into people values (5)',
      'update t set owner = 5',
    ],
    proof: async (db) => {
      const [key] = (await db.raw(
        "select on_delete from pragma_foreign_key_list('t') where \"table\" = 'people'",
      )) as Row[];
      expect(key?.on_delete).to.equal('SET NULL');
    },
  },
  'comments in the DDL': {
    columns: "/* a, comment ( */ note text -- with 'quotes' and, commas\n",
    proof: async (db) => {
      const [{ sql }] = (await db.raw("select sql from sqlite_master where name = 't'")) as [{ sql: string }];
      expect(sql).to.include('a, comment (');
    },
  },
  'ON CONFLICT clauses': {
    columns: 'uniq integer unique on conflict ignore, nn integer not null on conflict replace default 4',
    also: ['update t set uniq = id'],
    proof: async (db) => {
      await db.raw("insert into t (id, label, num, uniq) values (9, 'x', 1, 1)");
      expect(await db('t')).to.have.length(3);
    },
  },
  'quoted names of columns': {
    columns: '"select""; drop" text default \'q\', `back``tick` integer, [brackets here] text',
    proof: async (db) => expect((await db('t').first())['select"; drop']).to.equal('q'),
  },
  'rows that break a key already': {
    columns: 'lost integer references nowhere_rows(nid)',
    also: [
      'create table nowhere_rows (nid integer primary key)',
      'pragma foreign_keys = off',
      'update t set lost = 99',
    ],
  },
  'hidden rowids': { key: 'id integer', also: ['update t set rowid = rowid + 100'] },
};

type Alter = (schema: Knex.SchemaBuilder) => Knex.SchemaBuilder;

/** Knex's alterations that make SQLite build a table anew; each has a proof that it really happened. */
const OPERATIONS: Readonly<
  Record<string, { readonly alter: Alter; readonly happened: (db: Knex) => Promise<boolean> }>
> = {
  dropColumn: {
    alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('other')),
    happened: async (db) => !(await columnNames(db)).includes('other'),
  },
  alter: {
    alter: (schema) => schema.alterTable('t', (t) => void t.text('num').alter()),
    happened: async (db) => (await columnOf(db, 'num'))?.type === 'TEXT',
  },
  foreign: {
    alter: (schema) =>
      schema.alterTable('t', (t) => void t.foreign('num').references('target.tid').onDelete('CASCADE')),
    happened: async (db) => (await keysOf(db)).some((key) => key.table === 'target' && key.from === 'num'),
  },
  dropForeign: {
    alter: (schema) => schema.alterTable('t', (t) => void t.dropForeign('num2')),
    happened: async (db) => !(await keysOf(db)).some((key) => key.from === 'num2'),
  },
  dropNullable: {
    alter: (schema) => schema.alterTable('t', (t) => void t.dropNullable('num')),
    happened: async (db) => (await columnOf(db, 'num'))?.notnull === 1,
  },
  setNullable: {
    alter: (schema) => schema.alterTable('t', (t) => void t.setNullable('label')),
    happened: async (db) => (await columnOf(db, 'label'))?.notnull === 0,
  },
  renameColumn: {
    alter: (schema) => schema.alterTable('t', (t) => void t.renameColumn('other', 'renamed')),
    happened: async (db) => (await columnNames(db)).includes('renamed'),
  },
};

async function keysOf(db: Knex): Promise<readonly Row[]> {
  return db.raw("select * from pragma_foreign_key_list('t')");
}
async function columnOf(db: Knex, name: string): Promise<Row | undefined> {
  const [row] = (await db.raw(
    'select upper(type) as type, "notnull" from pragma_table_xinfo(\'t\') where name = ?',
    [name],
  )) as Row[];
  return row;
}
async function columnNames(db: Knex): Promise<readonly string[]> {
  return ((await db.raw("select name from pragma_table_xinfo('t')")) as Row[]).map(({ name }) =>
    String(name),
  );
}

/** All rows of all tables, and every object but for the altered table's own text. */
async function snapshot(db: Knex): Promise<{ readonly rows: object; readonly objects: readonly Row[] }> {
  const objects: readonly Row[] = await db.raw(
    "select type, name, tbl_name, case when name = 't' then '' else sql end as sql from sqlite_master where name not like 'sqlite_autoindex%' order by 1, 2",
  );
  const rows: Record<string, unknown> = {};
  for (const { name } of objects.filter(({ type }) => type === 'table')) {
    const isSequence = name === 'sqlite_sequence';
    const columns = name === 't' ? 'id, label' : '*';
    rows[String(name)] = await db
      .raw(`select ${columns} from "${String(name)}" order by ${isSequence ? 'name' : '1, 2'}`)
      .catch(() => db.raw(`select ${columns} from "${String(name)}" order by 1`));
  }
  return { rows, objects };
}

const ROWID = 'select rowid as r, id from t order by id';

async function build(
  db: Knex,
  { key = 'id integer primary key', columns, constraints, options = '', also = [] }: Feature,
  enforce: boolean,
) {
  await db.raw(`pragma foreign_keys = off`);
  await db.raw('create table target (tid integer primary key)');
  await db.raw('insert into target values (1), (2), (3)');
  const body = [
    key,
    'label text not null',
    'num integer',
    'num2 integer references target(tid)',
    'other integer',
    columns,
    constraints,
  ];
  await db.raw(`create table t (${body.filter(Boolean).join(', ')}) ${options}`);
  await db.raw(
    "insert into t (id, label, num, num2, other) values (1, 'a', 1, 1, 1), (2, 'b', 2, 2, 2), (3, 'c', 3, null, 3)",
  );
  for (const statement of also) await db.raw(statement);
  await db.raw(`pragma foreign_keys = ${enforce ? 'on' : 'off'}`);
}

const WAYS: Readonly<Record<string, (db: Knex, alter: Alter) => PromiseLike<unknown>>> = {
  'outside a transaction': (db, alter) => alter(db.schema),
  'in a transaction': (db, alter) => db.transaction((trx) => alter(trx.schema)),
  'in a nested transaction': (db, alter) =>
    db.transaction((outer) => outer.transaction((trx) => alter(trx.schema))),
};

describe('SQLite: no alteration loses anything', () => {
  let db: Knex;
  beforeEach(async () => {
    db = knex(withMeta((await freshSqlite()).config));
  });
  afterEach(() => db.destroy());

  for (const [name, feature] of Object.entries(FEATURES)) {
    for (const [operation, { alter, happened }] of Object.entries(OPERATIONS)) {
      it(`${name}: ${operation}`, async () => {
        for (const enforce of [true, false]) {
          for (const [way, run] of Object.entries(WAYS)) {
            await db.raw('pragma writable_schema = reset').catch(() => {});
            await wipe(db);
            await build(db, feature, enforce);
            const before = await snapshot(db);
            const rowids = feature.options === 'without rowid' ? undefined : await db.raw(ROWID);
            const label = `${way}, foreign keys ${enforce ? 'on' : 'off'}`;
            await run(db, alter);
            expect(await happened(db), label).to.equal(true);
            const after = await snapshot(db);
            expect(after.rows, label).to.deep.equal(before.rows);
            if (operation !== 'renameColumn') expect(after.objects, label).to.deep.equal(before.objects);
            if (rowids !== undefined) expect(await db.raw(ROWID), label).to.deep.equal(rowids);
            const [{ foreign_keys: enforced }] = (await db.raw('pragma foreign_keys')) as [
              { foreign_keys: number },
            ];
            expect(enforced, label).to.equal(enforce ? 1 : 0);
            const [{ legacy_alter_table: legacy }] = (await db.raw('pragma legacy_alter_table')) as [
              { legacy_alter_table: number },
            ];
            expect(legacy, label).to.equal(0);
            const integrity = (await db.raw('pragma integrity_check')) as Row[];
            expect(integrity, label).to.deep.equal([{ integrity_check: 'ok' }]);
            await feature.proof?.(db);
          }
        }
      });
    }
  }

  /** Empties the database by dropping all, for the next way of the same test. */
  async function wipe(target: Knex): Promise<void> {
    await target.raw('pragma foreign_keys = off');
    for (const type of ['trigger', 'view', 'table']) {
      const rows = (await target.raw(
        "select name from sqlite_master where type = ? and name not like 'sqlite_%'",
        [type],
      )) as Row[];
      for (const { name } of rows) await target.raw(`drop ${type} if exists "${String(name)}"`);
    }
    await target.raw('delete from sqlite_sequence').catch(() => {});
  }

  const REFUSED: Readonly<
    Record<string, { readonly made: readonly string[]; readonly alter: Alter; readonly says: RegExp }>
  > = {
    'a CHECK that names the dropped column': {
      made: ['create table t (a integer, b integer, check (a > b))'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /CHECK/,
    },
    'a CHECK of another column': {
      made: ['create table t (a integer check (a <> b), b integer)'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /CHECK of a/,
    },
    'a generated column': {
      made: ['create table t (a integer, b integer as (a + 1))'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('a')),
      says: /generated column b/,
    },
    'a partial index': {
      made: ['create table t (a integer, b integer)', 'create index i on t (a) where b > 0'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /index i/,
    },
    'an expression index': {
      made: ['create table t (a integer, b integer)', 'create index i on t (a + b)'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /index i/,
    },
    'a view': {
      made: ['create table t (a integer, b integer)', 'create view v as select b from t'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /view v/,
    },
    'a trigger of its own': {
      made: [
        'create table t (a integer, b integer)',
        'create trigger tr after update on t begin update t set b = 1; end',
      ],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /trigger tr/,
    },
    'another table’s trigger': {
      made: [
        'create table t (a integer, b integer)',
        'create table u (x integer)',
        'create trigger tr after insert on u begin update t set b = 1; end',
      ],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /trigger tr/,
    },
    'a foreign key that refers to the column': {
      made: [
        'create table t (a integer primary key, b integer unique)',
        'create table u (x integer references t(b))',
      ],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /u\.x/,
    },
    'the last column': {
      made: ['create table t (a integer)'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('a')),
      says: /last column/,
    },
    'NULLs where NOT NULL is wanted': {
      made: ['create table t (a integer, b integer)', 'insert into t values (1, null), (2, null), (3, 3)'],
      alter: (schema) => schema.alterTable('t', (t) => void t.dropNullable('b')),
      says: /2 rows have NULL in b/,
    },
    'rows that break the new foreign key': {
      made: [
        'create table p (id integer primary key)',
        'create table t (a integer)',
        'insert into t values (7), (8)',
      ],
      alter: (schema) => schema.alterTable('t', (t) => void t.foreign('a').references('p.id')),
      says: /2 rows would break/,
    },
    'a new key of a column that is not unique': {
      made: ['create table t (a integer, b integer)', 'insert into t values (1, 1), (1, 2)'],
      alter: (schema) => schema.alterTable('t', (t) => void t.primary(['a'])),
      says: /UNIQUE/,
    },
    'a virtual table': {
      made: ['create virtual table t using fts5(a, b)'],
      alter: (schema) => schema.alterTable('t', (t) => t.dropColumn('b')),
      says: /virtual/,
    },
    'a text that a STRICT column cannot take': {
      made: ['create table t (a text, b text) strict', "insert into t values ('x', 'words')"],
      alter: (schema) => schema.alterTable('t', (t) => void t.integer('b').alter()),
      says: /STRICT|store/,
    },
    'the key of a table WITHOUT ROWID': {
      made: ['create table t (a text primary key, b text) without rowid', "insert into t values ('x', 'y')"],
      alter: (schema) => schema.alterTable('t', (t) => t.dropPrimary()),
      says: /PRIMARY KEY missing/,
    },
  };

  for (const [name, { made, alter, says }] of Object.entries(REFUSED)) {
    it(`refuses, with everything as it was: ${name}`, async () => {
      for (const statement of made) await db.raw(statement);
      for (const run of Object.values(WAYS)) {
        const dump = async () => [
          await db.raw('select * from sqlite_master order by name'),
          await db.raw('select * from t'),
        ];
        const before = await dump();
        const error = await Promise.resolve(run(db, alter)).then(
          () => undefined,
          (e: KnexMetaError) => e,
        );
        expect(error?.code).to.equal('ALTER_REFUSED');
        expect(error?.message).to.match(says);
        expect(error?.message).to.match(/table t was not altered/);
        expect(
          (await dump()).map((part) => JSON.stringify(part).replace(/"rootpage":\d+/g, '')),
        ).to.deep.equal(before.map((part) => JSON.stringify(part).replace(/"rootpage":\d+/g, '')));
      }
    });
  }

  it('dropPrimary and dropForeign really drop what stands inline', async () => {
    await db.raw('create table p (id integer primary key)');
    await db.raw(
      'create table t (id text primary key, p_id integer references p(id) on delete cascade, x integer)',
    );
    await db.schema.alterTable('t', (t) => {
      t.dropForeign('p_id');
      t.dropPrimary();
    });
    expect(await keysOf(db)).to.deep.equal([]);
    await db('t').insert([{ id: 'a' }, { id: 'a' }]);
    expect(await db('t')).to.have.length(2);
  });

  it('primary: a key on other columns, with the children’s keys intact', async () => {
    await db.raw('create table t (a text primary key, b text not null unique)');
    await db.raw('create table child (x text references t(b) on delete cascade)');
    await db.raw("insert into t values ('1', 'p')");
    await db.raw("insert into child values ('p')");
    await db.schema.alterTable('t', (t) => void t.primary(['a', 'b'], { constraintName: 'both' }));
    expect(await db('child')).to.deep.equal([{ x: 'p' }]);
    await db('t').delete();
    expect(await db('child')).to.deep.equal([]);
  });

  it('a foreign key that is not there: a line says so, nothing fails', async () => {
    const warnings: string[] = [];
    const warned = knex(
      withMeta({ ...(await freshSqlite()).config, log: { warn: (m: string) => void warnings.push(m) } }),
    );
    await warned.raw('create table t (a integer, b integer)');
    await warned.schema.alterTable('t', (t) => void t.dropForeign('a', 'no_such_key'));
    await warned.destroy();
    expect(warnings.join()).to.match(/no foreign key no_such_key/);
  });

  it('enu().alter() replaces the list of values', async () => {
    await db.schema.createTable('t', (t) => {
      t.enu('kind', ['a', 'b']).notNullable().defaultTo('a');
      t.integer('size').checkPositive();
    });
    await db('t').insert({ kind: 'b', size: 1 });
    await db.schema.alterTable(
      't',
      (t) => void t.enu('kind', ['a', 'b', 'c']).notNullable().defaultTo('c').alter(),
    );
    await db('t').insert({ size: 2 });
    expect(await db('t').orderBy('size').pluck('kind')).to.deep.equal(['b', 'c']);
    expect(await rejects(db('t').insert({ kind: 'd', size: 1 }))).to.equal(true);
    expect(await rejects(db('t').insert({ kind: 'a', size: -1 }))).to.equal(true);
  });

  it('the metadata’s own trigger, marks and values survive', async () => {
    await db.schema.createTable('t', (t) => {
      t.increments('id');
      t.string('label');
      t.integer('gone');
    });
    await db('t').insert({ label: 'a', notes: 'kept', is_flagged: true });
    const before = await db('t').first();
    await db.schema.alterTable('t', (t) => t.dropColumn('gone'));
    await db.schema.alterTable('t', (t) => void t.string('label', 9).notNullable().alter());
    const { gone: _gone, ...rest } = before;
    expect(await db('t').first()).to.deep.equal(rest);
    const [{ sql }] = (await db.raw("select sql from sqlite_master where name = 't'")) as [{ sql: string }];
    expect(sql.match(/constraint `knex_meta`/g)).to.have.length(5);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await db('t').update({ label: 'b' });
    expect((await db('t').first()).updated_at > before.updated_at).to.equal(true);
  });

  it('the rows, keys and triggers of a table in the middle of a chain, through a migration', async () => {
    await db.schema.createTable('users', (t) => void t.increments('id'));
    await db.schema.createTable('posts', (t) => {
      t.increments('id');
      t.integer('user_id').references('users.id').onDelete('CASCADE');
      t.string('title');
    });
    await db.schema.createTable('comments', (t) => {
      t.increments('id');
      t.integer('post_id').notNullable().references('posts.id').onDelete('CASCADE');
    });
    await db('users').insert({ id: 1 });
    await db('posts').insert({ id: 1, user_id: 1, title: 'x' });
    await db('comments').insert({ id: 1, post_id: 1 });
    const migrationSource = {
      getMigrations: async () => ['m'],
      getMigrationName: String,
      getMigration: async () => ({
        up: async (trx: Knex) => {
          await trx.schema.alterTable('posts', (t) => t.dropForeign('user_id'));
          await trx.schema.alterTable('users', (t) => void t.string('name').notNullable().defaultTo('n'));
          await trx.schema.alterTable('posts', (t) => void t.string('title', 99).notNullable().alter());
          await trx.schema.alterTable(
            'posts',
            (t) => void t.foreign('user_id').references('users.id').onDelete('SET NULL'),
          );
          // The keys work in the migration itself: a delete cascades where it is written.
          await trx('posts').where({ id: 1 }).delete();
        },
        down: async () => {},
      }),
    };
    await db.migrate.latest({ migrationSource } as never);
    expect(await db('comments')).to.deep.equal([]);
    expect(await db('users')).to.have.length(1);
  });
});
