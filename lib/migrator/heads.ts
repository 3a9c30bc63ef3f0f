import { ancestorsOf, type KnownEntry } from './history.js';
import type { Found } from './situation.js';
import { tablesOf } from './text.js';

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
