import { KnexMetaError } from '../errors.js';
import type { Operation } from '../operations/operation.js';
import { sameObject } from '../operations/operation.js';
import type { ForeignKey, KeyConstraint } from '../schema/constraints.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Index, KeyPart } from '../schema/tableIndex.js';
import type { Comparison } from './comparison.js';
import type { Rename } from './options.js';
import { renameInText } from './renameText.js';
import { nameOf } from './scope.js';

type Names = (names: readonly string[]) => readonly string[];

/** What of a table names its columns, with each name and each expression replaced. */
function rewriteTable(table: Table, name: (column: string) => string, text: (sql: string) => string): Table {
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
    triggers: table.triggers.map((each) => ({ ...each, definition: text(each.definition) })),
  };
}

function retarget(schema: DatabaseSchema, change: (key: ForeignKey) => ForeignKey): DatabaseSchema {
  return {
    ...schema,
    tables: schema.tables.map((table) => ({ ...table, foreignKeys: table.foreignKeys.map(change) })),
  };
}

function renameColumn(
  schema: DatabaseSchema,
  { table, from, to }: { readonly table: ObjectName; readonly from: string; readonly to: string },
  how: Comparison,
): DatabaseSchema {
  const name = (column: string) => (how.foldName(column) === how.foldName(from) ? to : column);
  const text = (sql: string) => renameInText(sql, from, to, how.foldName);
  const tables = schema.tables.map((each) =>
    sameObject(each, table) ? rewriteTable(each, name, text) : each,
  );
  return retarget({ ...schema, tables }, (key) =>
    sameObject(key.target, table) ? { ...key, targetColumns: key.targetColumns?.map(name) } : key,
  );
}

function renameTable(
  schema: DatabaseSchema,
  from: ObjectName,
  to: ObjectName,
  how: Comparison,
): DatabaseSchema {
  const text = (sql: string) => renameInText(sql, from.name, to.name, how.foldName);
  const tables = schema.tables.map((each) =>
    sameObject(each, from)
      ? {
          ...each,
          ...to,
          // A table's name before a column's, in expressions and triggers.
          ...{ checks: each.checks.map((check) => ({ ...check, expression: text(check.expression) })) },
          triggers: each.triggers.map((trigger) => ({ ...trigger, definition: text(trigger.definition) })),
        }
      : each,
  );
  return retarget({ ...schema, tables }, (key) =>
    sameObject(key.target, from) ? { ...key, target: to } : key,
  );
}

function renameType(
  schema: DatabaseSchema,
  from: ObjectName,
  to: ObjectName,
  how: Comparison,
): DatabaseSchema {
  const text = (sql: string) => renameInText(sql, from.name, to.name, how.foldName);
  return {
    ...schema,
    enums: schema.enums.map((each) => (sameObject(each, from) ? { ...each, ...to } : each)),
    tables: schema.tables.map((table) => {
      const rewritten = rewriteTable(table, (name) => name, text);
      return {
        ...rewritten,
        columns: rewritten.columns.map((column) =>
          sameObject(column.userType, from)
            ? {
                ...column,
                type: text(column.type),
                defaultTo: column.defaultTo && text(column.defaultTo),
                userType: to,
              }
            : column,
        ),
      };
    }),
  };
}

/** The server keeps a value of an enum as that, whatever it is called. */
function renameValue(schema: DatabaseSchema, type: ObjectName, from: string, to: string): DatabaseSchema {
  const literal = (value: string) => `'${value.replaceAll("'", "''")}'::`;
  const [old, fresh] = [literal(from), literal(to)];
  const text = (sql: string) => sql.replaceAll(`${old}${type.name}`, `${fresh}${type.name}`);
  const tables = schema.tables.map((table) => {
    const rewritten = rewriteTable(table, (name) => name, text);
    const columns = rewritten.columns.map((column) => ({
      ...column,
      defaultTo: column.defaultTo && text(column.defaultTo),
    }));
    return { ...rewritten, columns };
  });
  return { ...schema, tables };
}

function missing(what: string, name: string, where: string): KnexMetaError {
  return new KnexMetaError(
    'RENAME_UNKNOWN',
    `The ${what} ${name} is to be renamed, and ${where} has no such ${what}.`,
    {
      remedy: 'Check the spelling; a rename that was made already needs to be said no more.',
      details: { what, name },
    },
  );
}

/** One rename as an operation, and the schema after it. Undefined: the database has the new name already. */
function apply(
  schema: DatabaseSchema,
  rename: Rename,
  how: Comparison,
): { readonly schema: DatabaseSchema; readonly operation: Operation | undefined } | undefined {
  switch (rename.kind) {
    case 'table': {
      const { from, to } = rename;
      if (schema.tables.some((table) => sameObject(table, to))) return undefined;
      if (!schema.tables.some((table) => sameObject(table, from)))
        throw missing('table', nameOf(from), 'the database');
      return { schema: renameTable(schema, from, to, how), operation: { kind: 'renameTable', from, to } };
    }
    case 'type': {
      const { from, to } = rename;
      if (schema.enums.some((type) => sameObject(type, to))) return undefined;
      if (!schema.enums.some((type) => sameObject(type, from)))
        throw missing('type', nameOf(from), 'the database');
      return { schema: renameType(schema, from, to, how), operation: { kind: 'renameType', from, to } };
    }
    case 'column': {
      const { table, from, to } = rename;
      const found = schema.tables.find((each) => sameObject(each, table));
      const has = (name: string) =>
        found?.columns.some((each) => !each.isMetadata && how.foldName(each.name) === how.foldName(name));
      if (has(to) && !has(from)) return undefined;
      if (!has(from)) throw missing('column', `${nameOf(table)}.${from}`, 'the database');
      return {
        schema: renameColumn(schema, rename, how),
        operation: { kind: 'renameColumn', table, from, to },
      };
    }
    case 'enumValue': {
      const { type, from, to } = rename;
      const found = schema.enums.find((each) => sameObject(each, type));
      if (found?.values.includes(to)) return undefined;
      if (!found?.values.includes(from)) throw missing('value', `${nameOf(type)} '${from}'`, 'the database');
      // The operation is part of the change of its type.
      return { schema: renameValue(schema, type, from, to), operation: undefined };
    }
  }
}

/** The schema as it is after the renames, with the operations that make them. */
export function applyRenames(
  actual: DatabaseSchema,
  renames: readonly Rename[],
  how: Comparison,
): { readonly schema: DatabaseSchema; readonly operations: readonly Operation[] } {
  const order: readonly Rename['kind'][] = ['type', 'table', 'column', 'enumValue'];
  const sorted = [...renames].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const operations: Operation[] = [];
  let schema = actual;
  for (const rename of sorted) {
    const applied = apply(schema, rename, how);
    if (applied === undefined) continue;
    schema = applied.schema;
    if (applied.operation !== undefined) operations.push(applied.operation);
  }
  return { schema, operations };
}
