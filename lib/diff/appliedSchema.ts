import { type CommentChange, type Operation, type PartRename, sameObject } from '../operations/operation.js';
import type { DatabaseFunction, DatabaseSchema, OtherObject } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { renameColumn, renameRelation, renameTable, renameType, renameValue } from './renamedSchema.js';
import { rowSecurityAfter } from './rowSecurity.js';

const exactly = { foldName: (name: string) => name };

interface Named {
  readonly name: string | undefined;
}

/** A list with one of its things changed: by its name, or by all of it where it has none. */
function changed<Of extends Named>(
  all: readonly Of[],
  from: Of | undefined,
  to: Of | undefined,
): readonly Of[] {
  const isIt = (each: Of) =>
    from !== undefined &&
    (from.name === undefined ? JSON.stringify(each) === JSON.stringify(from) : each.name === from.name);
  const at = all.findIndex(isIt);
  if (at < 0) return to === undefined ? all : [...all, to];
  return [...all.slice(0, at), ...(to === undefined ? [] : [to]), ...all.slice(at + 1)];
}

/** The same of what has a schema. */
function changedObject<Of extends ObjectName>(
  all: readonly Of[],
  from: Of | undefined,
  to: Of | undefined,
): readonly Of[] {
  const rest = from === undefined ? all : all.filter((each) => !sameObject(each, from));
  return to === undefined ? rest : [...rest, to];
}

function inTable(schema: DatabaseSchema, name: ObjectName, change: (table: Table) => Table): DatabaseSchema {
  return { ...schema, tables: schema.tables.map((each) => (sameObject(each, name) ? change(each) : each)) };
}

type PartChange = Extract<
  Operation,
  { kind: 'unique' | 'foreignKey' | 'check' | 'exclusion' | 'index' | 'trigger' | 'primaryKey' }
>;

const LISTS = {
  unique: 'uniques',
  foreignKey: 'foreignKeys',
  check: 'checks',
  exclusion: 'exclusions',
  index: 'indexes',
  trigger: 'triggers',
} as const;

function withPart(table: Table, { kind, from, to }: Pick<PartChange, 'kind' | 'from' | 'to'>): Table {
  if (kind === 'primaryKey') return { ...table, primaryKey: to as Table['primaryKey'] };
  const list = LISTS[kind];
  return { ...table, [list]: changed<Named>(table[list], from, to) } as Table;
}

function withNamedPart(table: Table, { parts: { kind, from, to } }: PartRename): Table {
  return withPart(table, { kind, from, to } as Pick<PartChange, 'kind' | 'from' | 'to'>);
}

/** What is made anew comes back with the comment that it has by then. */
function withComment(
  schema: DatabaseSchema,
  { on, name, table, identity, to: comment }: CommentChange,
): DatabaseSchema {
  const said = <Of extends ObjectName>(all: readonly Of[]): readonly Of[] =>
    all.map((each) => (sameObject(each, name) ? { ...each, comment } : each));
  const part = <Of extends Named>(each: Of): Of => (each.name === name.name ? { ...each, comment } : each);
  if (on === 'table') return { ...schema, tables: said(schema.tables) };
  if (on === 'type' || on === 'domain')
    return { ...schema, enums: said(schema.enums), domains: said(schema.domains) };
  if (table === undefined) {
    const functions = schema.functions.map((each) =>
      each.kind === on && sameObject(each, name) && each.identity === identity ? { ...each, comment } : each,
    );
    return { ...schema, functions };
  }
  return inTable(schema, table, (each) =>
    on === 'index'
      ? { ...each, indexes: each.indexes.map(part) }
      : {
          ...each,
          primaryKey: each.primaryKey && part(each.primaryKey),
          uniques: each.uniques.map(part),
          foreignKeys: each.foreignKeys.map(part),
          checks: each.checks.map(part),
          exclusions: each.exclusions.map(part),
        },
  );
}

/** The schema after an operation, as far as others rest on it: tables with all that is on them, and types. */
function apply(schema: DatabaseSchema, operation: Operation): DatabaseSchema {
  switch (operation.kind) {
    case 'renameTable':
      return renameTable(schema, operation.from, operation.to, exactly);
    case 'renameColumn':
      return renameColumn(schema, operation, exactly);
    case 'renameType':
      return renameType(schema, operation.from, operation.to, exactly);
    case 'renameRelation':
      return renameRelation(schema, operation);
    case 'renamePart':
      return inTable(schema, operation.table, (table) => withNamedPart(table, operation));
    case 'table':
      return { ...schema, tables: changedObject(schema.tables, operation.from, operation.to) };
    case 'function': {
      const { from, to } = operation;
      const isIt = (each: DatabaseFunction) => sameObject(each, from) && each.identity === from?.identity;
      const rest = schema.functions.filter((each) => !isIt(each));
      return { ...schema, functions: to === undefined ? rest : [...rest, to] };
    }
    case 'other': {
      const { from, to } = operation;
      const subject = to ?? from;
      const rowSecurity = subject && rowSecurityAfter(subject, to !== undefined);
      if (rowSecurity !== undefined)
        return inTable(schema, subject as ObjectName, (table) => ({ ...table, rowSecurity }));
      const isIt = (each: OtherObject) =>
        from !== undefined && each.kind === from.kind && each.table === from.table && sameObject(each, from);
      const rest = schema.others.filter((each) => !isIt(each));
      return { ...schema, others: to === undefined ? rest : [...rest, to] };
    }
    case 'domain':
      return { ...schema, domains: changedObject(schema.domains, operation.from, operation.to) };
    case 'enum': {
      const { from, to, renamedValues } = operation;
      const type = to ?? from;
      const named = renamedValues.reduce(
        (now, each) => (type === undefined ? now : renameValue(now, type, each.from, each.to)),
        schema,
      );
      return { ...named, enums: changedObject(named.enums, from, to) };
    }
    case 'column': {
      const { table, from, to } = operation;
      return inTable(schema, table, (each) => ({ ...each, columns: changed(each.columns, from, to) }));
    }
    case 'comment':
      return withComment(schema, operation);
    case 'primaryKey':
    case 'unique':
    case 'foreignKey':
    case 'check':
    case 'exclusion':
    case 'index':
    case 'trigger':
      return inTable(schema, operation.table, (table) => withPart(table, operation));
    default:
      return schema;
  }
}

/** The schema after operations. */
export function applied(schema: DatabaseSchema, operations: readonly Operation[]): DatabaseSchema {
  return operations.reduce(apply, schema);
}
