import { type RelationRename, sameObject } from '../operations/operation.js';
import type { Column } from '../schema/column.js';
import type { ForeignKey, KeyConstraint } from '../schema/constraints.js';
import type { DatabaseFunction, DatabaseSchema, OtherObject } from '../schema/database.js';
import type { Dependency, ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Index, KeyPart } from '../schema/tableIndex.js';
import type { Comparison } from './comparison.js';
import { renameInText, renameTriggersColumn, renameTriggersTable, renameValueInText } from './renameText.js';

type Names = (names: readonly string[]) => readonly string[];

/** What of a table names its columns, with each name and each expression replaced. */
function rewriteTable(
  table: Table,
  name: (column: string) => string,
  text: (sql: string) => string,
  trigger: (sql: string) => string = text,
): Table {
  const names: Names = (all) => all.map(name);
  const maybe = (sql: string | undefined) => (sql === undefined ? undefined : text(sql));
  const part = (each: KeyPart): KeyPart => ({
    ...each,
    column: each.column === undefined ? undefined : name(each.column),
    expression: maybe(each.expression),
  });
  const key = (each: KeyConstraint): KeyConstraint => ({
    ...each,
    columns: names(each.columns),
    parts: each.parts?.map(part),
    include: names(each.include),
  });
  const index = (each: Index): Index => ({
    ...each,
    keys: each.keys.map(part),
    include: names(each.include),
    predicate: maybe(each.predicate),
  });
  return {
    ...table,
    columns: table.columns.map((column) => ({
      ...column,
      name: name(column.name),
      generated: column.generated && { ...column.generated, expression: text(column.generated.expression) },
    })),
    primaryKey: table.primaryKey && key(table.primaryKey),
    uniques: table.uniques.map(key),
    foreignKeys: table.foreignKeys.map((each) => ({
      ...each,
      columns: names(each.columns),
      onDeleteColumns: names(each.onDeleteColumns),
    })),
    checks: table.checks.map((each) => ({ ...each, expression: text(each.expression) })),
    exclusions: table.exclusions.map((each) => ({ ...each, definition: text(each.definition) })),
    indexes: table.indexes.map(index),
    triggers: table.triggers.map((each) => ({ ...each, definition: trigger(each.definition) })),
  };
}

function retarget(schema: DatabaseSchema, change: (key: ForeignKey) => ForeignKey): DatabaseSchema {
  return {
    ...schema,
    tables: schema.tables.map((table) => ({ ...table, foreignKeys: table.foreignKeys.map(change) })),
  };
}

/** What is known by its statements only and is on this table, with its statements after a rename. */
function rewriteOthers(
  { others }: DatabaseSchema,
  table: ObjectName,
  change: (other: OtherObject) => Partial<OtherObject>,
  text: (sql: string) => string,
): readonly OtherObject[] {
  return others.map((each) =>
    each.table === table.name && each.schema === table.schema
      ? {
          ...each,
          definition: each.definition && text(each.definition),
          drop: each.drop && text(each.drop),
          ...change(each),
        }
      : each,
  );
}

/** The sequences with the columns that own them, after a rename. */
function withOwners(
  { sequences }: DatabaseSchema,
  table: ObjectName,
  change: (owner: Owner) => Partial<Owner>,
): DatabaseSchema['sequences'] {
  return sequences.map((each) =>
    each.ownedBy !== undefined && sameObject(each.ownedBy.table, table)
      ? { ...each, ownedBy: { ...each.ownedBy, ...change(each.ownedBy) } }
      : each,
  );
}

type Owner = NonNullable<DatabaseSchema['sequences'][number]['ownedBy']>;

/** A setting of a column has the column's name. */
const isOfColumn = ({ definition }: OtherObject): boolean =>
  /^alter table .* alter column /i.test(definition ?? '');

/** The schema after a column of this table has another name. */
export function renameColumn(
  schema: DatabaseSchema,
  { table, from, to }: { readonly table: ObjectName; readonly from: string; readonly to: string },
  how: Pick<Comparison, 'foldName'>,
): DatabaseSchema {
  const name = (column: string) => (how.foldName(column) === how.foldName(from) ? to : column);
  const text = (sql: string) => renameInText(sql, from, to, how.foldName, 'column');
  const tables = schema.tables.map((each) =>
    sameObject(each, table)
      ? rewriteTable(each, name, text, (sql) => renameTriggersColumn(sql, from, to, how.foldName))
      : each,
  );
  const others = rewriteOthers(
    schema,
    table,
    (each) => (isOfColumn(each) ? { name: name(each.name) } : {}),
    (sql) => renameTriggersColumn(sql, from, to, how.foldName),
  );
  const sequences = withOwners(schema, table, ({ column }) => ({ column: name(column) }));
  return retarget({ ...schema, tables, others, sequences }, (key) =>
    sameObject(key.target, table) ? { ...key, targetColumns: key.targetColumns?.map(name) } : key,
  );
}

/** The sequence that a column owns moves with its table. */
function withOwnedSequence(column: Column, schema: string | undefined): Column {
  const { numbering } = column;
  if (numbering === undefined || numbering.kind === 'rowid') return column;
  return { ...column, numbering: { ...numbering, sequence: { ...numbering.sequence, schema } } };
}

/** The schema after a table has another name, or is in another schema. */
export function renameTable(
  schema: DatabaseSchema,
  from: ObjectName,
  to: ObjectName,
  how: Pick<Comparison, 'foldName'>,
): DatabaseSchema {
  const text = (sql: string) => renameInText(sql, from.name, to.name, how.foldName, 'table');
  const tables = schema.tables.map((each) =>
    sameObject(each, from)
      ? {
          ...each,
          ...to,
          columns: each.columns.map((column) => withOwnedSequence(column, to.schema)),
          // A table's name before a column's, in expressions and triggers.
          ...{ checks: each.checks.map((check) => ({ ...check, expression: text(check.expression) })) },
          triggers: each.triggers.map((trigger) => ({
            ...trigger,
            definition: renameTriggersTable(trigger.definition, from, to, how.foldName),
          })),
        }
      : each,
  );
  const others = rewriteOthers(
    schema,
    from,
    (each) => ({ schema: to.schema, table: to.name, ...(each.name === from.name ? { name: to.name } : {}) }),
    (sql) => renameTriggersTable(sql, from, to, how.foldName),
  );
  const sequences = withOwners(schema, from, () => ({ table: to }));
  return retarget({ ...schema, tables, others, sequences }, (key) =>
    sameObject(key.target, from) ? { ...key, target: to } : key,
  );
}

/** The schema after a constraint or an index has another name: one of this table, or of any in a schema. */
function renamePart(
  schema: DatabaseSchema,
  isOf: (table: Table) => boolean,
  from: string,
  to: string,
): DatabaseSchema {
  const named = <Of extends { readonly name: string | undefined }>(part: Of): Of =>
    part.name === from ? { ...part, name: to } : part;
  const tables = schema.tables.map((table) =>
    isOf(table)
      ? {
          ...table,
          primaryKey: table.primaryKey && named(table.primaryKey),
          uniques: table.uniques.map(named),
          foreignKeys: table.foreignKeys.map(named),
          checks: table.checks.map(named),
          exclusions: table.exclusions.map(named),
          indexes: table.indexes.map(named),
        }
      : table,
  );
  return { ...schema, tables };
}

/** The schema after an index, of a constraint too, or a sequence of a column has another name. */
export function renameRelation(schema: DatabaseSchema, { what, from, to }: RelationRename): DatabaseSchema {
  const isThere = (table: Table) => table.schema === from.schema;
  if (what === 'index') {
    const isIndexOf = ({ primaryKey, uniques, exclusions, indexes }: Table) =>
      [primaryKey, ...uniques, ...exclusions, ...indexes].some((part) => part?.name === from.name);
    return renamePart(schema, (table) => isThere(table) && isIndexOf(table), from.name, to.name);
  }
  const column = (each: Column): Column => {
    const { numbering } = each;
    if (numbering === undefined || numbering.kind === 'rowid' || numbering.sequence.name !== from.name)
      return each;
    return { ...each, numbering: { ...numbering, sequence: { ...numbering.sequence, name: to.name } } };
  };
  const tables = schema.tables.map((table) =>
    isThere(table) ? { ...table, columns: table.columns.map(column) } : table,
  );
  return { ...schema, tables };
}

/** A function that takes a type, or gives it back, after that has another name: what it does inside stays as it is. */
function withType(called: DatabaseFunction, from: ObjectName, to: ObjectName): DatabaseFunction {
  const isIt = (each: Dependency) => each.kind === 'type' && sameObject(each, from);
  if (!called.dependsOn.some(isIt)) return called;
  const text = (sql: string) => renameInText(sql, from.name, to.name, (name) => name, 'argument');
  const { identity, result, declaration, dependsOn } = called;
  const body = declaration.search(/^\s*AS\b/m);
  const head = body < 0 ? declaration : declaration.slice(0, body);
  return {
    ...called,
    identity: text(identity),
    result: result && text(result),
    declaration: `${text(head)}${declaration.slice(head.length)}`,
    dependsOn: withName(dependsOn, from, to),
  };
}

/** What depends on a type, by the name that this gets. */
function withName(needs: readonly Dependency[], from: ObjectName, to: ObjectName): readonly Dependency[] {
  return needs.map((each) => (each.kind === 'type' && sameObject(each, from) ? { ...each, ...to } : each));
}

/** The schema after a type has another name. */
export function renameType(
  schema: DatabaseSchema,
  from: ObjectName,
  to: ObjectName,
  how: Pick<Comparison, 'foldName'>,
): DatabaseSchema {
  const text = (sql: string) => renameInText(sql, from.name, to.name, how.foldName, 'type');
  return {
    ...schema,
    enums: schema.enums.map((each) => (sameObject(each, from) ? { ...each, ...to } : each)),
    domains: schema.domains.map((each) => (sameObject(each, from) ? { ...each, ...to } : each)),
    functions: schema.functions.map((each) => withType(each, from, to)),
    others: schema.others.map((each) =>
      each.table === undefined ? each : { ...each, definition: each.definition && text(each.definition) },
    ),
    tables: schema.tables.map((table) => {
      const rewritten = rewriteTable(table, (name) => name, text);
      return {
        ...rewritten,
        dependsOn: withName(rewritten.dependsOn, from, to),
        columns: rewritten.columns.map((column) =>
          sameObject(column.userType, from)
            ? {
                ...column,
                type: text(`::${column.type}`).slice(2),
                defaultTo: column.defaultTo && text(column.defaultTo),
                userType: to,
              }
            : column,
        ),
      };
    }),
  };
}

/** The schema after a value of an enum has another name: the server keeps it as that value, whatever it is called. */
export function renameValue(
  schema: DatabaseSchema,
  type: ObjectName,
  from: string,
  to: string,
): DatabaseSchema {
  const text = (sql: string) => renameValueInText(sql, type, from, to);
  const tables = schema.tables.map((table) => {
    const rewritten = rewriteTable(table, (name) => name, text);
    const columns = rewritten.columns.map((column) => ({
      ...column,
      defaultTo: column.defaultTo && text(column.defaultTo),
    }));
    return { ...rewritten, columns };
  });
  const enums = schema.enums.map((each) =>
    sameObject(each, type)
      ? { ...each, values: each.values.map((value) => (value === from ? to : value)) }
      : each,
  );
  const others = schema.others.map((each) => ({
    ...each,
    definition: each.definition && text(each.definition),
  }));
  return { ...schema, tables, enums, others };
}
