import type { ObjectName } from '../schema/names.js';
import type { Wording } from './wording.js';

/** The name that Knex gives when its author gives none. */
function impliedName(
  kind: 'unique' | 'index' | 'foreign' | 'primary',
  { name }: ObjectName,
  columns: readonly string[],
  wording: Wording,
): string | undefined {
  if (kind === 'primary') return wording.namesKeys ? `${name}_pkey` : undefined;
  if (kind === 'foreign' && !wording.namesKeys) return undefined;
  return `${name.replace(/[.-]/g, '_')}_${columns.join('_')}_${kind}`.toLowerCase();
}

/** The name as it has to be said in the builder; undefined when Knex gives it by itself. */
export function saidName(
  kind: 'unique' | 'index' | 'foreign' | 'primary',
  table: ObjectName,
  columns: readonly string[],
  name: string | undefined,
  wording: Wording,
): string | undefined {
  return name === impliedName(kind, table, columns, wording) ? undefined : name;
}

/** Whether the builder takes these names as they are: it reads a dot as a path, ` as ` as an alias, `?` as a place. */
export function isSayable(...names: readonly (string | undefined)[]): boolean {
  return names.every((name) => name === undefined || (name !== '*' && !/[.?]| as /i.test(name)));
}
