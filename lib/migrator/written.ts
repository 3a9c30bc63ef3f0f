import { resolve } from 'node:path';
import type { Knex } from 'knex';
import type { Engine } from '../engines/contract.js';
import type { Sandbox } from '../engines/sandbox.js';
import type { WrittenStatement } from '../engines/written.js';
import { KnexMetaError } from '../errors.js';
import { type PlanOptions, type WrittenMigration, writeTasks } from './capture.js';
import type { KnownEntry } from './history.js';
import { modeOf } from './options.js';
import { pendingOf } from './plan.js';
import { revisionOf } from './revision.js';
import { fromEmpty, openSandbox } from './sandbox.js';
import { up } from './script.js';
import type { Settings } from './settings.js';
import { checkPending, type Found, readSituation } from './situation.js';
import { revisionsAt } from './target.js';
import { loadTasks } from './task.js';
import { migratorView } from './views.js';

/** Which migrations are written down. All but `pending` need no database. */
export type Scope =
  | { readonly kind: 'pending' }
  | { readonly kind: 'all' }
  | { readonly kind: 'since'; readonly revision: string }
  | { readonly kind: 'files'; readonly files: readonly string[] };

/** Settings of a scope. */
export interface ScopeOptions<Seen> extends PlanOptions {
  /** Looks at the temporary database behind each migration that is asked for. */
  readonly look?: (db: Knex) => Promise<Seen>;
}

type SeenMigration<Seen> = WrittenMigration & { readonly seen: Seen | undefined };

/** Whether a statement may join tables: only a database says whether its columns are ambiguous. */
const joinsTables = ({ sql, isOwn }: WrittenStatement): boolean =>
  !isOwn && /\bjoin\b|\bfrom\b[^;()]*,/i.test(sql);

/** One migration of the scope, or one before it, without which alterations would not know their tables. */
export interface ScopedMigration<Seen = undefined> extends WrittenMigration {
  readonly isAsked: boolean;
  /** What `look` found in the temporary database, as the migration leaves it; undefined where there is none. */
  readonly seen: Seen | undefined;
  /** The tables that those before it have made may have rows when it runs. */
  readonly beginsBatch: boolean;
}

function fileOf(text: string, found: Found): KnownEntry {
  const whole = resolve(text);
  const entry = found.history.revisions.find(
    ({ path, name, revision }) =>
      (path !== undefined && resolve(path) === whole) || name === text || revision === revisionOf(text),
  );
  if (entry !== undefined) return entry;
  throw new KnexMetaError('MIGRATION_NOT_FOUND', `${text} is no migration of the project.`, {
    remedy: '`npx knex-meta migrate:list` shows them; give a path, or the whole file name.',
    details: { name: text },
  });
}

/** What is asked for, and what has to go before it. */
function choose(scope: Scope, found: Found): readonly (readonly [entry: KnownEntry, isAsked: boolean])[] {
  const all = found.history.revisions;
  switch (scope.kind) {
    case 'pending':
      return pendingOf(found).map((entry) => [entry, true]);
    case 'all':
      return all.map((entry) => [entry, true]);
    case 'since': {
      const before = revisionsAt(scope.revision, found.history);
      const isBefore = ({ revision }: KnownEntry): boolean => before.has(revision);
      const first = all.filter(isBefore).map((entry) => [entry, false] as const);
      return [...first, ...all.filter((entry) => !isBefore(entry)).map((entry) => [entry, true] as const)];
    }
    case 'files': {
      const asked = new Set(scope.files.map((file) => fileOf(file, found).revision));
      const last = all.findLastIndex(({ revision }) => asked.has(revision));
      return all.slice(0, last + 1).map((entry) => [entry, asked.has(entry.revision)]);
    }
  }
}

/**
 * Writes down what migrations would run, one after the other. Nothing is run on the project's database.
 *
 * @param live - asked for what is applied, and by the migrations; undefined where there is none
 * @throws KnexMetaError MIGRATION_NOT_FOUND, MIGRATION_LOAD_FAILED, MIGRATION_INVALID, MIGRATION_PARENT
 */
export async function* writeScope<Seen = undefined>(
  engine: Engine,
  config: Knex.Config,
  live: Knex | undefined,
  scope: Scope,
  options: ScopeOptions<Seen> = {},
): AsyncGenerator<ScopedMigration<Seen>> {
  const settings: Settings = config.migrations ?? {};
  const view = live === undefined ? undefined : migratorView(live);
  const found = await readSituation(view, settings, true);
  checkPending(found);
  const chosen = choose(scope, found);
  if (chosen.length === 0) return;
  const tasks = await loadTasks(up(chosen.map(([entry]) => entry)));
  const asked = new Set(chosen.filter(([, isAsked]) => isAsked).map(([{ name }]) => name));
  const isOneBatch = scope.kind === 'pending' || scope.kind === 'since';
  const mode = modeOf(options, settings);
  async function* write(sandbox: Sandbox): AsyncGenerator<SeenMigration<Seen>> {
    for await (const written of writeTasks(sandbox, engine, tasks, mode, options.signal)) {
      const isSeen = sandbox.isReal && asked.has(written.task.name);
      const seen = isSeen ? await options.look?.(sandbox.db) : undefined;
      // What looking asked is no statement of the next migration.
      sandbox.take();
      yield { ...written, seen };
    }
  }
  const scoped = (written: SeenMigration<Seen>, wasAsked: boolean): ScopedMigration<Seen> => {
    const isAsked = asked.has(written.task.name);
    return { ...written, isAsked, beginsBatch: !isOneBatch || (isAsked && !wasAsked) };
  };
  let wasAsked = false;
  if (view === undefined) {
    const collect = async (sandbox: Sandbox) => {
      const all: SeenMigration<Seen>[] = [];
      for await (const written of write(sandbox)) all.push(written);
      return all;
    };
    const isWhole = (all: readonly WrittenMigration[]) =>
      all.every(({ failure, statements }) => failure === undefined && !statements.some(joinsTables));
    for (const written of await fromEmpty(engine, config, options, collect, isWhole)) {
      yield scoped(written, wasAsked);
      wasAsked = asked.has(written.task.name);
    }
    return;
  }
  const sandbox = await openSandbox(
    engine,
    config,
    { from: 'database', db: view },
    { ...options, rows: false },
  );
  try {
    for await (const written of write(sandbox)) {
      yield scoped(written, wasAsked);
      wasAsked = asked.has(written.task.name);
    }
  } finally {
    await sandbox.end();
  }
}
