/**
 * Measures what `migrateForTest` costs beside running the migrations for each test file: the worked example and a chain of
 * 100 migrations. `tsx scripts/bench-templates.ts` prints the table of docs/testing.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import knex, { type Knex } from 'knex';
import { createMigrator, migrateForTest, withMeta } from '../lib/index.js';
import { ROOT } from '../test/support/commandLine.js';
import {
  freshPostgres,
  freshSqlite,
  removeTemporaryFolders,
  temporaryFolder,
} from '../test/support/databases.js';
import { stopPostgres } from '../test/support/postgres.js';

const ROUNDS = 15;
/** No template of an earlier run is taken. */
const OWN = { key: String(process.pid) };

function median(values: readonly number[]): string {
  const middle = [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return middle < 10 ? middle.toFixed(1) : String(Math.round(middle));
}

async function timed<T>(act: () => Promise<T>): Promise<readonly [number, T]> {
  const start = performance.now();
  const result = await act();
  return [performance.now() - start, result];
}

function hundred(): string {
  const directory = join(temporaryFolder(), 'migrations');
  mkdirSync(directory);
  for (let number = 100; number < 200; number += 1) {
    writeFileSync(
      join(directory, `${number}_t.cjs`),
      `exports.up = (k) => k.schema.createTable('t${number}', (t) => { t.increments(); t.string('word').index(); t.integer('n'); });
      exports.down = (k) => k.schema.dropTable('t${number}');`,
    );
  }
  return directory;
}

async function measure(
  config: Knex.Config,
  fresh: () => Promise<{ readonly config: Knex.Config }>,
): Promise<string> {
  const migrated: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const own = { ...config, ...(await fresh()).config };
    const [took, db] = await timed(async () => {
      const each = knex(withMeta(own));
      await createMigrator(each).latest();
      return each;
    });
    migrated.push(took);
    await db.destroy();
  }
  const [first, template] = await timed(() => migrateForTest(config, OWN));
  await template.destroy();
  const copied: number[] = [];
  const destroyed: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [took, copy] = await timed(() => migrateForTest(config, OWN));
    copied.push(took);
    await copy.db.raw('select 1');
    destroyed.push((await timed(() => copy.destroy()))[0]);
  }
  return `${median(migrated)} | ${median([first])} | ${median(copied)} | ${median(destroyed)} |`;
}

console.log(
  '| milliseconds | migrate | first `migrateForTest` | every other one | `destroy` |\n|---|---|---|---|---|',
);
for (const [title, directory] of [
  ['the worked example, 7 migrations', join(ROOT, 'migrations')],
  ['100 migrations', hundred()],
] as const) {
  for (const [engine, fresh] of [
    ['SQLite', freshSqlite],
    ['PostgreSQL', freshPostgres],
  ] as const) {
    const { config } = await fresh();
    console.log(`| ${title}, ${engine} | ${await measure({ ...config, migrations: { directory } }, fresh)}`);
  }
}
await stopPostgres();
removeTemporaryFolders();
