/**
 * Measures what the question for `preserveTimestamps` costs each update on PostgreSQL: the same table twice, one with the
 * trigger's function as it is, the other without its three lines, interleaved, as a ratio of medians.
 * `tsx scripts/bench-preserve.ts` prints the table of docs/performance.md.
 */
import knex from 'knex';
import { withMeta } from '../lib/index.js';
import { freshPostgres, removeTemporaryFolders } from '../test/support/databases.js';
import { stopPostgres } from '../test/support/postgres.js';
import { median, timed } from './measure.js';

const ROUNDS = 21;
const ROWS = 100_000;
const SINGLE = 1_000;

const db = knex(withMeta((await freshPostgres()).config));
const SCHEMAS = ['asks', 'never_asks'] as const;
type Schema = (typeof SCHEMAS)[number];
for (const schema of SCHEMAS) {
  await db.raw(`create schema ${schema}`);
  await db.schema.withSchema(schema).createTable('t', (t) => {
    t.increments('id');
    t.string('label');
  });
  await db.raw(`insert into ${schema}.t (label) select 'a' from generate_series(1, ${ROWS})`);
}
const body = async (schema: Schema): Promise<string> =>
  (
    await db.raw("select prosrc as body from pg_proc where oid = (? || '.set_updated_at()')::regprocedure", [
      schema,
    ])
  ).rows[0].body;
const without = (await body('asks')).replace(/ {2}if pg_catalog\.current_setting[\s\S]*?end if;\n/, '');
await db.raw(
  `create or replace function never_asks.set_updated_at() returns trigger language plpgsql as $body$${without}$body$`,
);
if (without === (await body('asks')) || (await body('never_asks')) !== without)
  throw new Error('nothing to compare');

const TASKS: Readonly<Record<string, (schema: Schema) => PromiseLike<unknown>>> = {
  [`update ${ROWS.toLocaleString('en')} rows in one statement`]: (schema) =>
    db.withSchema(schema).from('t').update({ label: 'x' }),
  [`update ${SINGLE.toLocaleString('en')} rows one by one, in one transaction`]: (schema) =>
    db.transaction(async (trx) => {
      for (let id = 1; id <= SINGLE; id += 1)
        await trx.withSchema(schema).from('t').where({ id }).update({ label: 'y' });
    }),
};

console.log('| | with the line, ms | without it, ms | ratio |\n|---|---|---|---|');
for (const [task, act] of Object.entries(TASKS)) {
  const times: Readonly<Record<Schema, number[]>> = { asks: [], never_asks: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const schema of round % 2 === 0 ? SCHEMAS : [...SCHEMAS].reverse()) {
      await db.raw(`vacuum full ${schema}.t`);
      const time = await timed(() => act(schema));
      // The first round warms up.
      if (round > 0) times[schema].push(time);
    }
  }
  const [asks, never] = [median(times.asks), median(times.never_asks)];
  console.log(`| ${task} | ${asks.toFixed(0)} | ${never.toFixed(0)} | ${(asks / never).toFixed(2)} |`);
}
await db.destroy();
await stopPostgres();
removeTemporaryFolders();
