import type { Knex } from 'knex';
import { KnexMetaError } from '../errors.js';
import { checksumOfEntry } from './entries.js';
import { ancestorsOf, type KnownEntry } from './history.js';
import { latestUps, readLines } from './journal.js';
import { revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';
import { type Found, readSituation } from './situation.js';
import { findRevision, readTarget } from './target.js';
import { docstringOf, tablesOf } from './text.js';

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

/** One revision, as `migrate:show` shows it. */
export interface RevisionDetails extends RevisionInfo {
  /** The comment that its file begins with. */
  readonly description: string | undefined;
  readonly checksum: string;
  /** True when the file says something else than when it was applied. */
  readonly isEdited: boolean;
  /** The tables that its text names. */
  readonly tables: readonly string[];
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

function currentOf({ history, applied }: Found): ReadonlySet<string> {
  const done = new Set(applied.map(({ name }) => revisionOf(name)));
  const here = history.revisions.map(({ revision }) => revision).filter((revision) => done.has(revision));
  const followed = new Set(here.flatMap((revision) => history.parents.get(revision) ?? []));
  return new Set(here.filter((revision) => !followed.has(revision)));
}

/** What is applied, in the order of the history; nothing of it is written. */
export async function current(view: Knex | undefined, settings: Settings): Promise<CurrentRevision> {
  const found = await readSituation(view, settings, true);
  const done = new Set(found.applied.map(({ name }) => revisionOf(name)));
  const pending = found.history.revisions.filter(({ revision }) => !done.has(revision)).length;
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

/** The whole history in its order, missing files last. */
export async function describeHistory(
  view: Knex | undefined,
  settings: Settings,
  range?: string,
): Promise<readonly RevisionInfo[]> {
  const found = await readSituation(view, settings, true);
  const ups = latestUps(await readLines(view, recordTables(settings)));
  const byRevision = new Map([...ups.values()].map((line) => [revisionOf(line.name), line]));
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
    const line = row === undefined ? undefined : byRevision.get(revision);
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

/** Everything that is known of one revision. Throws MIGRATION_NOT_FOUND. */
export async function describeRevision(
  view: Knex | undefined,
  settings: Settings,
  text: string,
): Promise<RevisionDetails> {
  const all = await describeHistory(view, settings);
  const found = await readSituation(view, settings, true);
  const target = /^(head|base|current)/.test(text)
    ? readTarget(text === 'current' ? ([...currentOf(found)][0] ?? 'base') : text, found.history)
    : undefined;
  const wanted = target?.kind === 'revisions' && target.revision !== undefined ? target.revision : text;
  const { revision } = findRevision(
    wanted,
    all.map((each) => ({ ...each, revises: each.revises })),
  );
  const info = all.find((each) => each.revision === revision) as RevisionInfo;
  const entry = found.history.revisions.find((each) => each.revision === revision);
  if (entry === undefined) {
    return { ...info, description: undefined, checksum: '', isEdited: false, tables: [] };
  }
  const source = (await entry.text()) ?? '';
  const checksum = await checksumOfEntry(entry);
  const ups = latestUps(await readLines(view, recordTables(settings)));
  const line = [...ups.values()].find(({ name }) => revisionOf(name) === revision);
  const isEdited = info.state === 'applied' && line?.checksum !== undefined && line.checksum !== checksum;
  return { ...info, description: docstringOf(source), checksum, isEdited, tables: tablesOf(source) };
}

/** A head with what its branch, from where it left the others, has and touches. */
export interface Head {
  readonly name: string;
  readonly revision: string;
  readonly path: string | undefined;
  /** The files of its branch alone. */
  readonly branch: readonly string[];
  readonly tables: readonly string[];
}

/** The heads; of more than one, the tables that more than one branch touches. */
export interface Heads {
  readonly heads: readonly Head[];
  readonly conflicts: readonly { readonly table: string; readonly heads: readonly string[] }[];
}

/** Reads the files alone: no database is asked. */
export async function describeHeads(found: Pick<Found, 'history'>): Promise<Heads> {
  const { history } = found;
  const below = history.heads.map(({ revision }) => ancestorsOf(history, revision));
  const isShared = (revision: string): boolean => below.every((set) => set.has(revision));
  const heads = await Promise.all(
    history.heads.map(async (head: KnownEntry, index): Promise<Head> => {
      const own = history.revisions.filter(
        ({ revision }) =>
          below[index]?.has(revision) &&
          (below.length === 1 ? revision === head.revision : !isShared(revision)),
      );
      const tables = await Promise.all(own.map(async (entry) => tablesOf((await entry.text()) ?? '')));
      return {
        name: head.name,
        revision: head.revision,
        path: head.path,
        branch: own.map(({ name }) => name),
        tables: [...new Set(tables.flat())].sort(),
      };
    }),
  );
  const all = [...new Set(heads.flatMap(({ tables }) => tables))].sort();
  const conflicts = all
    .map((table) => ({
      table,
      heads: heads.filter(({ tables }) => tables.includes(table)).map(({ name }) => name),
    }))
    .filter(({ heads: touching }) => touching.length > 1);
  return { heads, conflicts };
}
