import { KnexMetaError } from '../errors.js';
import { type Entry, parentsOf } from './entries.js';

/** One revision with the ones that it follows. */
export interface Revision {
  readonly name: string;
  readonly revision: string;
  /** What its file says; undefined when it says nothing and follows the one before it by name. */
  readonly revises: readonly string[] | undefined;
}

/** Revisions in the order in which they are applied. */
export interface History<T extends Revision = Revision> {
  readonly revisions: readonly T[];
  /** Those that no other one follows. */
  readonly heads: readonly T[];
  /** The revisions that each one follows, by revision. */
  readonly parents: ReadonlyMap<string, readonly string[]>;
}

/** Parents before their children, else the order as it is given. Throws MIGRATION_PARENT on a circle. */
function ordered<T extends Revision>(all: readonly T[]): readonly T[] {
  const byRevision = new Map(all.map((each) => [each.revision, each]));
  const state = new Map<T, 'open' | 'placed'>();
  const result: T[] = [];
  const place = (each: T, path: readonly string[]): void => {
    if (state.get(each) === 'placed') return;
    if (state.get(each) === 'open') {
      throw new KnexMetaError(
        'MIGRATION_PARENT',
        `Migrations revise each other: ${[...path, each.revision].join(' -> ')}.`,
        {
          remedy: 'Correct `revises` in one of these files.',
          details: { circle: [...path, each.revision] },
        },
      );
    }
    state.set(each, 'open');
    for (const parent of each.revises ?? []) {
      const found = byRevision.get(parent);
      if (found !== undefined) place(found, [...path, each.revision]);
    }
    state.set(each, 'placed');
    result.push(each);
  };
  for (const each of all) place(each, []);
  return result;
}

/**
 * The history that revisions make up.
 *
 * @param all - in Knex's order, by name
 * @throws KnexMetaError MIGRATION_PARENT when they revise each other
 */
export function historyOf<T extends Revision>(all: readonly T[]): History<T> {
  const revisions = ordered(all);
  // One that says nothing follows the one before it in this order: by name alone it could follow its own child.
  const parents = new Map(
    revisions.map((each, index): [string, readonly string[]] => {
      const previous = revisions[index - 1]?.revision;
      return [each.revision, each.revises ?? (previous === undefined ? [] : [previous])];
    }),
  );
  const followed = new Set([...parents.values()].flat());
  return { revisions, parents, heads: revisions.filter(({ revision }) => !followed.has(revision)) };
}

/** All revisions that one stands on, with itself. */
export function ancestorsOf({ parents }: History, revision: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [revision];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(parents.get(next) ?? []));
  }
  return found;
}

export type KnownEntry = Entry & Revision;

/** Reads what each entry follows. */
export async function withParents(entries: readonly Entry[]): Promise<readonly KnownEntry[]> {
  const known: KnownEntry[] = [];
  // In parts: ten thousand files must not be open at once.
  for (let start = 0; start < entries.length; start += 200) {
    const part = entries.slice(start, start + 200);
    known.push(
      ...(await Promise.all(part.map(async (entry) => ({ ...entry, revises: await parentsOf(entry) })))),
    );
  }
  return known;
}

/** Parents that there is no file for, and that were never applied. Throws MIGRATION_PARENT. */
export function checkParents(pending: readonly Revision[], known: ReadonlySet<string>): void {
  for (const { name, revises = [] } of pending) {
    const missing = revises.find((parent) => !known.has(parent));
    if (missing === undefined) continue;
    throw new KnexMetaError(
      'MIGRATION_PARENT',
      `${name} revises ${missing}, and there is no such migration.`,
      {
        remedy: `Bring the file of ${missing} back (another branch may have it), or correct \`revises\` in ${name}. No migration was run.`,
        details: { migration: name, parent: missing },
      },
    );
  }
}
