/**
 * How long others wait while a large table is adopted on PostgreSQL: sessions that read, update and insert, and one
 * with transactions that last seconds, run beside it. `tsx scripts/bench-adopt.ts --rows 10000000` prints the lines
 * of docs/performance.md. A statement that waited longer than 100 ms for a lock ends with an error, which is counted.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import knex from 'knex';
import pg from 'pg';
import { adoptTable, withMeta } from '../lib/index.js';
import { removeTemporaryFolders } from '../test/support/databases.js';
import { startServer } from '../test/support/postgres.js';

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } });
const rows = Number(values.rows);
const number = (value: number): string => Math.round(value).toLocaleString('en-US');

const own = await startServer(false);
const url = own.server.url('postgres');

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  return client;
}

const admin = await connect();
await admin.query(
  'create table orders (id bigint primary key, inserted_on timestamptz not null, state int not null default 0)',
);
for (let from = 0; from < rows; from += 1_000_000) {
  const to = Math.min(rows, from + 1_000_000);
  await admin.query(
    "insert into orders select n, timestamptz '2020-01-01Z' + n * interval '1 second' from generate_series($1::bigint, $2::bigint) n",
    [from + 1, to],
  );
}
await admin.query('vacuum analyze orders');

interface Seen {
  statements: number;
  timeouts: number;
  /** Milliseconds. */
  longest: number;
}

let isOver = false;
let phase: Seen = { statements: 0, timeouts: 0, longest: 0 };
let longestWait = 0;

async function keepGoing(act: (client: pg.Client, turn: number) => Promise<unknown>): Promise<void> {
  const client = await connect();
  await client.query("set lock_timeout = '100ms'");
  for (let turn = 0; !isOver; turn += 1) {
    const start = performance.now();
    try {
      await act(client, turn);
    } catch (error) {
      if ((error as { readonly code?: string }).code !== '55P03') throw error;
      phase.timeouts += 1;
    }
    phase.statements += 1;
    phase.longest = Math.max(phase.longest, performance.now() - start);
    await delay(1);
  }
  await client.end();
}

const random = (): number => 1 + Math.floor(Math.random() * rows);
const updates = Array.from({ length: 4 }, () =>
  keepGoing((client) => client.query('update orders set state = state + 1 where id = $1', [random()])),
);
const reads = Array.from({ length: 2 }, () =>
  keepGoing((client) => client.query('select * from orders where id = $1', [random()])),
);
const inserts = keepGoing((client, turn) =>
  client.query('insert into orders (id, inserted_on) values ($1, now())', [rows + 1 + turn]),
);

async function longTransactions(): Promise<void> {
  const client = await connect();
  while (!isOver) {
    await client.query('begin');
    await client.query('select * from orders where id = $1', [random()]);
    await delay(2000);
    await client.query('commit');
    await delay(3000);
  }
  await client.end();
}

/** The longest wait that is seen, looked at every few milliseconds. */
async function watchWaits(): Promise<void> {
  const client = await connect();
  while (!isOver) {
    const found =
      await client.query(`select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart)), 0) * 1000 as wait
      from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where not l.granted and a.application_name <> 'adopts' and a.backend_type = 'client backend'`);
    longestWait = Math.max(longestWait, Number(found.rows[0].wait));
    await delay(2);
  }
  await client.end();
}

const others = [...updates, ...reads, inserts, longTransactions(), watchWaits()];
await delay(10_000);
const before = phase;
phase = { statements: 0, timeouts: 0, longest: 0 };
longestWait = 0;

const db = knex(withMeta({ client: 'pg', connection: `${url}?application_name=adopts` }));
const start = performance.now();
await adoptTable(db, {
  table: 'orders',
  columns: ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'],
  createdAt: 'inserted_on',
});
const seconds = (performance.now() - start) / 1000;
const during = phase;
isOver = true;
await Promise.all(others);
const { rows: wrong } = await admin.query(
  'select count(*)::int as n from orders where created_at <> inserted_on and id <= $1',
  [rows],
);
const sum = await admin.query('select sum(state)::int as n from orders');

console.log(
  '| rows | adopted in | statements of others | waited over 100 ms for a lock | longest lock wait seen | longest statement (without adoption) |',
);
console.log('|---|---|---|---|---|---|');
console.log(
  `| ${number(rows)} | ${number(seconds)} s | ${number(during.statements)} | ${during.timeouts} | ${number(longestWait)} ms | ${number(during.longest)} ms (${number(before.longest)} ms) |`,
);
console.log(`rows with another created_at than inserted_on: ${wrong[0].n}; updates kept: ${sum.rows[0].n}`);

await db.destroy();
await admin.end();
await own.stop();
removeTemporaryFolders();
