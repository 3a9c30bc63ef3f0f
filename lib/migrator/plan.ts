import { KnexMetaError } from '../errors.js';
import { appliedRevisions, lastBatch } from './applied.js';
import type { History, KnownEntry, Revision } from './history.js';
import type { AppliedMigration } from './record.js';
import { revisionOf } from './revision.js';
import { readTarget } from './target.js';

/** What a caller asks for. */
export type Request =
  | { readonly kind: 'latest' }
  | { readonly kind: 'up' | 'down'; readonly name: string | undefined }
  | { readonly kind: 'to' | 'before'; readonly name: string }
  | { readonly kind: 'rollback'; readonly all: boolean }
  | { readonly kind: 'upgrade' | 'downgrade'; readonly target: string };

/** What there is: the files in their order, and Knex's rows in the order in which they were applied. */
export interface Situation<T extends Revision = KnownEntry> {
  readonly history: History<T>;
  readonly applied: readonly AppliedMigration[];
}

/** One migration to undo, with its row; `entry` is undefined when its file is missing. */
interface Undo<T extends Revision = KnownEntry> {
  readonly row: AppliedMigration;
  readonly entry: T | undefined;
}

/** What is to be done. */
export type Plan<T extends Revision = KnownEntry> =
  | { readonly direction: 'up'; readonly steps: readonly T[] }
  | { readonly direction: 'down'; readonly steps: readonly Undo<T>[] };

const KNEX_WORDS = (name: string, said: string): KnexMetaError =>
  new KnexMetaError('MIGRATION_NOT_FOUND', `Migration "${name}" ${said}.`, {
    remedy: '`npx knex-meta migrate:list` shows the names; give the whole file name.',
    details: { name },
  });

/** What is not applied, in the order of the history. */
export function pendingOf<T extends Revision>({ history, applied }: Situation<T>): readonly T[] {
  const done = appliedRevisions(applied);
  return history.revisions.filter(({ revision }) => !done.has(revision));
}

/** The rows with their files, the newest application first. Two directories may have a file of one name. */
function undone<T extends Revision>({ history, applied }: Situation<T>): readonly Undo<T>[] {
  const byName = new Map<string, T[]>();
  for (const entry of history.revisions) {
    for (const key of new Set([entry.name, entry.revision]))
      byName.set(key, [...(byName.get(key) ?? []), entry]);
  }
  const taken = new Set<T>();
  const entryOf = (name: string): T | undefined => {
    const same = byName.get(name) ?? byName.get(revisionOf(name)) ?? [];
    const entry = same.find((each) => !taken.has(each)) ?? same[0];
    if (entry !== undefined) taken.add(entry);
    return entry;
  };
  return applied.map((row) => ({ row, entry: entryOf(row.name) })).reverse();
}

/** The file of a name that a command of Knex's got: whole, with either extension or none. */
function named<T extends Revision>(name: string, { history, applied }: Situation<T>): T {
  const found = history.revisions.find((each) => each.name === name || each.revision === revisionOf(name));
  if (found !== undefined) return found;
  const isApplied = applied.some((row) => revisionOf(row.name) === revisionOf(name));
  throw KNEX_WORDS(name, isApplied ? 'has no file' : 'not found');
}

function tooFar(count: number, there: number, what: string): KnexMetaError {
  return new KnexMetaError(
    'MIGRATION_NOT_FOUND',
    `${count} were asked for, and ${there} ${there === 1 ? 'is' : 'are'} ${what}.`,
    {
      remedy: 'Nothing was run.',
      details: { asked: count, there },
    },
  );
}

function upgrade<T extends Revision>(text: string, situation: Situation<T>): readonly T[] {
  const pending = pendingOf(situation);
  const target = readTarget(text, situation.history);
  if (target.kind === 'revisions') return pending.filter(({ revision }) => target.keep.has(revision));
  if (target.count < 0) {
    throw new KnexMetaError('USAGE', `An upgrade goes up: ${text} goes down.`, {
      remedy: `npx knex-meta migrate:downgrade ${text}`,
    });
  }
  if (target.count > pending.length) throw tooFar(target.count, pending.length, 'pending');
  return pending.slice(0, target.count);
}

function downgrade<T extends Revision>(text: string, situation: Situation<T>): readonly Undo<T>[] {
  const all = undone(situation);
  const target = readTarget(text, situation.history);
  if (target.kind === 'steps') {
    if (target.count > 0) {
      throw new KnexMetaError('USAGE', `A downgrade goes down: ${text} goes up.`, {
        remedy: `npx knex-meta migrate:upgrade ${text}`,
      });
    }
    if (-target.count > all.length) throw tooFar(-target.count, all.length, 'applied');
    return all.slice(0, -target.count);
  }
  const { keep, revision } = target;
  const isApplied = situation.applied.some(({ name }) => revisionOf(name) === revision);
  if (revision !== undefined && revision !== 'heads' && !isApplied) {
    throw new KnexMetaError('USAGE', `${revision} is not applied, so there is no way down to it.`, {
      remedy: '`npx knex-meta migrate:current` shows where the database is. Nothing was run.',
      details: { target: text, revision },
    });
  }
  return all.filter(({ row }) => !keep.has(revisionOf(row.name)));
}

/**
 * What a request means here. Pure: nothing is read or written.
 *
 * @throws KnexMetaError MIGRATION_NOT_FOUND, MIGRATION_HEADS, USAGE
 */
export function planOf<T extends Revision>(request: Request, situation: Situation<T>): Plan<T> {
  const { applied, history } = situation;
  const up = (steps: readonly T[]): Plan<T> => ({ direction: 'up', steps });
  const down = (steps: readonly Undo<T>[]): Plan<T> => ({ direction: 'down', steps });
  const upToPlace = (place: number): Plan<T> => {
    const wanted = new Set(history.revisions.slice(0, place));
    return up(pendingOf(situation).filter((each) => wanted.has(each)));
  };
  switch (request.kind) {
    case 'latest':
      return up(pendingOf(situation));
    case 'up': {
      if (request.name === undefined) return up(pendingOf(situation).slice(0, 1));
      const wanted = named(request.name, situation);
      return up(pendingOf(situation).filter((each) => each === wanted));
    }
    case 'down': {
      if (request.name === undefined) return down(undone(situation).slice(0, 1));
      const wanted = revisionOf(request.name);
      const found = undone(situation).filter(({ row }) => revisionOf(row.name) === wanted);
      if (found.length === 0) throw KNEX_WORDS(request.name, 'was not run');
      return down(found.slice(0, 1));
    }
    case 'to':
      return upToPlace(history.revisions.indexOf(named(request.name, situation)) + 1);
    case 'before':
      return upToPlace(history.revisions.indexOf(named(request.name, situation)));
    case 'rollback': {
      const last = lastBatch(applied);
      return down(undone(situation).filter(({ row }) => request.all || row.batch === last));
    }
    case 'upgrade':
      return up(upgrade(request.target, situation));
    case 'downgrade':
      return down(downgrade(request.target, situation));
  }
}

/** Pending migrations that come before one that is applied, with the newest applied one. */
export function outOfOrder<T extends Revision>(situation: Situation<T>): readonly T[] {
  const applied = appliedRevisions(situation.applied);
  const newest = situation.history.revisions.findLastIndex(({ revision }) => applied.has(revision));
  return situation.history.revisions
    .slice(0, Math.max(0, newest))
    .filter(({ revision }) => !applied.has(revision));
}
