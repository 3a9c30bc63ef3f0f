import { type Operation, sameObject } from '../operations/operation.js';
import type { Column } from '../schema/column.js';
import type { ForeignKey } from '../schema/constraints.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { type Comparison, ownColumns } from './comparison.js';

/** Types whose values are written in the same way. */
const FAMILIES: readonly RegExp[] = [
  /^(?:small|big|tiny|medium)?(?:int|integer|serial)\d?$/,
  /^(?:text|clob|varchar|character varying|character|char|citext)$/,
  /^(?:numeric|decimal|real|float|double|double precision)$/,
  /^(?:date|datetime|timestamp|timestamp with time zone|timestamp without time zone)$/,
  /^jsonb?$/,
];

/** A type without its length or precision; types of one family count as one. */
function familyOf({ type }: Column, { foldType }: Comparison): string {
  const base = foldType(type)
    .replace(/ ?\([^)]*\)/, '')
    .trim();
  return FAMILIES.find((family) => family.test(base))?.source ?? base;
}

/** Whether the one column may be the other under a new name. What is computed holds no values of its own. */
export function isLikeColumn(from: Column, to: Column, how: Comparison): boolean {
  return (
    (from.generated === undefined) === (to.generated === undefined) &&
    familyOf(from, how) === familyOf(to, how)
  );
}

/** The columns that only one of the tables has, in pairs of like types: a rename keeps the order of columns. */
export function likeColumns(
  before: Table,
  after: Table,
  how: Comparison,
): readonly (readonly [Column, Column])[] {
  const names = (table: Table) => new Set(ownColumns(table).map(({ name }) => how.foldName(name)));
  const [had, has] = [names(before), names(after)];
  const came = ownColumns(after).filter(({ name }) => !had.has(how.foldName(name)));
  const pairs: [Column, Column][] = [];
  for (const from of ownColumns(before).filter(({ name }) => !has.has(how.foldName(name)))) {
    const at = came.findIndex((to) => isLikeColumn(from, to, how));
    const [to] = at < 0 ? [] : came.splice(at, 1);
    if (to !== undefined) pairs.push([from, to]);
  }
  return pairs;
}

/**
 * Whether the one table may be the other under a new name: most columns are there by their names, or by their types where
 * some names are the same too, where all are alike, or where a foreign key goes from the one to the other.
 */
export function isLikeTable(before: Table, after: Table, how: Comparison, isKeyMoved: boolean): boolean {
  const names = (table: Table) => ownColumns(table).map(({ name }) => how.foldName(name));
  const [had, has] = [names(before), names(after)];
  const size = Math.max(had.length, has.length);
  const shared = had.filter((name) => has.includes(name)).length;
  const alike = shared + likeColumns(before, after, how).length;
  if (alike === 0) return false;
  if (isKeyMoved) return alike * 2 >= size;
  return shared > 0 ? alike * 3 >= size * 2 : alike === size && had.length === has.length && size > 1;
}

/** Tells whether a table lost a foreign key to the one table while it got a like key to the other. */
export function movedKeys(operations: readonly Operation[]): (from: ObjectName, to: ObjectName) => boolean {
  const keys = operations.filter((each) => each.kind === 'foreignKey');
  const isTo = (key: ForeignKey | undefined, target: ObjectName): key is ForeignKey =>
    key !== undefined && sameObject(key.target, target);
  return (from, to) =>
    keys.some(
      ({ table, from: lost }) =>
        isTo(lost, from) &&
        keys.some(
          ({ table: owner, to: got }) =>
            sameObject(owner, table) && isTo(got, to) && got.columns.length === lost.columns.length,
        ),
    );
}
