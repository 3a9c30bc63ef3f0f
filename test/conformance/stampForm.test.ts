import { expect } from 'chai';
import type { Knex } from 'knex';
import { onEachEngine, triggersOf } from './support.js';

type Declare = (t: Knex.CreateTableBuilder, db: Knex) => unknown;

interface Case {
  readonly title: string;
  readonly declare: Declare;
  /** What the application writes for an instant. */
  readonly write: (db: Knex, at: Date) => unknown;
}

const two = (part: number): string => String(part).padStart(2, '0');

/** Instants a minute apart around now: a stamp is between them. */
const BEFORE = () => new Date(Date.now() - 120_000);
const AFTER = () => new Date(Date.now() + 120_000);

const space = (at: Date): string => at.toISOString().slice(0, 19).replace('T', ' ');
const localText = (at: Date, zone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(at);
const processText = (at: Date): string =>
  `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;

const SQLITE: readonly Case[] = [
  {
    title: 't.timestamps(true, true), text',
    declare: (t) => t.timestamps(true, true),
    write: (_, at) => space(at),
  },
  {
    title: 't.timestamps(true, true), Dates',
    declare: (t) => t.timestamps(true, true),
    write: (_, at) => at,
  },
  { title: 't.timestamps(), Dates', declare: (t) => t.timestamps(), write: (_, at) => at },
  { title: 't.datetime, Dates', declare: (t) => t.datetime('updated_at'), write: (_, at) => at },
  { title: 't.datetime, ISO', declare: (t) => t.datetime('updated_at'), write: (_, at) => at.toISOString() },
  { title: 't.datetime, text', declare: (t) => t.datetime('updated_at'), write: (_, at) => space(at) },
  {
    title: 't.datetime, text with milliseconds and offset',
    declare: (t) => t.datetime('updated_at'),
    write: (_, at) => at.toISOString().replace('T', ' ').replace('Z', ' +00:00'),
  },
  {
    title: 't.datetime, seconds',
    declare: (t) => t.datetime('updated_at'),
    write: (_, at) => Math.floor(at.getTime() / 1000),
  },
  {
    title: 'timestamp with precision',
    declare: (t) => t.timestamp('updated_at', { precision: 3 }),
    write: (_, at) => at,
  },
  {
    title: 'a default of milliseconds',
    declare: (t, db) =>
      t.bigInteger('updated_at').defaultTo(db.raw("(cast(strftime('%s','now') as integer) * 1000)")),
    write: (_, at) => at.getTime(),
  },
  {
    title: 'a default of seconds',
    declare: (t, db) => t.integer('updated_at').defaultTo(db.raw('(unixepoch())')),
    write: (_, at) => Math.floor(at.getTime() / 1000),
  },
  {
    title: 'a text column whose default is an instant',
    declare: (t, db) => t.text('updated_at').defaultTo(db.raw("(datetime('now'))")),
    write: (_, at) => space(at),
  },
  {
    title: 'a default of local time',
    declare: (t, db) => t.datetime('updated_at').defaultTo(db.raw("(datetime('now','localtime'))")),
    write: (_, at) => processText(at),
  },
];

const ZONES = { process: 'America/St_Johns', session: 'Asia/Kolkata' } as const;

const POSTGRESQL: readonly Case[] = [
  { title: 't.timestamps(true, true)', declare: (t) => t.timestamps(true, true), write: (_, at) => at },
  { title: 't.timestamps()', declare: (t) => t.timestamps(), write: (_, at) => at },
  {
    title: 'timestamp with precision',
    declare: (t) => t.timestamp('updated_at', { precision: 3 }),
    write: (_, at) => at,
  },
  ...['now()', 'CURRENT_TIMESTAMP', 'localtimestamp', 'clock_timestamp()', 'now()::timestamp(0)'].map(
    (expression): Case => ({
      title: `timestamp without time zone, default ${expression}`,
      declare: (t, db) => t.timestamp('updated_at', { useTz: false }).defaultTo(db.raw(expression)),
      write: (_, at) => localText(at, ZONES.session),
    }),
  ),
  ...["timezone('utc', now())", "(now() at time zone 'UTC')"].map(
    (expression): Case => ({
      title: `timestamp without time zone, default ${expression}`,
      declare: (t, db) => t.specificType('updated_at', 'timestamp').defaultTo(db.raw(expression)),
      write: (_, at) => space(at),
    }),
  ),
  ...["timezone('Asia/Tokyo', now())", "(now() at time zone 'Etc/GMT-9')"].map(
    (expression): Case => ({
      title: `timestamp without time zone, default ${expression}`,
      declare: (t, db) => t.specificType('updated_at', 'timestamp').defaultTo(db.raw(expression)),
      write: (_, at) => localText(at, 'Asia/Tokyo'),
    }),
  ),
];

onEachEngine('an own updated_at is stamped in the form in which the project writes it', (open, engine) => {
  const zone = process.env.TZ;
  beforeEach(() => {
    process.env.TZ = ZONES.process;
  });
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  function openInZone(): Knex {
    const afterCreate = (
      connection: { query: (sql: string, done: (error?: Error) => void) => void },
      done: () => void,
    ) => connection.query(`set time zone '${ZONES.session}'`, done);
    const quiet = { log: { warn: () => {} } };
    return open({}, engine === 'postgresql' ? { ...quiet, pool: { min: 0, max: 2, afterCreate } } : quiet);
  }

  /** The names of rows from the oldest to the youngest stamp. */
  const order = (db: Knex) => db('t').orderBy('updated_at').pluck('name');

  for (const { title, declare, write } of engine === 'sqlite' ? SQLITE : POSTGRESQL) {
    it(`${title}: order and comparison with what the application wrote`, async () => {
      const db = openInZone();
      await db.schema.createTable('t', (t) => {
        t.increments('id');
        t.string('name');
        t.integer('n');
        declare(t, db);
      });
      await db('t').insert([
        { name: 'before', updated_at: write(db, BEFORE()) },
        { name: 'updated', updated_at: write(db, new Date(2001, 1, 3)) },
        { name: 'after', updated_at: write(db, AFTER()) },
      ]);
      await db('t').where({ name: 'updated' }).update({ n: 1 });
      expect(await order(db)).to.deep.equal(['before', 'updated', 'after']);
      const between = db('t')
        .where('updated_at', '>', write(db, BEFORE()) as Knex.Value)
        .where('updated_at', '<', write(db, AFTER()) as Knex.Value);
      expect(await between.clone().where({ name: 'updated' }).pluck('name')).to.deep.equal(['updated']);
      // What the statement itself sets has the form too, and is stamped.
      await db('t')
        .where({ name: 'before' })
        .update({ n: 2, updated_at: write(db, new Date(2001, 1, 3)) });
      expect((await order(db)).slice(-1)).to.deep.equal(['after']);
      expect(await triggersOf(db)).to.have.length(1);
      // A row that has no value, where the others have one.
      if (title.includes('(true, true)')) return;
      await db('t').where({ name: 'after' }).del();
      await db('t').insert({ name: 'empty', updated_at: null });
      await db('t').where({ name: 'empty' }).update({ n: 3 });
      expect(await between.clone().where({ name: 'empty' }).pluck('name')).to.deep.equal(['empty']);
    });
  }

  if (engine === 'sqlite') {
    it('an empty column without a default stays empty until the application has written, and a line says so', async () => {
      const lines: string[] = [];
      const db = open({}, { log: { warn: (message: string) => void lines.push(message) } });
      await db.schema.createTable('t', (t) => {
        t.increments('id');
        t.string('name');
        t.timestamps();
      });
      expect(lines.join('\n')).to.match(/t\.updated_at has no default/);
      await db('t').insert({ name: 'a' });
      await db('t').update({ name: 'b' });
      expect((await db('t').first()).updated_at).to.equal(null);
      await db('t').insert({ name: 'c', updated_at: new Date(2001, 1, 3) });
      await db('t').where({ name: 'b' }).update({ name: 'd' });
      expect(typeof (await db('t').first()).updated_at).to.equal('number');
    });

    it('text in a form that is not known is left alone', async () => {
      const db = openInZone();
      await db.schema.createTable('t', (t) => {
        t.string('name');
        t.datetime('updated_at');
      });
      await db('t').insert({ name: 'a', updated_at: '3 Feb 2001' });
      await db('t').update({ name: 'b' });
      expect((await db('t').first()).updated_at).to.equal('3 Feb 2001');
    });
  } else {
    it('an own date is of the zone of its default', async () => {
      const db = openInZone();
      await db.schema.createTable('t', (t) => {
        t.string('name');
        t.date('updated_at').defaultTo(db.raw('current_date'));
      });
      await db('t').insert({ name: 'a', updated_at: '2001-02-03' });
      await db('t').update({ name: 'b' });
      const { rows } = await db.raw(
        "select updated_at = (now() at time zone 'Asia/Kolkata')::date as same from t",
      );
      expect(rows[0].same).to.equal(true);
    });

    it('tables of several zones have a function each, and the last that goes takes it along', async () => {
      const db = openInZone();
      const defaults = [
        'now()',
        "timezone('utc', now())",
        "timezone('Asia/Tokyo', now())",
        "timezone('Etc/GMT+5', now())",
        "timezone('Etc/GMT-5', now())",
      ];
      for (const [index, expression] of defaults.entries()) {
        await db.schema.createTable(`t${index}`, (t) => {
          t.string('name');
          t.timestamp('updated_at', { useTz: false }).defaultTo(db.raw(expression));
        });
      }
      const functions = async () =>
        (await db.raw("select proname from pg_proc where pronamespace = 'public'::regnamespace order by 1"))
          .rows.length;
      expect(await functions()).to.equal(defaults.length);
      for (const [index, expression] of defaults.entries()) {
        await db(`t${index}`).insert({ name: 'a', updated_at: '2001-01-01' });
        await db(`t${index}`).update({ name: 'b' });
        const { rows } = await db.raw(
          `select abs(extract(epoch from updated_at - (${expression})::timestamp)) as off from t${index}`,
        );
        expect(Number(rows[0].off), expression).to.be.lessThan(60);
        await db.schema.dropTable(`t${index}`);
      }
      expect(await functions()).to.equal(0);
    });
  }

  it('a column that a later migration adds takes the instants in the form of its own default', async () => {
    const db = openInZone();
    await db.schema.createTable('t', (t) => void t.string('name'));
    await db('t').insert({ name: 'old' });
    await db.schema.alterTable('t', (t) => {
      if (engine === 'sqlite') t.timestamps(true, true);
      else t.timestamp('updated_at', { useTz: false }).defaultTo(db.fn.now());
    });
    const write = (at: Date) => (engine === 'sqlite' ? space(at) : localText(at, ZONES.session));
    await db('t').insert([
      { name: 'before', updated_at: write(BEFORE()) },
      { name: 'after', updated_at: write(AFTER()) },
    ]);
    expect(await order(db)).to.deep.equal(['before', 'old', 'after']);
    if (engine === 'sqlite')
      expect((await db('t').where({ name: 'old' }).first()).created_at).to.match(/^[\d-]{10} [\d:]{8}$/);
  });
});
