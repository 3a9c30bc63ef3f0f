import { distance } from 'fastest-levenshtein';
import { KnexMetaError } from '../errors.js';
import { ancestorsOf, type History, type Revision } from './history.js';
import { revisionOf } from './revision.js';

/** Where a run is to end: the revisions that are then applied, or a number of steps. */
export type Target =
  | { readonly kind: 'revisions'; readonly keep: ReadonlySet<string>; readonly revision: string | undefined }
  | { readonly kind: 'steps'; readonly count: number };

const NEAREST = 3;

function notFound(text: string, revisions: readonly Revision[]): KnexMetaError {
  const near = revisions
    .map(({ revision }) => ({ revision, far: distance(text, revision.slice(0, Math.max(text.length, 14))) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, NEAREST)
    .map(({ revision }) => revision);
  const nearest = near.length === 0 ? 'There is no migration at all.' : `The nearest: ${near.join(', ')}.`;
  return new KnexMetaError('MIGRATION_NOT_FOUND', `There is no migration "${text}".`, {
    remedy: `${nearest} \`npx knex-meta migrate:history\` shows all. Nothing was run.`,
    details: { target: text, nearest: near },
  });
}

/** The slug of `20240131235959_add_profile`. */
const slugOf = (revision: string): string => revision.replace(/^\d+[_-]/, '');

/**
 * The one revision that a text means: a file name, a revision, the beginning of one revision alone, or what stands
 * behind its time stamp.
 *
 * @throws KnexMetaError MIGRATION_NOT_FOUND with the nearest ones, USAGE with the ones that it could mean
 */
export function findRevision<T extends Revision>(text: string, revisions: readonly T[]): T {
  const wanted = revisionOf(text);
  const exact = revisions.find(({ name, revision }) => name === text || revision === wanted);
  if (exact !== undefined) return exact;
  const byStart = text === '' ? [] : revisions.filter(({ revision }) => revision.startsWith(text));
  const found =
    byStart.length > 0 ? byStart : revisions.filter(({ revision }) => slugOf(revision) === wanted);
  const [first, second] = found;
  if (first === undefined) throw notFound(text, revisions);
  if (second === undefined) return first;
  const names = found.map(({ revision }) => revision);
  throw new KnexMetaError(
    'USAGE',
    `"${text}" is the beginning of ${names.length} migrations: ${names.join(', ')}.`,
    {
      remedy: 'Give more of the name. Nothing was run.',
      details: { target: text, candidates: names },
    },
  );
}

function severalHeads(heads: readonly Revision[]): KnexMetaError {
  const names = heads.map(({ name }) => name);
  return new KnexMetaError('MIGRATION_HEADS', `There are ${heads.length} heads: ${names.join(', ')}.`, {
    remedy:
      'Join them with `npx knex-meta migrate:merge`, or name the one that you mean; `heads` means all. Nothing was run.',
    details: { heads: names },
  });
}

/** The place of a word in the history: -1 is the base. */
function placeOf(word: string, { revisions, heads }: History): number {
  if (word === 'base') return -1;
  if (word === 'head') {
    if (heads.length > 1) throw severalHeads(heads);
    return revisions.length - 1;
  }
  return revisions.indexOf(findRevision(word, revisions));
}

const STEPS = /^([+-])(\d+)$/;
const OFFSET = /^(.+?)([+-]\d+)$/;

function withOffset(text: string, history: History): number {
  // A name may end like an offset: `add-users-2` is no `add-users` and two back.
  const isName = history.revisions.some(
    ({ name, revision }) => name === text || revision.startsWith(text) || slugOf(revision) === text,
  );
  const [, word, offset] = isName ? [] : (OFFSET.exec(text) ?? []);
  if (word === undefined) return placeOf(text, history);
  const place = placeOf(word, history) + Number(offset);
  if (place >= -1 && place < history.revisions.length) return place;
  throw new KnexMetaError(
    'MIGRATION_NOT_FOUND',
    `"${text}" lies outside the history of ${history.revisions.length}.`,
    {
      remedy: '`npx knex-meta migrate:history` shows all. Nothing was run.',
      details: { target: text },
    },
  );
}

/**
 * Reads a target of `migrate:upgrade` and `migrate:downgrade`: `head`, `heads`, `base`, `+2`, `-1`, `head-2`,
 * `<rev>+2`, a revision, the beginning of one, a file name.
 *
 * @throws KnexMetaError MIGRATION_NOT_FOUND, MIGRATION_HEADS, USAGE
 */
export function readTarget(text: string, history: History): Target {
  const [, sign, digits] = STEPS.exec(text) ?? [];
  if (sign !== undefined) return { kind: 'steps', count: Number(`${sign}${digits}`) };
  const all = (): ReadonlySet<string> => new Set(history.revisions.map(({ revision }) => revision));
  if (text === 'heads') return { kind: 'revisions', keep: all(), revision: 'heads' };
  const place = withOffset(text, history);
  const revision = history.revisions[place]?.revision;
  if (revision === undefined) return { kind: 'revisions', keep: new Set(), revision: undefined };
  return { kind: 'revisions', keep: ancestorsOf(history, revision), revision };
}

/**
 * The revisions that are applied where a state is named, without a database to count steps from.
 *
 * @throws KnexMetaError USAGE for steps
 */
export function revisionsAt(text: string, history: History): ReadonlySet<string> {
  const target = readTarget(text, history);
  if (target.kind === 'revisions') return target.keep;
  throw new KnexMetaError(
    'USAGE',
    `${text} is a number of steps: without a database only revisions can be named.`,
    {
      remedy:
        'Write revisions: base, 20240101, head; a range of a script is base:head, 20240101:20240301, head:base.',
    },
  );
}
