import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import type { Table } from '../../lib/schema/table.js';
import { introspect } from '../support/introspection.js';

/** Numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

const NAMES = ['a', 'B', '"c c"', '`d"d`', '[e,e]', "'f'", 'key', 'ünï', '"check"', '"unique"'];
const BLANKS = [' ', '\n  ', ' /* c, ( */ ', " -- x, '\n", '\t'];
const TYPES = ['', 'int', 'integer', 'varchar(10, 2)', 'double precision', 'text'];
const DEFAULTS = ['1', "'x, y)'", '(1 + (2))', '-3', 'null', 'current_timestamp'];
const REFERENCES = [
  'references p',
  'references p (a) on delete cascade',
  'constraint "f k" references "p" (`B`) on update set null on delete set default deferrable initially deferred',
  'references p (a) match simple not deferrable',
];
const PRIMARY = ['primary key', 'primary key desc', 'constraint pk primary key on conflict fail'];

/** A CREATE TABLE that the engine may refuse. */
function statement(next: (below: number) => number): string {
  const pick = (from: readonly string[]) => from[next(from.length)] ?? '';
  const maybe = (text: string) => (next(2) === 0 ? text : '');
  const shuffled = (from: readonly string[]) =>
    from
      .map((each) => ({ each, at: next(1000) }))
      .sort((x, y) => x.at - y.at)
      .map(({ each }) => each);
  const spread = (text: string) =>
    text
      .split(' ')
      .map((word) => `${word}${pick(BLANKS)}`)
      .join('');
  const names = shuffled(NAMES).slice(0, 2 + next(6));
  const keyColumn = next(3) === 0 ? pick(names) : undefined;
  const columns = names.map((name) => {
    const parts = [
      maybe('not null'),
      maybe('unique'),
      maybe("check (a > ',' )"),
      maybe('collate nocase'),
      maybe(`default ${pick(DEFAULTS)}`),
      maybe(pick(REFERENCES)),
      name === keyColumn ? pick(PRIMARY) : '',
    ];
    return spread([name, pick(TYPES), ...shuffled(parts.filter((each) => each !== ''))].join(' '));
  });
  const isWithoutRowid = next(4) === 0;
  const constraints = [
    keyColumn === undefined && (isWithoutRowid || next(2) === 0) ? `primary key (${pick(names)} desc)` : '',
    maybe(`constraint "u 1" unique (${names[0]}, ${names[1]} desc) on conflict replace`),
    maybe(`unique (${pick(names)} collate rtrim)`),
    maybe(`check (${names[0]} is not 'unique (')`),
    maybe(`foreign key (${pick(names)}) references p (a) on delete restrict deferrable`),
  ].filter((each) => each !== '');
  const body = [...columns, ...constraints.map(spread)].join(',');
  return `create table${pick(BLANKS)}t (${body})${isWithoutRowid ? spread(' without rowid') : ''}`;
}

/** What the engine's own pragmas say of the table's keys. */
async function readPragmas(db: Knex) {
  const foreign: Record<string, unknown>[] = await db.raw(
    'select "table" as t, "from" as f, "to" as c, on_update as u, on_delete as d from pragma_foreign_key_list(\'t\')',
  );
  const unique: Record<string, unknown>[] = await db.raw(
    `select l.name, group_concat(x.name || ' ' || lower(x.coll) || ' ' || x."desc") as parts
     from pragma_index_list('t') l join pragma_index_xinfo(l.name) x where x.key = 1 group by l.name`,
  );
  return {
    foreignKeys: foreign.map(({ t, f, c, u, d }) => [t, f, c, u, d].join(' ')).sort(),
    keys: [...new Set(unique.map(({ parts }) => String(parts)))].sort(),
  };
}

/** The same of what was read. */
function keysOf(table: Table) {
  const collations = new Map(table.columns.map(({ name, collation }) => [name, collation ?? 'binary']));
  const rowid = table.columns.find(({ numbering }) => numbering !== undefined);
  const all = [table.primaryKey, ...table.uniques].flatMap((key) => (key === undefined ? [] : [key]));
  const text = all.map(({ columns, parts }) =>
    columns
      .map((name, place) => {
        const { collation = collations.get(name), descending = false } = parts?.[place] ?? {};
        return `${name} ${collation?.toLowerCase()} ${descending ? 1 : 0}`;
      })
      .join(','),
  );
  return {
    rowid: `${rowid?.name} ${(rowid?.collation ?? 'binary').toLowerCase()}`,
    foreignKeys: table.foreignKeys
      .map(({ target, columns, targetColumns, onUpdate, onDelete }) =>
        [target.name, columns[0], targetColumns?.[0], onUpdate.toUpperCase(), onDelete.toUpperCase()].join(
          ' ',
        ),
      )
      .sort(),
    keys: [...new Set(text)].sort(),
  };
}

describe('introspection of SQLite: random tables', () => {
  it('agrees with the engine’s own pragmas', async () => {
    const next = random(7);
    let agreed = 0;
    for (let round = 0; round < 400; round += 1) {
      const sql = statement(next);
      const db = knex({ client: 'better-sqlite3', connection: ':memory:', useNullAsDefault: true });
      try {
        const isTable = await db.raw(sql).then(
          () => true,
          () => false,
        );
        if (!isTable) continue;
        const [table] = (await introspect(db)).tables;
        if (table === undefined) throw new Error(`not understood: ${sql}`);
        const [own, engine] = [keysOf(table), await readPragmas(db)];
        expect(own.foreignKeys, sql).to.deep.equal(engine.foreignKeys);
        expect(own.keys, sql).to.include.members(engine.keys);
        // The engine makes one index for two keys that differ in direction, and none for the number of the row.
        const withoutDirection = (keys: readonly string[]) =>
          keys.map((key) => key.replace(/ [01](?=,|$)/g, ''));
        expect([...withoutDirection(engine.keys), own.rowid], sql).to.include.members(
          withoutDirection(own.keys),
        );
        agreed += 1;
      } finally {
        await db.destroy();
      }
    }
    expect(agreed).to.be.greaterThan(100);
  });
});
