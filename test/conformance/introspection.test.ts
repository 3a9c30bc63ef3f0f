import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { eachEngine } from '../support/databases.js';
import { introspect, tableNamed } from '../support/introspection.js';
import { onEachEngine } from './support.js';

const FIVE = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

/** Hostile to SQL, to Knex's bindings, to patterns, to objects and to JSON. */
const NAMES = [
  'Mixed Case',
  'select',
  'quo"te',
  "apo'strophe",
  'back`tick',
  'back\\slash',
  'question?',
  ':colon',
  '%_%',
  'comma, (paren',
  'dot.ted',
  'new\nline',
  'ünï©ode 🦆',
  'constructor',
  '__proto__',
  `${'é'.repeat(31)}x`,
];

/** Another name that is no longer: of its characters the last two are left out. */
const short = (prefix: string | number, name: string) => `${prefix}${[...name].slice(0, -2).join('')}`;

/** Statements that Knex ran meanwhile. */
async function queriesOf(db: Knex, act: () => Promise<unknown>): Promise<readonly string[]> {
  const seen: string[] = [];
  const listen = ({ sql }: { sql: string }) => void seen.push(sql);
  db.on('query', listen);
  await act();
  db.removeListener('query', listen);
  return seen;
}

async function createTables(db: Knex, from: number, to: number): Promise<void> {
  await db.transaction(async (trx) => {
    for (let number = from; number < to; number += 1) {
      await trx.schema.createTable(`t${number}`, (t) => {
        t.increments('id');
        t.string('a').unique();
        t.integer('parent')
          .references('id')
          .inTable(`t${Math.max(0, number - 1)}`)
          .index();
        t.enu('kind', ['x', 'y']).defaultTo('x');
      });
      await trx.raw(`create view v${number} as select a from t${number}`);
    }
  });
}

onEachEngine('introspection', (open) => {
  it('runs the same statements for three tables and for sixty', async () => {
    const db = open();
    await createTables(db, 0, 3);
    const few = await queriesOf(db, () => introspect(db));
    await createTables(db, 3, 60);
    let tables = 0;
    const many = await queriesOf(db, async () => {
      tables = (await introspect(db)).tables.length;
    });
    expect(tables).to.equal(60);
    expect(many).to.deep.equal(few);
    expect(many.length).to.be.lessThan(18);
  });

  it('tells metadata columns and the update trigger from a project’s own', async () => {
    const db = open();
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.text('own_notes').comment('knex-meta is great');
    });
    await db.schema.createTable('own', (t) => {
      t.increments('id');
      t.text('notes');
      t.timestamps(true, true);
    });
    await db.schema.createTable('bare', (t) => t.metadata(false).integer('id'));
    const schema = await introspect(db);
    const marked = (name: string) =>
      tableNamed(schema, name)
        .columns.filter(({ isMetadata }) => isMetadata)
        .map((column) => column.name);
    expect([marked('users'), marked('own'), marked('bare')]).to.deep.equal([
      FIVE,
      ['is_active', 'is_flagged'],
      [],
    ]);
    const comments = tableNamed(schema, 'users').columns.flatMap(({ comment }) => comment ?? []);
    expect(comments.filter((comment) => comment !== 'knex-meta is great')).to.deep.equal([]);
    const stamped = schema.tables.map(({ name, triggers }) => [name, triggers.map(({ stamps }) => stamps)]);
    expect(stamped).to.deep.equal([
      ['bare', []],
      ['own', ['updated_at']],
      ['users', ['updated_at']],
    ]);
    expect(schema.functions.every(({ isMetadata }) => isMetadata)).to.equal(true);
  });

  it('tells a column that a migration took over, and a renamed one', async () => {
    const db = open({ columns: { updated_at: 'Changed "At' } });
    await db.schema.createTable('t', (t) => void t.increments('id'));
    await db.schema.alterTable('t', (t) => void t.string('notes', 20));
    const table = tableNamed(await introspect(db), 't');
    const notes = table.columns.find(({ name }) => name === 'notes');
    expect(notes?.isMetadata).to.equal(false);
    expect(table.columns.find(({ name }) => name === 'Changed "At')?.isMetadata).to.equal(true);
    expect(table.triggers.map(({ stamps }) => stamps)).to.deep.equal(['Changed "At']);
  });

  it('sees what the caller’s transaction has made, and leaves the transaction open', async () => {
    const db = open();
    await db.schema.createTable('before', (t) => void t.increments('id'));
    const inside = await db.transaction(async (trx) => {
      await trx.schema.createTable('within', (t) => void t.increments('id'));
      const schema = await introspect(trx);
      await trx.schema.createTable('after', (t) => void t.increments('id'));
      return schema.tables.map(({ name }) => name);
    });
    expect(inside).to.deep.equal(['before', 'within']);
    expect((await introspect(db)).tables.map(({ name }) => name)).to.deep.equal([
      'after',
      'before',
      'within',
    ]);
  });

  it('is not touched by what the project does to its own results', async () => {
    const upper = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(upper);
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [
          name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
          upper(each),
        ]),
      );
    };
    const plain = open();
    await createTables(plain, 0, 3);
    const expected = await introspect(plain);
    const db = open(undefined, {
      postProcessResponse: upper,
      wrapIdentifier: (value, wrap) => wrap(value.toUpperCase()),
    });
    expect(await introspect(db)).to.deep.equal(expected);
  });

  it('is plain data that JSON keeps', async () => {
    const db = open();
    await createTables(db, 0, 2);
    const schema = await introspect(db);
    const withoutUndefined = JSON.parse(JSON.stringify(schema));
    expect(JSON.parse(JSON.stringify(withoutUndefined))).to.deep.equal(withoutUndefined);
    expect(withoutUndefined.tables).to.have.length(2);
  });
});

eachEngine('introspection of hostile names', (engine) => {
  it('gives every name as it is', async () => {
    const db = knex((await engine.fresh()).config);
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    const raw = (sql: string) => db.raw(engine.name === 'postgresql' ? sql.replaceAll(/[?]/g, '\\?') : sql);
    for (const [number, name] of NAMES.entries()) {
      const table = quoted(name);
      await raw(`create table ${table} (id int not null, ${table} int default 3, other int,
        constraint ${quoted(short('p', name))} primary key (${table}),
        constraint ${quoted(short('u', name))} unique (id, ${table}),
        constraint ${quoted(short('f', name))} foreign key (other) references ${table} (${table}),
        constraint ${quoted(short('c', name))} check (${table} > 0))`);
      await raw(
        `create index ${quoted(short(number, name))} on ${table} (${table} desc, id) where ${table} > 1`,
      );
      await raw(`create view ${quoted(short('v', name))} as select ${table} from ${table}`);
    }
    const schema = await introspect(db);
    await db.destroy();
    expect(schema.tables.map(({ name }) => name)).to.have.members(NAMES);
    for (const table of schema.tables) {
      const { name, columns, primaryKey, uniques, foreignKeys, checks, indexes } = table;
      expect(columns.map((column) => column.name)).to.deep.equal(['id', name, 'other']);
      expect([primaryKey?.name, primaryKey?.columns]).to.deep.equal([short('p', name), [name]]);
      expect([uniques[0]?.name, uniques[0]?.columns]).to.deep.equal([short('u', name), ['id', name]]);
      const [foreign] = foreignKeys;
      expect([foreign?.name, foreign?.target.name, foreign?.targetColumns]).to.deep.equal([
        short('f', name),
        name,
        [name],
      ]);
      expect(checks[0]?.name).to.equal(short('c', name));
      const number = NAMES.indexOf(name);
      expect(indexes.map((index) => index.name)).to.deep.equal([short(number, name)]);
      expect(indexes[0]?.keys.map(({ column }) => column)).to.deep.equal([name, 'id']);
      expect(indexes[0]?.predicate).to.include('> 1');
      const view = schema.views.find((each) => each.name === short('v', name));
      expect(view?.dependsOn.map((each) => each.name)).to.deep.equal([name]);
    }
  });
});
