/**
 * What a run costs beside stock Knex's, whole processes, one after the other in turns: `npx tsx scripts/bench-migrator.ts`.
 * Prints the tables of docs/performance.md. Build first.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import knex from 'knex';
import { createMigrator, withMeta } from '../lib/index.js';
import { freshPostgres, freshSqlite, removeTemporaryFolders } from '../test/support/databases.js';
import { stopPostgres } from '../test/support/postgres.js';

const ROOT = resolve(import.meta.dirname ?? '.', '..');
const OURS = join(ROOT, 'dist/bin/knex-meta.js');
const STOCK = join(ROOT, 'node_modules/knex/bin/cli.js');
const NOOP_COUNTS = [1000, 5000, 10_000];
const APPLY_COUNTS = [1, 100, 1000];
const ROUNDS = 3;

const nameOf = (index: number): string => `2024${String(index).padStart(8, '0')}_table_${index}.js`;

const migration = (
  index: number,
): string => `exports.up = (k) => k.schema.createTable('table_${index}', (t) => {
  t.increments(); t.string('name').notNullable(); t.integer('count'); t.text('body'); t.boolean('flag'); t.date('day'); t.index(['name']);
});
exports.down = (k) => k.schema.dropTable('table_${index}');
`;

function projectOf(count: number, config: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'knex-meta-bench-'));
  mkdirSync(join(folder, 'migrations'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'knexfile.js'), `module.exports = ${JSON.stringify(config)};\n`);
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(folder, 'migrations', nameOf(index)), migration(index));
  }
  return folder;
}

function timeOf(program: string, folder: string, ...args: readonly string[]): number {
  const start = performance.now();
  execFileSync(process.execPath, [program, ...args], { cwd: folder, stdio: 'pipe' });
  return performance.now() - start;
}

const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

/** The record of a database where everything is applied, without running it. */
async function record(config: object, count: number): Promise<void> {
  const db = knex(config as never);
  await db.migrate.list({ directory: mkdtempSync(join(tmpdir(), 'knex-meta-bench-')) });
  for (let start = 0; start < count; start += 100) {
    await db('knex_migrations').insert(
      Array.from({ length: Math.min(100, count - start) }, (_each, offset) => ({
        name: nameOf(start + offset),
        batch: 1,
        migration_time: new Date(),
      })),
    );
  }
  await db.destroy();
}

const ENGINES = [
  ['SQLite', freshSqlite],
  ['PostgreSQL', freshPostgres],
] as const;

async function noop(): Promise<void> {
  console.log(
    '\nNothing to do, `migrate:latest`, milliseconds:\n\n| | applied | stock Knex | knex-meta | ratio |\n|---|---|---|---|---|',
  );
  for (const [title, fresh] of ENGINES) {
    for (const count of NOOP_COUNTS) {
      const { config } = await fresh();
      const folder = projectOf(count, config);
      await record(config, count);
      const times: { stock: number[]; ours: number[] } = { stock: [], ours: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        times.stock.push(timeOf(STOCK, folder, 'migrate:latest'));
        times.ours.push(timeOf(OURS, folder, 'migrate:latest'));
      }
      rmSync(folder, { recursive: true });
      const [stock, ours] = [median(times.stock), median(times.ours)];
      console.log(
        `| ${title} | ${count} | ${stock.toFixed(0)} | ${ours.toFixed(0)} | ${(ours / stock).toFixed(2)} |`,
      );
    }
  }
}

/** The same without the start of a process: what the migrators themselves take. */
async function noopInside(): Promise<void> {
  console.log(
    '\nNothing to do, `migrate.latest()` in one process, milliseconds:\n\n| | applied | stock Knex | knex-meta | ratio |\n|---|---|---|---|---|',
  );
  for (const [title, fresh] of ENGINES) {
    for (const count of NOOP_COUNTS) {
      const { config } = await fresh();
      const folder = projectOf(count, config);
      await record(config, count);
      const migrations = { directory: join(folder, 'migrations') };
      const [stockDb, ourDb] = [knex({ ...config, migrations }), knex(withMeta({ ...config, migrations }))];
      const migrator = createMigrator(ourDb);
      const times: { stock: number[]; ours: number[] } = { stock: [], ours: [] };
      for (let round = 0; round < ROUNDS + 1; round += 1) {
        let start = performance.now();
        await stockDb.migrate.latest();
        times.stock.push(performance.now() - start);
        start = performance.now();
        await migrator.latest();
        times.ours.push(performance.now() - start);
      }
      await stockDb.destroy();
      await ourDb.destroy();
      rmSync(folder, { recursive: true });
      const [stock, ours] = [median(times.stock.slice(1)), median(times.ours.slice(1))];
      console.log(
        `| ${title} | ${count} | ${stock.toFixed(0)} | ${ours.toFixed(0)} | ${(ours / stock).toFixed(2)} |`,
      );
    }
  }
}

async function apply(): Promise<void> {
  console.log(
    '\nApplying so many migrations (a table of 6 columns and an index each), milliseconds:\n\n| | migrations | stock Knex | knex-meta | ratio |\n|---|---|---|---|---|',
  );
  for (const [title, fresh] of ENGINES) {
    for (const count of APPLY_COUNTS) {
      const times: { stock: number[]; ours: number[] } = { stock: [], ours: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [key, program] of [
          ['stock', STOCK],
          ['ours', OURS],
        ] as const) {
          const { config } = await fresh();
          const folder = projectOf(count, config);
          times[key].push(timeOf(program, folder, 'migrate:latest'));
          rmSync(folder, { recursive: true });
        }
      }
      const [stock, ours] = [median(times.stock), median(times.ours)];
      console.log(
        `| ${title} | ${count} | ${stock.toFixed(0)} | ${ours.toFixed(0)} | ${(ours / stock).toFixed(2)} |`,
      );
    }
  }
}

await noopInside();
await noop();
await apply();
await stopPostgres();
removeTemporaryFolders();
process.exit(0);
