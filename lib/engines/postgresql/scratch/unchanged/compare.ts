import type { Column } from '../../../../schema/column.js';
import type { Check, ForeignKey, KeyConstraint } from '../../../../schema/constraints.js';
import type { ObjectName } from '../../../../schema/names.js';
import type { Table } from '../../../../schema/table.js';
import type { Index } from '../../../../schema/tableIndex.js';
import { withoutPrecision } from '../../trigger.js';
import type { PlainKey, PlainTable } from './parse.js';
import type { NamedColumns } from './part.js';
import type { Probe } from './probe.js';

/** The table that a name means: written with its schema, or found on the search path. */
export type Resolve = (written: readonly string[]) => ObjectName | undefined;

const byName = (
  a: { readonly name: string | undefined },
  b: { readonly name: string | undefined },
): number => (String(a.name) < String(b.name) ? -1 : 1);

/** Whether plain data are the same; the general comparison takes several times as long, and there are many columns. */
function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameData(a[key as never], b[key as never]))
  );
}

function isSame<T extends { readonly name: string | undefined }>(
  expected: readonly T[],
  actual: readonly T[],
): boolean {
  if (expected.length !== actual.length) return false;
  if (expected.length === 0) return true;
  const sorted = [...actual].sort(byName);
  return [...expected].sort(byName).every((each, at) => sameData(each, sorted[at] as T));
}

function keyOf({ name, columns }: NamedColumns, fallback: string): KeyConstraint {
  return {
    name: name ?? fallback,
    comment: undefined,
    columns,
    parts: undefined,
    include: [],
    deferral: 'not deferrable',
    nullsNotDistinct: false,
    withoutOverlaps: false,
    options: [],
    conflict: undefined,
  };
}

function indexOf({ name = '', columns, unique }: NamedColumns & { readonly unique: boolean }): Index {
  return {
    name,
    comment: undefined,
    method: 'btree',
    unique,
    keys: columns.map((column) => ({
      column,
      expression: undefined,
      opclass: undefined,
      opclassOptions: [],
      collation: undefined,
      descending: false,
      nulls: 'last',
    })),
    include: [],
    predicate: undefined,
    nullsNotDistinct: false,
    options: [],
    isValid: true,
  };
}

function foreignKeyOf(key: PlainKey, resolve: Resolve): ForeignKey | undefined {
  const target = resolve(key.target);
  if (target === undefined) return undefined;
  return {
    name: key.name,
    comment: undefined,
    columns: key.columns,
    target,
    targetColumns: key.targetColumns,
    onUpdate: key.onUpdate as ForeignKey['onUpdate'],
    onDelete: key.onDelete as ForeignKey['onDelete'],
    onDeleteColumns: [],
    match: 'simple',
    deferral: 'not deferrable',
    isValid: true,
    isEnforced: true,
    withPeriod: false,
  };
}

/** A serial column's sequence has the name that the server gives it, and its default follows. */
function withOwnSequence(column: Column, actual: Column, table: Table): Column {
  const { numbering } = column;
  if (numbering?.kind !== 'serial') return column;
  const sequence = { ...numbering.sequence, schema: table.schema, name: `${table.name}_${column.name}_seq` };
  return { ...column, numbering: { ...numbering, sequence }, defaultTo: actual.defaultTo };
}

/** Columns with the one that was found to be the same: many tables share both. */
const found = new WeakMap<Column, Column>();

/** Whether columns are the same but for what their tables say of them. */
function sameDefinition(probed: Column, own: Column): boolean {
  if (found.get(own) === probed) return true;
  const { comment, isMetadata, nullable } = own;
  const type = isMetadata ? withoutPrecision(probed.type) : probed.type;
  const isThat = sameData({ ...probed, type, comment, isMetadata, nullable }, own);
  if (isThat) found.set(own, probed);
  return isThat;
}

/** Whether a column of a table is what its model asks for, from what the server makes of the definition. */
function isAsked(probed: Column, own: Column, plain: PlainTable, table: Table): boolean {
  const { name } = own;
  const isKey = plain.primaryKey?.columns.includes(name) === true;
  return (
    own.comment === plain.comments.get(name) &&
    own.isMetadata === plain.metadata.has(name) &&
    own.nullable === (probed.nullable && !isKey) &&
    sameDefinition(withOwnSequence(probed, own, table), own)
  );
}

/** The columns in the order of the model, where they are those of the table. */
function sameColumns(plain: PlainTable, actual: Table, probe: Probe): readonly Column[] | undefined {
  const known = new Map(actual.columns.map((column) => [column.name, column]));
  const checks: Check[] = [];
  const columns = plain.columns.flatMap((part) => {
    const { name } = part;
    const probed = probe.get(part);
    const own = known.get(name);
    if (probed === undefined || own === undefined) return [];
    checks.push(...probed.checks.map((check) => ({ ...check, name: `${actual.name}_${name}_check` })));
    return isAsked(probed.column, own, plain, actual) ? [own] : [];
  });
  const isWhole = columns.length === plain.columns.length && columns.length === actual.columns.length;
  return isWhole && isSame(checks, actual.checks) ? columns : undefined;
}

/** What every plain table has besides. */
const isOrdinary = (table: Table): boolean =>
  table.exclusions.length + table.inherits.length + table.options.length === 0 &&
  table.partitionedBy === undefined &&
  table.partitionOf === undefined &&
  table.extension === undefined &&
  !table.isUnlogged &&
  table.rowSecurity === 'off';

function sameTriggers({ stamps }: PlainTable, { triggers }: Table): boolean {
  if (stamps === undefined) return triggers.length === 0;
  const [trigger] = triggers;
  return (
    triggers.length === 1 &&
    trigger?.stamps === stamps &&
    trigger.name === 'update_timestamp' &&
    trigger.enabled === 'yes' &&
    trigger.comment === undefined
  );
}

/** The table as the database has it, in the order of the model's columns, where the model asks for just that. */
export function unchangedTable(
  plain: PlainTable,
  actual: Table,
  probe: Probe,
  resolve: Resolve,
): Table | undefined {
  const keys = plain.foreignKeys.flatMap((key) => foreignKeyOf(key, resolve) ?? []);
  const primary = plain.primaryKey === undefined ? [] : [keyOf(plain.primaryKey, `${actual.name}_pkey`)];
  const isUnchanged =
    isOrdinary(actual) &&
    plain.comment === actual.comment &&
    sameTriggers(plain, actual) &&
    keys.length === plain.foreignKeys.length &&
    isSame(keys, actual.foreignKeys) &&
    isSame(primary, actual.primaryKey === undefined ? [] : [actual.primaryKey]) &&
    isSame(
      plain.uniques.map((key) => keyOf(key, '')),
      actual.uniques,
    ) &&
    isSame(plain.indexes.map(indexOf), actual.indexes);
  const columns = isUnchanged ? sameColumns(plain, actual, probe) : undefined;
  if (columns === undefined) return undefined;
  // The same object, where it is the same: nobody has to compare it again.
  return columns.every((column, at) => column === actual.columns[at]) ? actual : { ...actual, columns };
}
