import { sameName } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { type Constraint, keepConstraints } from './columnDefinition.js';
import { referencedTable, type TableDefinition } from './createTable.js';
import { requireColumn } from './editColumns.js';
import type { Rebuilt } from './rebuild.js';
import type { TableSchema } from './schema.js';
import type { TableConstraint } from './tableConstraint.js';

/** A foreign key as Knex describes it. */
export interface NewForeignKey {
  readonly column: readonly string[];
  readonly keyName?: string | undefined;
  readonly references: readonly string[];
  readonly inTable: string;
  readonly onDelete?: string | undefined;
  readonly onUpdate?: string | undefined;
  readonly deferrable?: string | undefined;
}

const list = (names: readonly string[]): string => names.map(quoteName).join(', ');

const named = (name: string | undefined): string => (name ? `constraint ${quoteName(name)} ` : '');

function withConstraint(
  table: TableSchema,
  definition: TableDefinition,
  constraint: TableConstraint,
): Rebuilt {
  for (const name of constraint.columns) requireColumn(table, name);
  return {
    definition: { ...definition, constraints: [...definition.constraints, constraint] },
    indexes: table.indexes,
  };
}

/** Without the constraints that `isGone` picks, with the columns that each is on. Undefined: it picks none. */
function withoutConstraints(
  table: TableSchema,
  isGone: (constraint: Constraint, columns: readonly string[]) => boolean,
): Rebuilt | undefined {
  const { definition } = table;
  const columns = definition.columns.map((column) =>
    keepConstraints(column, (each) => !isGone(each, [column.name])),
  );
  const constraints = definition.constraints.filter((each) => !isGone(each, each.columns));
  const isSame =
    constraints.length === definition.constraints.length &&
    columns.every((column, index) => column === definition.columns[index]);
  return isSame ? undefined : { definition: { ...definition, columns, constraints }, indexes: table.indexes };
}

export function editForeign(table: TableSchema, key: NewForeignKey): Rebuilt {
  const text = [
    `${named(key.keyName)}foreign key (${list(key.column)})`,
    `references ${quoteName(key.inTable)} (${list(key.references)})`,
    ...(key.onDelete ? [`on delete ${key.onDelete}`] : []),
    ...(key.onUpdate ? [`on update ${key.onUpdate}`] : []),
    ...(key.deferrable && key.deferrable !== 'not deferrable'
      ? [`deferrable initially ${key.deferrable}`]
      : []),
  ].join(' ');
  return withConstraint(table, table.definition, {
    kind: 'foreign',
    name: key.keyName || undefined,
    before: ' ',
    after: '',
    text,
    columns: key.column,
    references: key.inTable,
    referencedColumns: key.references,
  });
}

/**
 * Without the foreign key of that name, or else without the one on these columns, or else, as stock Knex does it,
 * without those on any of them. Undefined: there is none.
 */
export function editDropForeign(
  table: TableSchema,
  columns: readonly string[],
  name: string | undefined,
): Rebuilt | undefined {
  const isKey = (each: Constraint): boolean => each.kind === 'foreign' || referencedTable(each) !== undefined;
  const isOn = (own: readonly string[], column: string): boolean =>
    own.some((each) => sameName(each, column));
  const isNamed = (each: Constraint): boolean =>
    name !== undefined && each.name !== undefined && sameName(each.name, name);
  // A name that the database does not know may still be that of a key without one.
  const isOpen = (each: Constraint): boolean =>
    isKey(each) && (name === undefined || each.name === undefined);
  return (
    withoutConstraints(table, (each) => isKey(each) && isNamed(each)) ??
    withoutConstraints(
      table,
      (each, own) =>
        isOpen(each) && own.length === columns.length && columns.every((column) => isOn(own, column)),
    ) ??
    withoutConstraints(table, (each, own) => isOpen(each) && columns.some((column) => isOn(own, column)))
  );
}

/** Without its primary key, inline or not; `name` spares a key of another name. Undefined: there is none. */
export function editDropPrimary(table: TableSchema, name: string | undefined): Rebuilt | undefined {
  return withoutConstraints(
    table,
    ({ kind, name: own }) =>
      kind === 'primary' && (name === undefined || own === undefined || sameName(own, name)),
  );
}

export function editPrimary(
  table: TableSchema,
  columns: readonly string[],
  name: string | undefined,
): Rebuilt {
  const { definition } = editDropPrimary(table, undefined) ?? table;
  return withConstraint(table, definition, {
    kind: 'primary',
    name: name || undefined,
    before: ' ',
    after: '',
    text: `${named(name)}primary key (${list(columns)})`,
    columns,
    references: undefined,
    referencedColumns: [],
  });
}
