import { applied } from '../../../diff/appliedSchema.js';
import { asideName } from '../../../operations/aside.js';
import {
  type ColumnChange,
  type EnumChange,
  type Operation,
  renamedValue,
  sameObject,
} from '../../../operations/operation.js';
import type { Column } from '../../../schema/column.js';
import type {
  DatabaseFunction,
  DatabaseSchema,
  Domain,
  EnumType,
  OtherObject,
} from '../../../schema/database.js';
import type { ObjectName } from '../../../schema/names.js';
import type { Table } from '../../../schema/table.js';
import { calls, mentions } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { convert } from './conversion.js';
import {
  around,
  aroundComputed,
  computedNaming,
  defaultsNaming,
  once,
  partsNaming,
  policiesNaming,
} from './dependents.js';

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const value of whole) if (value === part[at]) at += 1;
  return at === part.length;
}

/** Whether a column becomes one of the type: then a row may have any of its values. */
function isCast(type: ObjectName, operations: readonly Operation[]): boolean {
  return operations.some(
    ({ kind, from, to }) =>
      kind === 'column' && from && to && sameObject(to.userType, type) && !sameObject(from.userType, type),
  );
}

/** A value that was added in this transaction cannot be used before its end. */
function isUsed(
  values: readonly string[],
  change: EnumChange,
  operations: readonly Operation[],
  tables: readonly Table[],
): boolean {
  const others = operations.filter((each) => each !== change && !isRenamedOnly(each));
  const text = JSON.stringify(others);
  // Functions that give all of its values, in what comes and in what a row is checked by.
  const isRanged = /\benum_(range|first|last)\(/.test(
    text + JSON.stringify(tables.map(({ checks }) => checks)),
  );
  if (isRanged || (change.to !== undefined && isCast(change.to, others))) return true;
  const arrays = text.match(/'\{[^']*\}'/g) ?? [];
  const written = (value: string) => JSON.stringify(value.replaceAll("'", "''")).slice(1, -1);
  return values.some(
    (value) => text.includes(`'${written(value)}'`) || arrays.some((array) => array.includes(written(value))),
  );
}

const isRenamedOnly = ({ kind }: Operation) =>
  kind === 'enum' || kind === 'renameColumn' || kind === 'renameTable';

/** A column with the name that its table has at the time. */
interface User {
  readonly table: ObjectName;
  readonly column: Column;
}

/** The columns of a type. */
function usersOf(type: ObjectName, { tables }: DatabaseSchema): readonly User[] {
  return tables
    .filter(({ partitionOf }) => partitionOf === undefined)
    .flatMap(({ schema, name, columns }) =>
      columns
        .filter(({ userType, isInherited }) => sameObject(userType, type) && !isInherited)
        .map((column) => ({ table: { schema, name }, column })),
    );
}

/** The default, where the type has its value: else a later operation brings another. */
function defaultFor(column: Column, type: EnumType | Domain): string | undefined {
  if (!('values' in type)) return column.defaultTo;
  const { values } = type;
  const value = /^'((?:[^']|'')*)'::/.exec(column.defaultTo ?? '')?.[1]?.replaceAll("''", "'");
  return value === undefined || column.type.endsWith('[]') || values.includes(value)
    ? column.defaultTo
    : undefined;
}

/** The type as it is created or dropped alone. */
function only(from: EnumType | Domain | undefined, to: EnumType | Domain | undefined): Operation {
  return 'values' in ((to ?? from) as object)
    ? ({ kind: 'enum', from, to, renamedValues: [] } as Operation)
    : ({ kind: 'domain', from, to } as Operation);
}

function commentOn({ schema, name, comment }: EnumType | Domain): Operation {
  return {
    kind: 'comment',
    on: 'type',
    name: { schema, name },
    table: undefined,
    from: undefined,
    to: comment,
  };
}

/** The functions that take a type, or give it back: what they do with it inside holds nothing. */
function functionsOf(type: ObjectName, { functions }: DatabaseSchema): readonly DatabaseFunction[] {
  return functions
    .filter(({ extension }) => extension === undefined)
    .filter(({ dependsOn: needs }) => needs.some((each) => each.kind === 'type' && sameObject(each, type)));
}

/** How the values of a column go over to the new type. */
type Way = (column: Column, array: string) => Pick<ColumnChange, 'using' | 'isAssigned'>;

/** By way of text. */
const byText: Way = ({ name, type }, array) => ({ using: `${quoteName(name)}::text${array}::${type}` });

/** A type that is replaced by a new one of its name: an enum, a domain, or a composite type with one of them in it. */
interface Replaced {
  readonly type: EnumType | Domain | OtherObject;
  readonly way: Way;
}

/** The types that are made of a type, each after those that it is made of. */
function typesOver(type: ObjectName, { domains, others }: DatabaseSchema): readonly Replaced[] {
  const all = [...domains, ...others.filter(({ kind }) => kind === 'composite type')].filter(
    ({ extension }) => extension === undefined,
  );
  const found: (Domain | OtherObject)[] = [];
  const visit = (below: ObjectName): void => {
    for (const each of all)
      if (each.dependsOn?.some((needed) => needed.kind === 'type' && sameObject(needed, below))) {
        const at = found.indexOf(each);
        if (at >= 0) found.splice(at, 1);
        found.push(each);
        visit(each);
      }
  };
  visit(type);
  return found.map((each) => ({ type: each, way: byText }));
}

const oldName = ({ schema, name }: ObjectName): ObjectName => ({ schema, name: asideName(name, new Set()) });

/** The type as it is created, or dropped by the name that it has then. */
function change(type: Replaced['type'], isDrop: boolean): Operation {
  if (!('drop' in type)) {
    const named = isDrop ? { ...type, ...oldName(type) } : type;
    return isDrop ? only(named, undefined) : only(undefined, named);
  }
  if (!isDrop) return { kind: 'other', from: undefined, to: type };
  const { name } = oldName(type);
  const drop = type.drop?.replace(/(?:"(?:[^"]|"")+"|[^\s."]+)$/, quoteName(name));
  return { kind: 'other', from: { ...type, name, drop }, to: undefined };
}

/** The foreign keys with a column of the users on either side. */
function keysOver(users: readonly User[], { tables }: DatabaseSchema): readonly Operation[] {
  const isUsed = (table: ObjectName, columns: readonly string[]) =>
    users.some((user) => sameObject(user.table, table) && columns.includes(user.column.name));
  return tables
    .filter(({ partitionOf }) => partitionOf === undefined)
    .flatMap(({ schema, name, foreignKeys }) =>
      foreignKeys
        .filter(
          ({ columns, target, targetColumns }) =>
            isUsed({ schema, name }, columns) || isUsed(target, targetColumns ?? []),
        )
        .map((to): Operation => ({ kind: 'foreignKey', table: { schema, name }, from: undefined, to })),
    );
}

/**
 * What a type cannot become in place is a new type, with the types that are made of it, and their columns go over by way
 * of another.
 */
function recreate(to: EnumType | Domain, way: Way, now: DatabaseSchema): readonly Operation[] {
  const replaced: readonly Replaced[] = [{ type: to, way }, ...typesOver(to, now)];
  const using = replaced.flatMap((each) => usersOf(each.type, now).map((user) => ({ ...user, of: each })));
  const functions = [...new Set(replaced.flatMap(({ type }) => functionsOf(type, now)))];
  const parts = once(
    now.tables.flatMap((table) => {
      const columns = using.filter((user) => sameObject(user.table, table)).map(({ column }) => column.name);
      const isOnColumn = (text: string) => columns.some((column) => mentions(text, column));
      const isCalled = (text: string) => functions.some(({ name }) => calls(text, name));
      // Without a column of it a table names a type by its casts only.
      const isOfType = (text: string) =>
        (columns.length > 0 || text.includes('::')) && replaced.some(({ type }) => mentions(text, type.name));
      const isNamed = (text: string) => isOfType(text) || isCalled(text);
      return [
        ...columns.flatMap((column) => aroundComputed(table, column)),
        ...computedNaming(table, isNamed),
        ...defaultsNaming(table, isCalled),
        ...partsNaming(table, isNamed),
        ...partsNaming(table, isOnColumn).filter(({ kind }) => kind === 'trigger'),
        ...policiesNaming(now, table, (text) => isOnColumn(text) || isNamed(text)),
      ];
    }),
  );
  const isOfFunction = ({ defaultTo = '' }: Column) => functions.some(({ name }) => calls(defaultTo, name));
  const columns = using.map(({ table, column: found, of }): Operation => {
    // A default by a function that is away comes back with it.
    const column = isOfFunction(found) ? { ...found, defaultTo: undefined } : found;
    const array = column.type.endsWith('[]') ? '[]' : '';
    const old = oldName(of.type);
    return {
      kind: 'column',
      table,
      from: { ...column, type: `${quoteName(old.name)}${array}`, userType: old },
      to: { ...column, defaultTo: defaultFor(column, to) },
      ...of.way(column, array),
    };
  });
  const comments = replaced.flatMap(({ type }) =>
    'comment' in type && type.comment !== undefined ? [commentOn(type)] : [],
  );
  return around(
    [
      ...functions.map((each): Operation => ({ kind: 'function', from: undefined, to: each })),
      ...parts,
      ...keysOver(using, now),
    ],
    [
      ...replaced.map(
        ({ type }): Operation => ({
          kind: 'renameType',
          from: { schema: type.schema, name: type.name },
          to: oldName(type),
        }),
      ),
      ...replaced.map(({ type }) => change(type, false)),
      ...comments,
      ...columns,
      ...replaced.map(({ type }) => change(type, true)).reverse(),
    ],
  );
}

/** The values that a type had, by the names that they get. */
const renamedValues = ({ values }: EnumType, renames: EnumChange['renamedValues']): readonly string[] =>
  values.map((value) => renamedValue(value, renames));

/** Whether a type cannot get its values in place: some went, they have another order, or one is used at once. */
export function isMadeAnew(
  change: EnumChange,
  operations: readonly Operation[],
  tables: readonly Table[],
): boolean {
  const { from, to } = change;
  if (from === undefined || to === undefined) return false;
  const had = renamedValues(from, change.renamedValues);
  const added = to.values.filter((value) => !had.includes(value));
  return !isSubsequence(had, to.values) || isUsed(added, change, operations, tables);
}

/** Values are added in place, where that can be; everything else is a new type. */
export function rewriteEnum(
  change: EnumChange,
  operations: readonly Operation[],
  now: DatabaseSchema,
): readonly Operation[] {
  const { from, to } = change;
  if (from === undefined || to === undefined) return [change];
  if (!isMadeAnew(change, operations, now.tables)) return [change];
  const named = { ...from, values: renamedValues(from, change.renamedValues) };
  const rename: readonly Operation[] = change.renamedValues.length === 0 ? [] : [{ ...change, to: named }];
  return [...rename, ...recreate(to, byText, applied(now, rename))];
}

/** What a domain is of cannot be altered; all else of it can. */
export function rewriteDomain(
  change: Extract<Operation, { kind: 'domain' }>,
  now: DatabaseSchema,
): readonly Operation[] {
  const { from, to } = change;
  if (from === undefined || to === undefined) return [change];
  const isSame = from.type === to.type && from.collation === to.collation;
  const way: Way = (column, array) => {
    const typed = (domain: Domain): Column => ({
      ...column,
      type: `${domain.type}${array}`,
      userType: undefined,
    });
    const { using, value, isAssigned } = convert(quoteName(column.name), typed(from), typed(to), now);
    if (isAssigned) return { isAssigned };
    return { using: `${using === undefined ? value : `(${using})`}::${column.type}` };
  };
  return isSame ? [change] : recreate(to, way, now);
}
