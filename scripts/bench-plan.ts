/**
 * What planning one pending migration costs on a PostgreSQL database that has many tables: `npx tsx scripts/bench-plan.ts [tables ...]`.
 * Prints a table of docs/performance.md.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import knex from 'knex';
import { createMigrator, withMeta } from '../lib/index.js';
import { freshPostgres, removeTemporaryFolders } from '../test/support/databases.js';
import { stopPostgres } from '../test/support/postgres.js';
import { median, timed } from './measure.js';

const ROOT = resolve(import.meta.dirname ?? '.', '..');
const SAID = process.argv.slice(2).map(Number);
const COUNTS = SAID.length > 0 ? SAID : [200, 1000];
const ROUNDS = 3;

const table = (index: number): string => `
  await k.schema.createTable('table_${index}', (t) => {
    t.increments('id'); t.string('name', 100).notNullable(); t.integer('count').defaultTo(0); t.decimal('price', 10, 2);
    t.integer('parent_id').unsigned()${index === 0 ? '' : `.references('id').inTable('table_${Math.floor(index / 10)}')`};
    t.index(['name']); t.index(['count', 'price']);
  });`;

const migration = (body: string): string =>
  `exports.up = async (k) => {${body}\n};\nexports.down = async () => {};\n`;

/** Tables of one migration: the server holds a lock for each until its end. */
const AT_A_TIME = 100;

async function planned(count: number): Promise<number> {
  const { config } = await freshPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'knex-meta-bench-'));
  const directory = join(folder, 'migrations');
  mkdirSync(directory);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const write = (name: string, body: string): void =>
    writeFileSync(join(directory, `${name}.cjs`), migration(body));
  for (let start = 0; start < count; start += AT_A_TIME) {
    const indexes = Array.from({ length: Math.min(AT_A_TIME, count - start) }, (_each, at) => start + at);
    write(`1_${String(start).padStart(6, '0')}`, indexes.map(table).join(''));
  }
  const db = knex(withMeta({ ...config, migrations: { directory } }));
  try {
    const migrator = createMigrator(db);
    await migrator.latest();
    await db('table_0').insert({ name: 'a row' });
    write('2_pending', "\n  await k.schema.alterTable('table_0', (t) => { t.text('more'); });");
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await timed(() => migrator.plan()));
    return median(times);
  } finally {
    await db.destroy();
    rmSync(folder, { recursive: true });
  }
}

console.log('| tables | plan, s |\n|---|---|');
for (const count of COUNTS) console.log(`| ${count} | ${((await planned(count)) / 1000).toFixed(1)} |`);
await stopPostgres();
removeTemporaryFolders();
