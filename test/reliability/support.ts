import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import type { KnexMetaError } from '../../lib/errors.js';
import { withMeta } from '../../lib/metadata/withMeta.js';
import { createMigrator, type Migrator } from '../../lib/migrator/createMigrator.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { type Database, type TestEngine, temporaryFolder } from '../support/databases.js';

/** A project of plain files on an empty database of its own. */
export interface TestProject {
  readonly folder: string;
  readonly directory: string;
  readonly database: Database;
  /** Adds or replaces files of the project. */
  readonly write: (files: Readonly<Record<string, string>>) => void;
  /** A connection with the hook; the caller ends it, or `closeAll` does. */
  readonly open: (config?: Readonly<Record<string, unknown>>) => Knex;
  readonly migrator: () => Migrator;
  /** Ends what was opened. */
  readonly close: () => Promise<void>;
}

const open = new Set<Knex>();

/** Ends what tests opened: for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const db of open) await db.destroy();
  open.clear();
}

/** A migration in CommonJS: a table, and what else it does in up and down. */
export function creates(table: string, more = '', config = ''): string {
  return `${config}
exports.up = async (k) => { await k.schema.createTable('${table}', (t) => { t.increments(); t.string('word'); }); ${more} };
exports.down = async (k) => { await k.schema.dropTable('${table}'); };
`;
}

export const WITHOUT_TRANSACTION = 'exports.config = { transaction: false };';

/** `1_a.cjs` to `5_e.cjs`. */
export function fiveTables(config = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e'].map((table, index) => [
      `${index + 1}_${table}.cjs`,
      creates(table, '', config),
    ]),
  );
}

export async function makeProject(
  engine: TestEngine,
  migrations: Readonly<Record<string, string>> = {},
  extra: Readonly<Record<string, unknown>> = {},
): Promise<TestProject> {
  const database = await engine.fresh();
  const folder = temporaryFolder();
  const directory = join(folder, 'migrations');
  mkdirSync(directory);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(directory, name, '..'), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
  };
  write(migrations);
  const config = { ...database.config, ...extra, migrations: { directory, ...(extra.migrations as object) } };
  writeFileSync(
    join(folder, 'knexfile.js'),
    `const inject = process.env.INJECT ? require(process.env.INJECT) : (config) => config;
module.exports = inject(${JSON.stringify(config)});\n`,
  );
  const own = new Set<Knex>();
  const openDb = (more: Readonly<Record<string, unknown>> = {}): Knex => {
    const db = knex(withMeta({ ...config, ...more } as Knex.Config));
    open.add(db);
    own.add(db);
    return db;
  };
  const close = async (): Promise<void> => {
    for (const db of own) await db.destroy();
    for (const db of own) open.delete(db);
    own.clear();
  };
  return {
    folder,
    directory,
    database,
    write,
    open: openDb,
    migrator: () => createMigrator(openDb()),
    close,
  };
}

export const run = (project: TestProject, ...args: readonly string[]) => knexMeta(args, project.folder);

/** The tables a to e that are there, and what the record says. */
export async function stateOf(db: Knex): Promise<{
  readonly tables: readonly string[];
  readonly record: readonly string[];
  readonly locks: readonly number[];
}> {
  const tables: string[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e']) if (await db.schema.hasTable(name)) tables.push(name);
  const has = async (name: string): Promise<boolean> => db.schema.hasTable(name);
  const record = (await has('knex_migrations'))
    ? await db('knex_migrations').orderBy('id').pluck('name')
    : [];
  const locks = (await has('knex_migrations_lock'))
    ? await db('knex_migrations_lock').pluck('is_locked')
    : [];
  return { tables, record: record.map((name: string) => name.replace(/^\d_|\.cjs$/g, '')), locks };
}

export async function refused(promise: Promise<unknown>): Promise<KnexMetaError> {
  try {
    await promise;
  } catch (error) {
    return error as KnexMetaError;
  }
  return expect.fail('nothing was thrown');
}
