import type { Column } from '../schema/column.js';
import type { Table } from '../schema/table.js';

/** A metadata column that every table gets, by its standard name and the name that the project gives it. */
export interface ImpliedColumn {
  readonly key: string;
  readonly name: string;
}

/** What `t.metadata()` and a model's `metadata` take. */
type MetadataWords = false | Readonly<Record<string, boolean | string>>;

const STANDARD = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'] as const;
const IMPLIED: readonly ImpliedColumn[] = STANDARD.map((key) => ({ key, name: key }));

/** Which standard column a marked one can be, where it has another name. */
function isLike(
  key: string,
  { name, nullable, defaultTo = '' }: Column,
  stamps: string | undefined,
): boolean {
  if (key === 'notes') return nullable && defaultTo === '';
  if (key === 'updated_at') return name === stamps;
  if (nullable || name === stamps) return false;
  const isTrue = /^\(?'?(true|1)'?\)?$/i.test(defaultTo);
  const isFalse = /^\(?'?(false|0)'?\)?$/i.test(defaultTo);
  if (key === 'is_active') return isTrue;
  return key === 'is_flagged' ? isFalse : defaultTo !== '' && !isTrue && !isFalse;
}

/**
 * What has to be said of a table's metadata so that it gets those that it has: nothing where they are the project's,
 * `false` where it has none.
 */
export function metadataOptions(
  table: Table,
  implied: readonly ImpliedColumn[] = IMPLIED,
): MetadataWords | undefined {
  const marked = table.columns.filter(({ isMetadata }) => isMetadata);
  const stamps = table.triggers.find((trigger) => trigger.stamps !== undefined)?.stamps;
  if (marked.length === 0 && stamps === undefined) return false;
  const has = new Map(table.columns.map((column) => [column.name.toLowerCase(), column]));
  const nameOf = (key: string) => implied.find((each) => each.key === key)?.name;
  const free = new Set(marked);
  for (const { name } of implied) for (const each of marked) if (each.name === name) free.delete(each);
  const words: Record<string, boolean | string> = {};
  for (const key of STANDARD) {
    const name = nameOf(key);
    const own = name === undefined ? undefined : has.get(name.toLowerCase());
    if (own !== undefined) {
      // A column of the project's own that no trigger keeps.
      if (key === 'updated_at' && !own.isMetadata && stamps?.toLowerCase() !== own.name.toLowerCase())
        words[key] = false;
      continue;
    }
    const other =
      [...free].find((column) => column.name === key) ??
      [...free].find((column) => isLike(key, column, stamps));
    if (other !== undefined) {
      free.delete(other);
      words[key] = other.name === key ? true : other.name;
    } else if (name !== undefined) words[key] = false;
  }
  return Object.keys(words).length === 0 ? undefined : words;
}
