import type { Knex } from 'knex';
import { configOf } from '../config/connections.js';
import { type PlannedRun, type PlanOptions, planRun } from './capture.js';
import { type CurrentRevision, current, describeHistory, type RevisionInfo, readAll } from './describe.js';
import { describeRevision, type RevisionDetails } from './details.js';
import { type EventName, type Listener, newEvents } from './events.js';
import { describeHeads, type Heads } from './heads.js';
import type { Project } from './locked.js';
import type { RunOptions } from './options.js';
import type { Request } from './plan.js';
import { readRecord } from './record.js';
import { type RunResult, runRequest } from './run.js';
import { type Script, writeScript } from './script.js';
import { engineOf, type Settings } from './settings.js';
import { readSituation } from './situation.js';
import { type Resolution, resolveUnfinished, type StampOptions, type StampResult, stamp } from './stamp.js';
import { type MigrationStatus, pendingStatusOf, statusOf } from './status.js';
import { unlock } from './unlock.js';
import { insideTransaction, migratorView } from './views.js';

/** Settings of a migrator. */
export interface MigratorOptions {
  /** Settings over `migrations` of the Knex configuration. */
  readonly migrations?: Knex.MigratorConfig;
}

/** Runs migrations through one Knex instance. */
export interface Migrator {
  /** All that are pending. */
  latest(options?: RunOptions): Promise<RunResult>;
  /** The next pending migration, or the one that is named. */
  up(name?: string, options?: RunOptions): Promise<RunResult>;
  /** The migration that was applied last, or the one that is named. */
  down(name?: string, options?: RunOptions): Promise<RunResult>;
  /** The last batch, or all, in the reverse order of application. */
  rollback(options?: RunOptions & { readonly all?: boolean }): Promise<RunResult>;
  /** All up to and with the named one. */
  to(name: string, options?: RunOptions): Promise<RunResult>;
  /** All up to the named one, without it. */
  before(name: string, options?: RunOptions): Promise<RunResult>;
  /** Up to a target: `head`, `heads`, `+2`, `head-1`, `<rev>+1`, a revision or its beginning. Default: `head`. */
  upgrade(target?: string, options?: RunOptions): Promise<RunResult>;
  /** Down to a target: `base`, `-1`, a revision or its beginning, which stays applied. */
  downgrade(target: string, options?: RunOptions): Promise<RunResult>;
  /** What the methods above do, by a request as plain data. */
  run(request: Request, options?: RunOptions): Promise<RunResult>;
  /** What a run to a target would run, with every statement. The database is only read. */
  plan(target?: string, options?: PlanOptions): Promise<PlannedRun>;
  /** A script with the rows of the record, for a range `a:b`; no database is asked. Default: `base:head`. */
  script(range?: string, options?: PlanOptions): Promise<Script>;
  /** Sets the record to a revision without running anything. */
  stamp(target: string, options?: StampOptions): Promise<StampResult>;
  /** Says of a migration that was begun without a transaction, and did not end, how it ended. */
  resolve(
    revision: string,
    resolution: Resolution,
    options?: Pick<RunOptions, 'lockWait' | 'signal'>,
  ): Promise<{ readonly name: string; readonly resolution: Resolution }>;
  /** Writes nothing to the database. */
  status(): Promise<MigrationStatus>;
  /**
   * The status without `edited`: the files are listed and not read, which is faster where there are many. Writes
   * nothing to the database.
   */
  pending(): Promise<Omit<MigrationStatus, 'edited'>>;
  /** Where the database is. Writes nothing to it. */
  current(): Promise<CurrentRevision>;
  /** Every revision in its order, or those of a range `a:b`. Writes nothing to the database. */
  history(range?: string): Promise<readonly RevisionInfo[]>;
  /** One revision with all that is known of it. Writes nothing to the database. */
  show(revision: string): Promise<RevisionDetails>;
  /** The revisions that no other one follows, and the tables that more than one branch touches. */
  heads(): Promise<Heads>;
  /** The number of the newest applied migration, or `none`. Writes nothing to the database. */
  currentVersion(): Promise<string>;
  /** Frees the flag that a killed stock Knex left. Refuses while a run of knex-meta is under way. */
  unlock(): Promise<void>;
  /** Calls the listener at each event; what it returns ends that. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void;
}

/**
 * Makes a migrator for a Knex instance. Its record is Knex's own table, so stock `knex migrate:*` and this migrator
 * can be used in turn. Give it an instance of a `withMeta` configuration, so that tables get their metadata. Inside a
 * transaction (`createMigrator(trx)`) everything belongs to that transaction.
 *
 * @param db - the Knex instance
 * @throws KnexMetaError (from each method) MIGRATION_FAILED, MIGRATION_INVALID, MIGRATION_LOAD_FAILED,
 *   MIGRATION_NOT_FOUND, MIGRATION_FILES_MISSING, MIGRATION_UNFINISHED, MIGRATION_HEADS, MIGRATIONS_LOCKED,
 *   MIGRATIONS_LOCK_LOST, MIGRATIONS_DIRECTORY_MISSING, DATABASE_BUSY, INTERRUPTED; docs/errors.md has all
 *
 * @example
 * const migrator = createMigrator(knex(withMeta(config)));
 * migrator.on('migration:done', ({ name, duration }) => console.log(name, duration));
 * const { batch, migrations } = await migrator.upgrade('head', { lockTimeout: 2000 });
 */
export function createMigrator(db: Knex, options: MigratorOptions = {}): Migrator {
  const configured = (db.client as { config: { migrations?: Settings } }).config.migrations ?? {};
  const settings: Settings = { ...configured, ...options.migrations };
  const events = newEvents();
  const project: Project = { db, settings, events };
  engineOf(db);
  const inside = <T>(act: () => Promise<T>): Promise<T> => insideTransaction(db, act);
  const run = (request: Request, chosen?: RunOptions) => runRequest(project, request, chosen);
  const view = () => migratorView(db);
  return {
    latest: (chosen) => run({ kind: 'latest' }, chosen),
    up: (name, chosen) => run({ kind: 'up', name }, chosen),
    down: (name, chosen) => run({ kind: 'down', name }, chosen),
    rollback: (chosen = {}) => run({ kind: 'rollback', all: chosen.all === true }, chosen),
    to: (name, chosen) => run({ kind: 'to', name }, chosen),
    before: (name, chosen) => run({ kind: 'before', name }, chosen),
    upgrade: (target = 'head', chosen) => run({ kind: 'upgrade', target }, chosen),
    downgrade: (target, chosen) => run({ kind: 'downgrade', target }, chosen),
    run,
    plan: (target = 'heads', chosen) =>
      inside(() => planRun(db, settings, { kind: 'upgrade', target }, chosen, events)),
    script: (range = 'base:heads', chosen) => {
      return writeScript(engineOf(db), { ...configOf(db), migrations: settings }, range, chosen);
    },
    stamp: (target, chosen = {}) => stamp(project, target, chosen),
    resolve: (revision, resolution, chosen = {}) => resolveUnfinished(project, revision, resolution, chosen),
    status: () => inside(() => statusOf(db, settings)),
    pending: () => inside(() => pendingStatusOf(db, settings)),
    current: () => inside(() => current(view(), settings)),
    history: (range) => inside(async () => describeHistory(await readAll(view(), settings), range)),
    show: (revision) => inside(async () => describeRevision(await readAll(view(), settings), revision)),
    heads: () => inside(async () => describeHeads(await readSituation(view(), settings, true))),
    currentVersion: async () => {
      const { applied } = await inside(() => readRecord(db, settings));
      const numbers = applied.map(({ name }) => name.split('_')[0] ?? '');
      return numbers.sort().at(-1) ?? 'none';
    },
    unlock: () => inside(() => unlock(project)),
    on: events.on,
  };
}
