import type { Knex } from 'knex';
import { KnexMetaError } from '../errors.js';
import { appliedRevisions } from './applied.js';
import { type JournalLine, latestUps, readLines } from './journal.js';
import { pendingOf } from './plan.js';
import { revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';
import { type Found, readSituation } from './situation.js';
import { readTarget } from './target.js';

/** One revision, as `migrate:history` shows it. */
export interface RevisionInfo {
  readonly name: string;
  readonly revision: string;
  /** Its file; undefined for a source of the project's own, and where the file is missing. */
  readonly path: string | undefined;
  /** The revisions that it follows. */
  readonly revises: readonly string[];
  readonly state: 'applied' | 'pending' | 'missing';
  /** No other one follows it. */
  readonly isHead: boolean;
  /** The database is here: it is applied, and nothing that follows it is. */
  readonly isCurrent: boolean;
  readonly batch: number | undefined;
  readonly appliedAt: Date | undefined;
  /** Milliseconds. */
  readonly duration: number | undefined;
  readonly runBy: string | undefined;
}

/** Where a database is. */
export interface CurrentRevision {
  /** More than one when branches are applied; none at the base. */
  readonly revisions: readonly string[];
  readonly heads: readonly string[];
  /** True when nothing is pending. */
  readonly isAtHead: boolean;
  readonly applied: number;
  readonly pending: number;
}

/** The applied revisions that no applied one follows. */
export function currentOf({ history, applied }: Found): ReadonlySet<string> {
  const done = appliedRevisions(applied);
  const here = history.revisions.map(({ revision }) => revision).filter((revision) => done.has(revision));
  const followed = new Set(here.flatMap((revision) => history.parents.get(revision) ?? []));
  return new Set(here.filter((revision) => !followed.has(revision)));
}

/** What is applied, in the order of the history; nothing of it is written. */
export async function current(view: Knex | undefined, settings: Settings): Promise<CurrentRevision> {
  const found = await readSituation(view, settings, true);
  const pending = pendingOf(found).length;
  return {
    revisions: [...currentOf(found)],
    heads: found.history.heads.map(({ revision }) => revision),
    isAtHead: pending === 0,
    applied: found.applied.length,
    pending,
  };
}

/** A part of the history, `a:b` with both ends; an end that is left out is the base or the heads. */
function inRange(range: string | undefined, found: Found): (revision: string) => boolean {
  if (range === undefined) return () => true;
  const ends = range.split(':');
  if (ends.length !== 2) {
    throw new KnexMetaError('USAGE', `"${range}" is no range.`, {
      remedy: 'Write it as from:to, e.g. base:head.',
    });
  }
  const here = [...currentOf(found)][0] ?? 'base';
  const [from = '', to = ''] = ends.map((end) => (end === 'current' ? here : end));
  const upper = readTarget(to === '' ? 'heads' : to, found.history);
  const lower = readTarget(from === '' ? 'base' : from, found.history);
  if (upper.kind === 'steps' || lower.kind === 'steps') {
    throw new KnexMetaError('USAGE', 'The ends of a range are revisions, not steps.');
  }
  const first = lower.revision;
  const below = new Set(lower.keep);
  if (first !== undefined) below.delete(first);
  return (revision) => upper.keep.has(revision) && !below.has(revision);
}

/** Files, record and journal, read once. */
export interface Reading {
  readonly found: Found;
  /** How each applied revision came to be. */
  readonly ups: ReadonlyMap<string, JournalLine>;
}

/** Reads what descriptions are made of. Writes nothing. */
export async function readAll(view: Knex | undefined, settings: Settings): Promise<Reading> {
  const found = await readSituation(view, settings, true);
  return { found, ups: latestUps(await readLines(view, recordTables(settings))) };
}

/** The whole history in its order, missing files last. */
export function describeHistory({ found, ups }: Reading, range?: string): readonly RevisionInfo[] {
  const applied = new Map(found.applied.map((row) => [revisionOf(row.name), row]));
  const here = currentOf(found);
  const heads = new Set(found.history.heads.map(({ revision }) => revision));
  const isWanted = inRange(range, found);
  const info = (
    name: string,
    revision: string,
    path: string | undefined,
    state: RevisionInfo['state'],
  ): RevisionInfo => {
    const row = applied.get(revision);
    const line = row === undefined ? undefined : ups.get(revision);
    return {
      name,
      revision,
      path,
      revises: found.history.parents.get(revision) ?? [],
      state,
      isHead: heads.has(revision),
      isCurrent: here.has(revision),
      batch: row?.batch,
      appliedAt: row?.appliedAt,
      duration: line?.duration,
      runBy: line?.runBy,
    };
  };
  const known = found.history.revisions
    .filter(({ revision }) => isWanted(revision))
    .map(({ name, revision, path }) =>
      info(name, revision, path, applied.has(revision) ? 'applied' : 'pending'),
    );
  const missing = range === undefined ? found.missing : [];
  return [...known, ...missing.map((name) => info(name, revisionOf(name), undefined, 'missing'))];
}
