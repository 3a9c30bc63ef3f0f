import { type EnumChange, type Operation, sameObject } from '../../../operations/operation.js';
import type { Column } from '../../../schema/column.js';
import type { DatabaseSchema, EnumType } from '../../../schema/database.js';
import type { ObjectName } from '../../../schema/names.js';
import type { Table } from '../../../schema/table.js';
import { mentions } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { around, partsNaming } from './dependents.js';

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const value of whole) if (value === part[at]) at += 1;
  return at === part.length;
}

/** A value that was added in this transaction cannot be used before its end. */
function isUsed(values: readonly string[], change: EnumChange, operations: readonly Operation[]): boolean {
  const text = JSON.stringify(operations.filter((each) => each !== change && !isRenamedOnly(each)));
  return values.some((value) => text.includes(JSON.stringify(`'${value.replaceAll("'", "''")}'`).slice(1, -1)));
}

const isRenamedOnly = ({ kind }: Operation) => kind === 'enum' || kind === 'renameColumn' || kind === 'renameTable';

/** Tables that are there before and after, with the columns of the type that are. */
function users(type: EnumType, operations: readonly Operation[], after: DatabaseSchema) {
  const isNew = (table: Table, column?: Column) =>
    operations.some(
      (each) =>
        (each.kind === 'table' && each.to !== undefined && sameObject(each.to, table)) ||
        (column !== undefined &&
          each.kind === 'column' &&
          sameObject(each.table, table) &&
          each.to?.name === column.name &&
          !sameObject(each.from?.userType, type)),
    );
  return after.tables
    .filter((table) => !isNew(table) && table.partitionOf === undefined)
    .map((table) => ({
      table,
      columns: table.columns.filter((column) => sameObject(column.userType, type) && !isNew(table, column)),
    }))
    .filter(({ columns }) => columns.length > 0);
}

/** A type without some of its values is a new type, and its columns go over to it by way of text. */
function recreate(change: EnumChange, to: EnumType, operations: readonly Operation[], after: DatabaseSchema) {
  const old: ObjectName = { schema: to.schema, name: `${to.name.slice(0, 55)}__old` };
  const oldType = { ...to, ...old };
  const using = users(to, operations, after);
  const parts = using.flatMap(({ table }) => partsNaming(table, (text) => mentions(text, to.name), operations));
  const columns = using.flatMap(({ table, columns: all }) =>
    all.map((column): Operation => {
      const earlier = operations.find(
        (each) => each.kind === 'column' && sameObject(each.table, table) && each.to?.name === column.name,
      );
      const had = earlier?.kind === 'column' ? (earlier.from ?? column) : column;
      const array = column.type.endsWith('[]') ? '[]' : '';
      return {
        kind: 'column',
        table: { schema: table.schema, name: table.name },
        from: { ...had, type: `${quoteName(old.name)}${array}`, userType: old },
        // Its new default comes with its own operation, when there is one.
        to: earlier === undefined ? column : { ...column, defaultTo: undefined, nullable: had.nullable },
        using: `${quoteName(column.name)}::text${array}::${column.type}`,
      };
    }),
  );
  return around(parts, [
    ...renameValues(change),
    { kind: 'renameType', from: { schema: to.schema, name: to.name }, to: old },
    { kind: 'enum', from: undefined, to, renamedValues: [] },
    ...columns,
    { kind: 'enum', from: oldType, to: undefined, renamedValues: [] },
  ]);
}

/** The renamed values alone. */
function renameValues({ from, renamedValues }: EnumChange): readonly Operation[] {
  if (from === undefined || renamedValues.length === 0) return [];
  const values = from.values.map((value) => renamedValues.find((each) => each.from === value)?.to ?? value);
  return [{ kind: 'enum', from, to: { ...from, values }, renamedValues }];
}

/** Values are added in place, where that can be; everything else is a new type. */
export function rewriteEnum(
  change: EnumChange,
  operations: readonly Operation[],
  after: DatabaseSchema,
): readonly Operation[] {
  const { from, to, renamedValues } = change;
  if (from === undefined || to === undefined) return [change];
  const had = from.values.map((value) => renamedValues.find((each) => each.from === value)?.to ?? value);
  const added = to.values.filter((value) => !had.includes(value));
  const isInPlace = isSubsequence(had, to.values) && !isUsed(added, change, operations);
  return isInPlace ? [change] : recreate(change, to, operations, after);
}
