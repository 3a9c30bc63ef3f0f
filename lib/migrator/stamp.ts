import type { Knex } from 'knex';
import { toolName } from '../config/version.js';
import type { RecordTables } from '../engines/migrations.js';
import { KnexMetaError } from '../errors.js';
import { appliedRevisions, lastBatch } from './applied.js';
import { checksumOfEntry } from './entries.js';
import type { KnownEntry } from './history.js';
import { endLine, readLines, settleLines, writeLines } from './journal.js';
import { type Project, withLock } from './locked.js';
import type { RunOptions } from './options.js';
import type { AppliedMigration } from './record.js';
import { rowsOf } from './recordAccess.js';
import { revisionOf } from './revision.js';
import { engineOf, recordTables } from './settings.js';
import { checkMissing, checkPending, type Found, readSituation } from './situation.js';
import { findRevision, readTarget } from './target.js';
import { withMigratorView } from './views.js';

/** Settings of a stamp. */
export interface StampOptions extends Pick<RunOptions, 'lockWait' | 'signal'> {
  /** Forgets also those that have no file any more. Rows of revisions that stay keep their batch and time. */
  readonly purge?: boolean;
  /** Lets it forget migrations that are recorded as applied. */
  readonly force?: boolean;
}

/** What a stamp changed in the record. */
export interface StampResult {
  /** The revision that the record now says the database is at; undefined for the base. */
  readonly revision: string | undefined;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

interface Change {
  readonly add: readonly KnownEntry[];
  readonly remove: readonly AppliedMigration[];
  readonly revision: string | undefined;
}

const rows = (db: Knex, tables: RecordTables): Knex.QueryBuilder => rowsOf(db, tables, tables.tableName);

function changeFor(text: string, found: Found): Change {
  const target = readTarget(text, found.history);
  if (target.kind === 'steps') {
    throw new KnexMetaError('USAGE', `A stamp needs a revision: ${text} is a number of steps.`, {
      remedy: 'Give `head`, `base`, or a revision: `npx knex-meta migrate:history` shows them.',
    });
  }
  const { keep } = target;
  const done = appliedRevisions(found.applied);
  const remove = found.applied.filter(({ name }) => !keep.has(revisionOf(name)));
  const add = found.history.revisions.filter(({ revision }) => keep.has(revision) && !done.has(revision));
  return { add, remove, revision: target.revision };
}

async function writeRecord(
  db: Knex,
  tables: RecordTables,
  found: Found,
  { add, remove }: Change,
): Promise<void> {
  const gone = new Set(remove.map(({ id }) => id));
  const batch = lastBatch(found.applied.filter(({ id }) => !gone.has(id))) + 1;
  const now = new Date();
  for (const { id } of remove) await rows(db, tables).where({ id }).del();
  for (const { name } of add) {
    await rows(db, tables).insert({ name, batch, migration_time: now });
  }
  const line = (name: string, checksum?: string) => ({
    name,
    direction: 'stamp' as const,
    state: 'done' as const,
    checksum,
    startedAt: now,
  });
  const added = await Promise.all(add.map(async (entry) => line(entry.name, await checksumOfEntry(entry))));
  const removed = remove.map(({ name }) => line(name));
  await settleLines(db, tables);
  await writeLines(db, tables, toolName(), [...added, ...removed]);
}

/**
 * Sets the record to a revision without running anything.
 *
 * @throws KnexMetaError MIGRATION_NOT_FOUND, MIGRATION_HEADS, STAMP_FORGETS, MIGRATION_FILES_MISSING
 */
export function stamp(project: Project, text: string, options: StampOptions): Promise<StampResult> {
  return withMigratorView(project.db, (view) => stampOn(view, project, text, options));
}

async function stampOn(
  view: Knex,
  project: Project,
  text: string,
  options: StampOptions,
): Promise<StampResult> {
  const { db, settings } = project;
  const { purge = false, force = false } = options;
  const look = async (): Promise<{ readonly found: Found; readonly change: Change }> => {
    const found = await readSituation(view, settings, true);
    if (!purge) await checkMissing(view, settings, found);
    checkPending(found);
    const change = changeFor(text, found);
    const names = change.remove.map(({ name }) => name);
    if (names.length > 0 && !force) {
      throw new KnexMetaError(
        'STAMP_FORGETS',
        `This would forget that ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} applied.`,
        {
          remedy: `The tables would stay as they are. If that is right, give --yes; to undo them: npx knex-meta migrate:downgrade ${text}. Nothing was changed.`,
          details: { forgets: names },
        },
      );
    }
    return { found, change };
  };
  await look();
  await engineOf(db).prepareSchemas(view, recordTables(settings));
  return withLock(project, view, options, async (_lock, changed, there) => {
    const { found, change } = await look();
    changed();
    await view.transaction((trx) => writeRecord(trx, there, found, change));
    return {
      revision: change.revision,
      added: change.add.map(({ name }) => name),
      removed: change.remove.map(({ name }) => name),
    };
  });
}

/** What is said of a migration that was begun and did not end. */
export type Resolution = 'applied' | 'undone';

/**
 * Settles a migration that ran without a transaction and did not end: the record says afterwards what the caller
 * says of it.
 *
 * @throws KnexMetaError MIGRATION_NOT_FOUND, USAGE when it is not unfinished
 */
export async function resolveUnfinished(
  project: Project,
  text: string,
  resolution: Resolution,
  options: Pick<RunOptions, 'lockWait' | 'signal'>,
): Promise<{ readonly name: string; readonly resolution: Resolution }> {
  const { db, settings } = project;
  const tables = recordTables(settings);
  return withMigratorView(db, (view) =>
    withLock(project, view, options, async (_lock, changed) => {
      const found = await readSituation(view, settings, false);
      const open = await readLines(view, tables, true);
      const known = open.map(({ name }) => ({ name, revision: revisionOf(name), revises: undefined }));
      if (known.length === 0) {
        throw new KnexMetaError('USAGE', 'No migration is unfinished: there is nothing to resolve.', {
          remedy: '`npx knex-meta migrate:status` shows what is applied. Nothing was changed.',
        });
      }
      const { name, revision } = findRevision(text, known);
      const row = found.applied.find((each) => revisionOf(each.name) === revision);
      changed();
      await view.transaction(async (trx) => {
        const batch = lastBatch(found.applied) + 1;
        if (resolution === 'applied' && row === undefined) {
          await rows(trx, tables).insert({ name, batch, migration_time: new Date() });
        }
        if (resolution === 'undone' && row !== undefined) await rows(trx, tables).where({ id: row.id }).del();
        const wasUp = open.find((line) => line.name === name)?.direction === 'up';
        await endLine(trx, tables, name, wasUp === (resolution === 'applied') ? 'done' : 'failed', 0);
      });
      return { name, resolution };
    }),
  );
}
