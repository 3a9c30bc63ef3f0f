import type { AppliedMigration } from '../migrator/record.js';
import { literal, shellWord } from './quote.js';

type Row = Pick<AppliedMigration, 'id' | 'name' | 'batch'>;

/** A migration's name without its extension. */
export const revisionOf = (name: string): string => name.replace(/(?:\.[cm]?[jt]s)+$/, '');

/** A migration that is there and is not recorded. */
export interface Unrecorded {
  readonly name: string;
  readonly isUnfinished: boolean;
  /** Whether a stamp at it would record it and nothing else. */
  readonly isNext: boolean;
}

/**
 * The row for it: where others follow, in their batch and before them. Undoing goes backwards by number, and would
 * else begin with the one that the others stand on.
 *
 * @param open - how many are to be recorded from it on to the next that is
 */
function rowFor(
  name: string,
  rows: readonly Row[],
  open: number,
  last: { readonly batch: number },
): { readonly id?: number; readonly batch: number } {
  const before = rows.filter((row) => row.name < name).map(({ id }) => id);
  const [next] = rows.filter((row) => row.name > name).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (next === undefined) return last;
  const highest = before.length === 0 ? undefined : Math.max(...before);
  const id = highest === undefined ? next.id - open : highest + 1;
  return id < next.id && rows.every((row) => row.id !== id) ? { id, batch: next.batch } : last;
}

/** For each, in their order: what records it, by its name. */
export function recordings(
  unrecorded: readonly Unrecorded[],
  applied: readonly Row[],
  record: string,
): ReadonlyMap<string, string> {
  const rows: Row[] = [...applied];
  // What nothing applied follows is one batch, with what a stamp records.
  const last = { batch: Math.max(0, ...applied.map(({ batch }) => batch)) + 1 };
  const highest = (): number => Math.max(0, ...rows.map(({ id }) => id));
  const told = new Map<string, string>();
  for (const [index, { name, isUnfinished, isNext }] of unrecorded.entries()) {
    const word = shellWord(revisionOf(name));
    if (isUnfinished || isNext) {
      told.set(name, `npx knex-meta migrate:${isUnfinished ? `resolve ${word} --applied` : `stamp ${word}`}`);
      rows.push({ id: highest() + 1, name, ...last });
      continue;
    }
    const next = rows
      .map((row) => row.name)
      .filter((each) => each > name)
      .sort()[0];
    const open = unrecorded.slice(index).filter((each) => next === undefined || each.name < next).length;
    const { id, batch } = rowFor(name, rows, open, last);
    const [columns, values] = id === undefined ? ['', ''] : ['id, ', `${id}, `];
    told.set(
      name,
      `insert into ${record} (${columns}name, batch, migration_time) values (${values}${literal(name)}, ${batch}, current_timestamp)`,
    );
    rows.push({ id: id ?? highest() + 1, name, batch });
  }
  return told;
}
