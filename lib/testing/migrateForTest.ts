import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Knex } from 'knex';
import { openKnex } from '../config/connections.js';
import { toolName } from '../config/version.js';
import { KnexMetaError } from '../errors.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { withMeta } from '../metadata/withMeta.js';
import { createMigrator } from '../migrator/createMigrator.js';
import { checksumOfEntry, type Entry, listEntries } from '../migrator/entries.js';
import { engineOf, type Settings } from '../migrator/settings.js';

/** Settings of `migrateForTest`. */
export interface TestDatabaseOptions {
  /** URL of a database on the server where the databases are made; default: the configured server. */
  readonly server?: string;
  /**
   * Fills the template once more after the migrations, with what every test needs. It runs once for many tests: when it
   * changes, change `key` too.
   */
  readonly prepare?: (db: Knex) => Promise<unknown>;
  /** A text that changes with what migrations read besides their own files: helper modules, data files. */
  readonly key?: string;
}

/** A migrated database of one test's own. */
export interface TestDatabase {
  /** A Knex instance on it, with the hook. */
  readonly db: Knex;
  /** Ends the connections, and removes the database. */
  readonly destroy: () => Promise<void>;
}

const short = (value: unknown, length: number): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, length);

/** As text; patterns and functions are told apart by theirs. */
const asText = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'function' || each instanceof RegExp ? String(each) : each,
  ) ?? '';

/** Whose template it is: another checkout or another configuration has its own, and leaves this one alone. */
function projectOf({ meta, searchPath, client }: KnexMetaConfig, settings: Settings): string {
  const { directory = './migrations', tableName, schemaName } = settings;
  const directories = [directory].flat().map((each) => resolve(String(each)));
  return short([directories, tableName, schemaName, asText(meta), searchPath, String(client)], 8);
}

/** What each file said when this process first saw it: Node keeps what it has loaded. */
const firstSeen = new Map<string, string>();

function refuseEdited({ path, name }: Entry, checksum: string): void {
  if (path === undefined) return;
  const known = firstSeen.get(path) ?? checksum;
  firstSeen.set(path, known);
  if (known === checksum) return;
  throw new KnexMetaError('MIGRATION_EDITED', `${name} was changed after this process had loaded it.`, {
    remedy: 'Start the tests again: Node would run what the file said before. No template was made.',
    details: { migration: name },
  });
}

/** What the migrations of a template come from. */
async function stateOf(settings: Settings, options: TestDatabaseOptions): Promise<string> {
  const checksums: string[] = [];
  for (const entry of await listEntries(settings, [])) {
    const checksum = await checksumOfEntry(entry);
    refuseEdited(entry, checksum);
    checksums.push(`${entry.name} ${checksum}`);
  }
  const clock = process.env.DATABASE_TIMESTAMP_UTC;
  return short([toolName(), clock, checksums, options.key], 8);
}

/**
 * Gives a test a database of its own with every migration applied. They run once: their result is kept as a template
 * that all processes share, and each call gets a copy of it in milliseconds. A changed migration makes a new template.
 * On SQLite the copy is in memory; on PostgreSQL it is a database on the configured server, which is dropped by
 * `destroy`, or by a later call when the process was killed. The configured database is not written to.
 *
 * @param config - a Knex configuration with the `migrations` of the project, and `meta` where it has one
 * @returns the database; call `destroy` in an `after` hook
 * @throws KnexMetaError MIGRATION_EDITED when a file was changed since this process loaded it; MIGRATION_FAILED and whatever `createMigrator` throws; THROWAWAY_REFUSED where the role may not
 *   create databases
 *
 * @example
 * import config from '../knexfile.js';
 *
 * let database: TestDatabase;
 * before(async () => { database = await migrateForTest(config); });
 * after(() => database.destroy());
 * it('has users', async () => { await database.db('users').insert({ email: 'a@example.org' }); });
 */
export async function migrateForTest(
  config: KnexMetaConfig,
  options: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const hooked = withMeta(config);
  const settings: Settings = config.migrations ?? {};
  const open = (own: Knex.Config): Knex => openKnex(withMeta({ ...hooked, ...own }));
  const probe = open(hooked);
  const engine = engineOf(probe);
  const project = projectOf(config, settings);
  await probe.destroy();
  const state = await stateOf(settings, options);
  const { db, end } = await engine.fromTemplate({
    config: hooked,
    server: options.server,
    key: short([project, state, String(options.prepare)], 16),
    project,
    state,
    open,
    fill: async (filled) => {
      await createMigrator(filled).latest();
      await options.prepare?.(filled);
    },
  });
  let ended: Promise<void> | undefined;
  return {
    db,
    destroy: () => {
      ended ??= end();
      return ended;
    },
  };
}
