/**
 * Measures what the metadata cost: stock Knex and knex-meta side by side, interleaved, as ratios of medians.
 * `tsx scripts/bench.ts` prints the table of docs/performance.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex, { type Knex } from 'knex';
import { withMeta } from '../lib/index.js';
import { freshPostgres, removeTemporaryFolders } from '../test/support/databases.js';
import { stopPostgres } from '../test/support/postgres.js';
import { median, timed } from './measure.js';

const ROUNDS = 7;

const TASKS: Readonly<Record<string, (db: Knex) => PromiseLike<unknown>>> = {
  'create 100 tables': async (db) => {
    for (let index = 0; index < 100; index += 1) {
      await db.schema.createTable(`t_${index}`, (t) => {
        t.increments('id');
        t.string('label');
      });
    }
  },
  'insert 5,000 rows': (db) =>
    db.batchInsert(
      't_0',
      Array.from({ length: 5000 }, (_row, index) => ({ label: `${index}` })),
      400,
    ),
  'update 5,000 rows in one statement': (db) => db('t_0').update({ label: 'x' }),
  'update 500 rows one by one': async (db) => {
    for (let id = 1; id <= 500; id += 1) await db('t_0').where({ id }).update({ label: 'y' });
  },
  'select 5,000 rows, two columns': (db) => db('t_0').select('id', 'label'),
};

const folder = mkdtempSync(join(tmpdir(), 'knex-meta-bench-'));
let counter = 0;
const ENGINES: Readonly<Record<string, () => Promise<Knex.Config>>> = {
  SQLite: async () => {
    counter += 1;
    return {
      client: 'better-sqlite3',
      connection: { filename: join(folder, `${counter}.sqlite3`) },
      useNullAsDefault: true,
    };
  },
  PostgreSQL: async () => (await freshPostgres()).config,
};

console.log('| | SQLite | PostgreSQL |\n|---|---|---|');
const results = new Map<string, string[]>();
for (const fresh of Object.values(ENGINES)) {
  const times = new Map<string, { stock: number[]; ours: number[] }>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const kind of round % 2 === 0 ? (['stock', 'ours'] as const) : (['ours', 'stock'] as const)) {
      const config = await fresh();
      const db = knex(kind === 'ours' ? withMeta(config) : config);
      for (const [task, act] of Object.entries(TASKS)) {
        const each = times.get(task) ?? { stock: [], ours: [] };
        each[kind].push(await timed(() => act(db)));
        times.set(task, each);
      }
      await db.destroy();
    }
  }
  for (const [task, { stock, ours }] of times) {
    results.set(task, [...(results.get(task) ?? []), (median(ours) / median(stock)).toFixed(2)]);
  }
}
for (const [task, ratios] of results) console.log(`| ${task} | ${ratios.join(' | ')} |`);
await stopPostgres();
removeTemporaryFolders();
rmSync(folder, { recursive: true, force: true });
