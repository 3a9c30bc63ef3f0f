import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { diff } from '../../lib/diff/index.js';
import { postgresql } from '../../lib/engines/postgresql/index.js';
import { hazardFinder } from '../../lib/operations/hazards/index.js';
import { generate } from '../../lib/render/generate.js';
import { freshPostgres } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';

/** A column that changes its type, with a value in each row, and what is to be said of it. */
interface Change {
  readonly from: string;
  readonly to: string;
  readonly values: readonly string[];
  /** Rows that become another value. */
  readonly changed?: number;
  /** Rows that stop the migration; `error` where the question stops as the migration does. */
  readonly failing?: number | 'error';
  /** What is to be looked at. */
  readonly review?: RegExp;
  /** The value of the first row afterwards, as text. */
  readonly becomes?: string;
}

const change = (from: string, to: string, values: readonly string[], more: Partial<Change> = {}): Change => ({
  from,
  to,
  values,
  ...more,
});

const ZONE = 'Europe/Berlin';

const CHANGES: readonly Change[] = [
  // Numbers.
  change('numeric(10,4)', 'numeric(10,2)', ['2.7182', '1.5'], { changed: 1, becomes: '2.72' }),
  change('numeric(10,2)', 'numeric(4,2)', ['1.25', '123.45'], { failing: 1 }),
  change('numeric(4,2)', 'numeric(3,2)', ['9.99', '1.5'], { becomes: '9.99' }),
  change('numeric(5,3)', 'numeric(3,2)', ['9.996'], { failing: 1 }),
  change('numeric(10,2)', 'numeric', ['1.25']),
  change('numeric', 'numeric(5,2)', ['NaN', '1.234'], { changed: 1, becomes: 'NaN' }),
  change('numeric', 'integer', ['1.5', '2'], { changed: 1, becomes: '2' }),
  change('numeric(8,0)', 'integer', ['12']),
  change('numeric(5,1)', 'smallint', ['12.3', '1.0'], { changed: 1 }),
  change('numeric', 'smallint', ['32767.5'], { failing: 1 }),
  change('double precision', 'integer', ['2.5', '3'], { changed: 1, becomes: '2' }),
  change('double precision', 'real', ['0.5', '0.1'], { changed: 1 }),
  change('double precision', 'real', ['1e300', 'Infinity'], { failing: 1 }),
  change('double precision', 'numeric(10,2)', ['1.005', '1.5'], { changed: 1 }),
  change('real', 'double precision', ['0.1']),
  change('real', 'numeric', ['1234567', '2.5'], { changed: 1 }),
  change('bigint', 'double precision', ['9007199254740993', '5', '9223372036854775807'], { changed: 2 }),
  change('integer', 'real', ['16777217', '5'], { changed: 1 }),
  change('bigint', 'integer', ['5']),
  change('bigint', 'integer', ['5', '3000000000'], { failing: 1 }),
  change('integer', 'bigint', ['5']),
  change('integer', 'double precision', ['5']),
  change('integer', 'numeric(3,0)', ['5', '1000'], { failing: 1 }),
  change('integer', 'boolean', ['0', '1', '2'], { changed: 1 }),
  change('bigint', 'boolean', ['0', '1', '2'], { changed: 1, becomes: 'false' }),
  change('boolean', 'bigint', ['true'], { becomes: '1' }),
  change('boolean', 'integer', ['true'], { becomes: '1' }),
  change('money', 'integer', ['1.50', '2'], { changed: 1 }),
  change('integer', 'bit(2)', ['3', '9'], { changed: 1 }),
  // Strings.
  change('character varying(100)', 'character varying(5)', ['Renovation', 'ok'], { failing: 1 }),
  change('character varying(100)', 'character varying(5)', ['ok     ', 'abcde'], {
    changed: 1,
    becomes: 'ok   ',
  }),
  change('text', 'character(3)', ['ab ', 'abc'], { changed: 1 }),
  change('text', 'character(3)', ['abcd'], { failing: 1 }),
  change('text', 'character varying(3)', ['abc']),
  change('character varying(5)', 'text', ['abc']),
  change('character varying(5)', 'character varying(9)', ['abc']),
  change('character(5)', 'text', ['abc']),
  change('integer', 'character varying(2)', ['123', '12'], { failing: 1 }),
  change('jsonb', 'character varying(9)', ['{"a": 1}', '{"a": 1, "b": 2}'], { failing: 1 }),
  change('character varying(9)[]', 'character varying(2)[]', ['{abc}', '{ab}'], { failing: 1 }),
  change('character varying(2)[]', 'character varying(9)[]', ['{ab}']),
  change('text[]', 'character varying(2)[]', ['{ab}']),
  change('text[]', 'text', ['{a,b}'], { review: /an array becomes its text/, becomes: '{a,b}' }),
  change('text', 'name', ['a'.repeat(70), 'b'], { changed: 1 }),
  change('text', 'integer', ['007', '7'], { changed: 1 }),
  change('text', 'integer', ['abc', '99999999999'], { failing: 2 }),
  change('text', 'numeric(5,2)', ['1.234', '1.23'], { changed: 1 }),
  change('text', 'boolean', ['true', 'y'], { changed: 1 }),
  change('text', 'uuid', ['{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'], {
    changed: 1,
  }),
  change('text', 'inet', ['10.0.0.1'], { changed: 0 }),
  change('text', 'inet', ['nowhere'], { failing: 'error' }),
  change('text', 'timestamp with time zone', ['2024-01-01'], { changed: 1 }),
  change('text', 'jsonb', ['{"a":1}', '{"a":1,"a":2}'], { changed: 1 }),
  change('text', 'json', ['{"a":1,"a":2}']),
  change('text', 'text[]', ['{a,b}', '{a, b}'], { changed: 1 }),
  change('text', 'mood', ['sad']),
  change('text', 'mood', ['sad', 'glad'], { failing: 1 }),
  change('mood', 'text', ['sad']),
  change('mood', 'feeling', ['sad'], { review: /guess.*text/, failing: 0 }),
  change('mood', 'feeling', ['happy'], { review: /guess/, failing: 1 }),
  change('mood[]', 'feeling[]', ['{sad}'], { review: /guess/ }),
  // Bits and bytes.
  change('bit(8)', 'bit(4)', ['10101010'], { failing: 1 }),
  change('bit(8)', 'bit varying(8)', ['10101010']),
  change('bit varying(8)', 'bit varying(4)', ['1010', '10101'], { failing: 1 }),
  change('bytea', 'text', ['\\x6869'], { review: /UTF-8/, becomes: 'hi' }),
  change('bytea', 'character varying(1)', ['\\x6869'], { review: /UTF-8/, failing: 1 }),
  change('text', 'bytea', ['a\\b'], { review: /UTF-8/, becomes: '\\x615c62' }),
  // Times.
  change(
    'timestamp(6) with time zone',
    'timestamp(0) with time zone',
    ['2024-01-01 00:00:00.4', '2024-01-01 00:00:00'],
    { changed: 1 },
  ),
  change('timestamp(3) without time zone', 'timestamp without time zone', ['2024-01-01 00:00:00.4']),
  change('timestamp without time zone', 'date', ['2024-01-01 12:00', '2024-01-01 00:00'], { changed: 1 }),
  change('timestamp without time zone', 'time without time zone', ['2024-01-01 12:00'], { changed: 1 }),
  change('date', 'timestamp without time zone', ['2024-01-01']),
  change('date', 'timestamp with time zone', ['2024-01-01'], {
    review: /Europe\/Berlin/,
    becomes: '2024-01-01 00:00:00+01',
  }),
  change(
    'timestamp without time zone',
    'timestamp with time zone',
    ['2024-07-01 12:00', '2024-03-31 02:30'],
    {
      review: /Europe\/Berlin/,
      changed: 1,
      becomes: '2024-07-01 12:00:00+02',
    },
  ),
  change(
    'timestamp with time zone',
    'timestamp without time zone',
    ['2024-07-01 10:00+00', '2024-10-27 00:30+00'],
    {
      review: /Europe\/Berlin/,
      changed: 1,
      becomes: '2024-07-01 12:00:00',
    },
  ),
  change('timestamp with time zone', 'date', ['2024-07-01 23:00+00'], {
    review: /Europe/,
    changed: 1,
    becomes: '2024-07-02',
  }),
  change('time without time zone', 'time with time zone', ['12:00'], { review: /Europe/ }),
  change('time with time zone', 'time without time zone', ['12:00+05'], { changed: 1 }),
  change('interval', 'interval(0)', ['1.5 seconds', '30 days'], { changed: 1 }),
  change('bigint', 'timestamp with time zone', ['1700000000'], {
    review: /seconds since 1970/,
    becomes: '2023-11-14 23:13:20+01',
  }),
  change('timestamp with time zone', 'bigint', ['2023-11-14 23:13:20.5+01', '2023-11-14 23:13:20+01'], {
    review: /1970/,
    changed: 1,
  }),
  // Documents and what extensions bring.
  change('json', 'jsonb', ['{"a":1,"a":2}', '{"a": 1}', '{"b":1, "a":2}'], { changed: 2 }),
  change('jsonb', 'json', ['{"a": 1}']),
  change('jsonb', 'integer', ['1', '1.5'], { changed: 1 }),
  change('jsonb', 'integer', ['"x"'], { failing: 'error' }),
  change('hstore', 'jsonb', ['a=>1'], { becomes: '{"a": "1"}' }),
  change('hstore', 'json', ['a=>1'], { becomes: '{"a": "1"}' }),
  change('text', 'citext', ['a']),
  change('integer[]', 'jsonb', ['{1,2}'], { review: /jsonb/, becomes: '[1, 2]' }),
  change('integer', 'integer[]', ['5'], { review: /array of one/, becomes: '{5}' }),
  change('integer[]', 'integer', ['{5}', '{5,6}'], { review: /first element/, changed: 1 }),
  change('integer[]', 'bigint[]', ['{5}']),
  change('double precision[]', 'integer[]', ['{5.5}', '{5}'], { changed: 1 }),
  change('cidr', 'inet', ['10.0.0.0/8']),
  change('inet', 'cidr', ['10.0.0.1/8', '10.0.0.0/8'], { changed: 1 }),
  change('point', 'box', ['(1,2)']),
  // Domains.
  change('long', 'short', ['abcdef', 'abc'], { failing: 1 }),
  change('text', 'short', ['abcdef', 'abc'], { failing: 1 }),
  change('text', 'checked', ['xyz'], { failing: 'error' }),
  change('long', 'text', ['abc']),
  change('numeric(10,4)', 'cents', ['1.2345', '1.23'], { changed: 1 }),
];

const TYPES = [
  'create extension hstore; create extension citext',
  "create type mood as enum ('sad', 'happy')",
  "create type feeling as enum ('sad', 'glad')",
  'create domain long as varchar(40); create domain short as varchar(4); create domain cents as numeric(10,2)',
  "create domain checked as text check (value < 'b')",
];

interface Migration {
  readonly up: (db: Knex) => Promise<void>;
}

async function load(text: string, at: number): Promise<Migration> {
  const file = join(temporaryFolder(), `change_${at}.mjs`);
  writeFileSync(file, text);
  return (await import(pathToFileURL(file).href)) as Migration;
}

const place = (at: number): string => `t${String(at).padStart(3, '0')}`;

async function build(db: Knex, side: 'from' | 'to'): Promise<void> {
  for (const sql of TYPES) await db.raw(sql);
  for (const [at, each] of CHANGES.entries())
    await db.raw(`create table ${place(at)} (id integer primary key, x ${each[side]})`);
}

/** What one change does, as what was said of it is written. */
async function outcome(
  db: Knex,
  up: Migration['up'],
  table: string,
): Promise<{ fails: boolean; rewritten: boolean; first: string }> {
  const trx = await db.transaction();
  const file = async () =>
    (await trx.raw(`select pg_relation_filenode('${table}') as file`)).rows[0].file as number;
  try {
    const before = await file();
    await up(trx);
    const rewritten = (await file()) !== before;
    const { rows } = await trx.raw(`select x::text as x from ${table} where id = 0`);
    return { fails: false, rewritten, first: rows[0].x };
  } catch (error) {
    if (!/^(22|23)/.test(String((error as { code?: unknown }).code))) throw error;
    return { fails: true, rewritten: false, first: '' };
  } finally {
    await trx.rollback();
  }
}

describe('a column that changes its type (postgresql)', () => {
  it('says of each kind of change what happens to the values, and no value changes without a word', async function () {
    this.timeout(120_000);
    const [one, other] = [await freshPostgres(), await freshPostgres()];
    const [db, built] = [knex(one.config), knex(other.config)];
    try {
      const { rows } = await db.raw('select current_database() as name');
      await db.raw(`alter database ${rows[0].name} set timezone = '${ZONE}'`);
      await db.destroy();
      db.initialize();
      await build(db, 'from');
      await build(built, 'to');
      for (const [at, { values }] of CHANGES.entries())
        for (const [id, value] of values.entries())
          await db.raw(`insert into ${place(at)} values (?, ?)`, [id, value]);
      const [actual, desired] = [await postgresql.introspect(db), await postgresql.introspect(built)];
      const { operations } = diff(actual, desired, postgresql.changes.comparison);
      expect(operations.length).to.equal(CHANGES.length);
      const wrong: string[] = [];
      const find = hazardFinder(operations, postgresql.changes.hazards, actual);
      for (const [at, each] of CHANGES.entries()) {
        const { from, to, values, changed, failing, review, becomes } = each;
        const title = `${from} -> ${to} of ${values.join(' | ')}`;
        const operation = operations.find((some) => 'table' in some && some.table?.name === place(at));
        if (operation === undefined) throw new Error(`${title}: no operation`);
        const hazards = find(operation);
        const count = async (kind: string) => {
          const { evidence } = hazards.find((hazard) => hazard.kind === kind) ?? {};
          if (evidence === undefined)
            return hazards.some((hazard) => hazard.kind === kind) ? 'not asked' : undefined;
          const [answer] = await postgresql.countRows(db, [evidence.sql]);
          if (answer instanceof Error && !/^22|^23/.test(String((answer as { code?: unknown }).code)))
            throw new Error(`${title}: ${answer.message}\n${evidence.sql}`);
          return answer instanceof Error ? 'error' : answer;
        };
        const text = generate(postgresql.changes, [operation], actual, 'esm');
        const { up } = await load(text, at);
        const { fails, rewritten, first } = await outcome(db, up, place(at));
        const isFailing = failing !== undefined && failing !== 0;
        const of = (kind: string) =>
          hazards.filter((hazard) => hazard.kind === kind).map(({ message }) => message);
        const reviews = of('review').join(' ');
        const seen = {
          fails,
          failing: (await count('can fail')) ?? 0,
          changed: isFailing ? 0 : ((await count('data loss')) ?? 0),
          isReviewed: review === undefined ? reviews : review.test(reviews),
          becomes: becomes === undefined ? undefined : first,
          isLocked: isFailing || of('long lock').length > 0,
        };
        const wanted = {
          fails: isFailing,
          failing: failing ?? 0,
          changed: isFailing ? 0 : (changed ?? 0),
          isReviewed: review === undefined ? '' : true,
          becomes,
          isLocked: isFailing || rewritten,
        };
        if (JSON.stringify(seen) !== JSON.stringify(wanted))
          wrong.push(
            `${title}\n  seen   ${JSON.stringify(seen)}\n  wanted ${JSON.stringify(wanted)}\n${text}`,
          );
      }
      expect(wrong.length, wrong.join('\n')).to.equal(0);
    } finally {
      await db.destroy();
      await built.destroy();
    }
  });
});
