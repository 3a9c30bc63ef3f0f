import { expect } from 'chai';
import type { Knex } from 'knex';
import type { KnexMetaError } from '../../lib/index.js';
import { columnsOf, onEachEngine } from './support.js';

/** The process in one zone, the session in another: a value that either shifted would show. */
const ZONES = [
  { process: 'America/St_Johns', session: 'Asia/Kolkata' },
  { process: 'Asia/Kolkata', session: 'America/St_Johns' },
] as const;

const ACCEPTED: Readonly<Record<string, readonly (readonly [string | undefined, string])[]>> = {
  postgresql: [
    [undefined, 'timestamp with time zone'],
    ['CURRENT_TIMESTAMP', 'timestamp with time zone'],
    ['now()', 'timestamp with time zone'],
    ['clock_timestamp()', 'timestamp with time zone'],
    ['statement_timestamp()', 'timestamp with time zone'],
    ["timezone('utc', now())", 'timestamp without time zone'],
    ["now() at time zone 'utc'", 'timestamp without time zone'],
    ["(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')", 'timestamp without time zone'],
  ],
  sqlite: [
    [undefined, 'datetime'],
    ['CURRENT_TIMESTAMP', 'datetime'],
    ["datetime('now')", 'datetime'],
    ["strftime('%Y-%m-%dT%H:%M:%fZ','now')", 'datetime'],
    ['unixepoch()', 'integer'],
    ["cast(unixepoch('subsec') * 1000 as integer)", 'integer'],
  ],
};

const REFUSED: Readonly<Record<string, readonly string[]>> = {
  postgresql: [
    "strftime('%s','now')",
    'localtimestamp',
    'current_date',
    "'soon'",
    '1',
    'now(',
    "now() + interval '1 hour'",
  ],
  sqlite: [
    "timezone('utc', now())",
    "datetime('now','localtime')",
    "'soon'",
    'random()',
    "date('now')",
    'CURRENT_TIMESTAMP)',
  ],
};

/** Seconds since 1970 of a stored value, as the server sees it. */
async function secondsOf(db: Knex, column: string, engine: string): Promise<number> {
  if (engine === 'sqlite') {
    const [{ value }] = await db.raw(`select ${column} as value from t`);
    if (typeof value === 'number') return value > 1e11 ? value / 1000 : value;
    const [{ seconds }] = await db.raw('select unixepoch(?) as seconds', [value]);
    return seconds;
  }
  const { rows } = await db.raw(`select extract(epoch from case pg_typeof(${column})::text
    when 'timestamp with time zone' then ${column}::text::timestamptz
    else timezone('utc', ${column}::text::timestamp) end) as seconds from t`);
  return Number(rows[0].seconds);
}

onEachEngine('instants are UTC', (open, engine) => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
    delete process.env.DATABASE_TIMESTAMP_UTC;
  });

  function openIn(session: string, expression: string | undefined): Knex {
    if (expression !== undefined) process.env.DATABASE_TIMESTAMP_UTC = expression;
    const afterCreate = (
      connection: { query: (sql: string, done: (error?: Error) => void) => void },
      done: () => void,
    ) => connection.query(`set time zone '${session}'`, done);
    return open({}, engine === 'postgresql' ? { pool: { min: 0, max: 2, afterCreate } } : {});
  }

  for (const zones of ZONES) {
    for (const [expression, type] of ACCEPTED[engine] ?? []) {
      it(`${expression ?? 'default'}: process in ${zones.process}, session in ${zones.session}`, async () => {
        process.env.TZ = zones.process;
        const db = openIn(zones.session, expression);
        await db.schema.createTable('t', (t) => void t.string('label'));
        expect((await columnsOf(db, 't')).find(({ name }) => name === 'updated_at')?.type).to.equal(type);
        await db('t').insert({ label: 'a' });
        await db.raw("update t set created_at = '2001-01-01'");
        expect(Math.abs((await secondsOf(db, 'updated_at', engine)) - Date.now() / 1000)).to.be.lessThan(2);
        await db('t').delete();
        await db('t').insert({ label: 'b' });
        expect(Math.abs((await secondsOf(db, 'created_at', engine)) - Date.now() / 1000)).to.be.lessThan(2);
        expect(Math.abs((await secondsOf(db, 'updated_at', engine)) - Date.now() / 1000)).to.be.lessThan(2);
      });
    }
  }

  for (const expression of REFUSED[engine] ?? []) {
    it(`refuses ${expression} before anything is created`, async () => {
      const db = openIn('UTC', expression);
      const error = await db.schema
        .createTable('t', (t) => void t.string('label'))
        .then(
          () => undefined,
          (e: KnexMetaError) => e,
        );
      expect(error?.code).to.equal('TIMESTAMP_INVALID');
      expect(error?.message).to.include('DATABASE_TIMESTAMP_UTC');
      expect(error?.message).to.include(engine === 'sqlite' ? 'SQLite' : 'PostgreSQL');
      expect(error?.remedy).to.include('CURRENT_TIMESTAMP');
      expect(await db.schema.hasTable('t')).to.equal(false);
    });
  }

  if (engine === 'postgresql') {
    it('a trigger on the project’s own timestamp and date columns stores UTC too', async () => {
      process.env.TZ = 'America/St_Johns';
      for (const [index, session] of ['Asia/Kolkata', 'America/St_Johns'].entries()) {
        const db = openIn(session, undefined);
        const table = `own_${index}`;
        await db.schema.createTable(table, (t) => {
          t.string('label');
          t.timestamp('updated_at', { useTz: false });
        });
        await db(table).insert({ label: 'a' });
        await db(table).update({ label: 'b' });
        const { rows } = await db.raw(
          `select extract(epoch from timezone('utc', updated_at) - now()) as off from ${table}`,
        );
        expect(Math.abs(Number(rows[0].off))).to.be.lessThan(2);
      }
    });

    it('the type follows what the server says of a function that no name gives away', async () => {
      const setup = open();
      await setup.raw(
        "create function utc_clock() returns timestamp language sql as $$ select timezone('utc', now()) $$",
      );
      const db = openIn('Asia/Kolkata', 'utc_clock()');
      await db.schema.createTable('t', (t) => void t.string('label'));
      expect((await columnsOf(db, 't')).find(({ name }) => name === 'created_at')?.type).to.equal(
        'timestamp without time zone',
      );
    });
  }
});
