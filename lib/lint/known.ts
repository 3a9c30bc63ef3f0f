import type { ObjectName } from '../schema/names.js';
import type { Action, ColumnWords } from './action.js';

/** One column as far as it is known. */
export interface KnownColumn {
  readonly type: string;
  readonly isNullable: boolean;
  /** The statements that were looked at have added the column under this name. */
  readonly isAdded?: boolean;
}

/** What is known of the database at a statement: from the statements before it, and from the catalog. */
export interface Known {
  /** Made by this batch: nobody has rows in it yet, or uses it. */
  readonly isNew: (table: ObjectName | undefined) => boolean;
  readonly column: (table: ObjectName, name: string) => KnownColumn | undefined;
  readonly columns: (table: ObjectName) => ReadonlyMap<string, KnownColumn> | undefined;
  /** A validated check says that the column has no NULL. */
  readonly isNeverNull: (table: ObjectName, column: string) => boolean;
  /** A constraint was added NOT VALID by the transaction that is open. */
  readonly isUnvalidated: (table: ObjectName, constraint: string) => boolean;
  readonly isNewIndex: (index: string) => boolean;
  /** Settings that the migration has made. */
  readonly settings: ReadonlySet<string>;
}

export interface Account extends Known {
  /** Takes in what a statement does. */
  readonly apply: (action: Action) => void;
  /** What is there now is no longer new. */
  readonly beginBatch: () => void;
  readonly beginMigration: (isSameTransaction: boolean) => void;
  /** Takes in what the database says. */
  readonly learn: (
    table: ObjectName,
    columns: readonly (KnownColumn & { readonly name: string })[],
    neverNull: readonly string[],
  ) => void;
}

interface Table {
  readonly columns: Map<string, KnownColumn>;
  readonly checks: Map<string, { readonly column: string; isValid: boolean }>;
  isNew: boolean;
}

const known = ({ type, isNullable }: ColumnWords): KnownColumn => ({ type, isNullable });

/**
 * Keeps account of tables by what statements say of them.
 *
 * @param home - the schema that a name without one means
 */
export function newAccount(home: string | undefined): Account {
  // The home schema is written or not, and it is one table.
  const keyOf = ({ schema, name }: ObjectName): string =>
    (schema === undefined || schema === home ? name : `${schema}.${name}`).toLowerCase();
  const tables = new Map<string, Table>();
  const unvalidated = new Set<string>();
  const indexes = new Set<string>();
  const settings = new Set<string>();
  const tableOf = (table: ObjectName): Table => {
    const found = tables.get(keyOf(table)) ?? { columns: new Map(), checks: new Map(), isNew: false };
    tables.set(keyOf(table), found);
    return found;
  };

  function constrain(table: ObjectName, { constraint }: Extract<Action, { kind: 'addConstraint' }>): void {
    const { name, notNull, isNotValid } = constraint;
    if (isNotValid) unvalidated.add(`${keyOf(table)}.${name}`);
    if (notNull === undefined) return;
    const checks = tableOf(table).checks;
    checks.set(name ?? `${keyOf(table)}_${notNull}_check`, { column: notNull, isValid: !isNotValid });
  }

  function change(table: ObjectName, name: string, part: Partial<KnownColumn>): void {
    const { columns } = tableOf(table);
    const column = columns.get(name);
    if (column !== undefined) columns.set(name, { ...column, ...part });
  }

  function apply(action: Action): void {
    switch (action.kind) {
      case 'createTable':
        // One that is temporary, or there already, is no new table of the project's; all else is.
        if (action.isRobust && tables.has(keyOf(action.table))) return;
        tables.set(keyOf(action.table), {
          columns: new Map(action.columns.map((column) => [column.name, known(column)])),
          checks: new Map(),
          isNew: true,
        });
        return;
      case 'dropTable':
        tables.delete(keyOf(action.table));
        return;
      case 'renameTable': {
        const table = tableOf(action.table);
        tables.delete(keyOf(action.table));
        tables.set(keyOf({ ...action.table, name: action.to }), table);
        return;
      }
      case 'addColumn':
        tableOf(action.table).columns.set(action.column.name, { ...known(action.column), isAdded: true });
        return;
      case 'dropColumn':
        tableOf(action.table).columns.delete(action.name);
        return;
      case 'renameColumn': {
        const { columns } = tableOf(action.table);
        const column = columns.get(action.name);
        columns.delete(action.name);
        if (column !== undefined) columns.set(action.to, { ...column, isAdded: false });
        return;
      }
      case 'changeType':
        change(action.table, action.name, { type: action.type });
        return;
      case 'setNotNull':
      case 'dropNotNull':
        change(action.table, action.name, { isNullable: action.kind === 'dropNotNull' });
        return;
      case 'addConstraint':
        constrain(action.table, action);
        return;
      case 'validateConstraint': {
        const check = tableOf(action.table).checks.get(action.name);
        if (check !== undefined) check.isValid = true;
        return;
      }
      case 'dropConstraint':
        tableOf(action.table).checks.delete(action.name);
        return;
      case 'createIndex':
        indexes.add(action.name.toLowerCase());
        return;
      case 'rebuild':
        tableOf(action.table).columns.clear();
        for (const column of action.columns) {
          tableOf(action.table).columns.set(column.name, known(column));
        }
        return;
      case 'setting':
        settings.add(action.name);
        return;
    }
  }

  return {
    isNew: (table) => table !== undefined && tables.get(keyOf(table))?.isNew === true,
    column: (table, name) => tables.get(keyOf(table))?.columns.get(name),
    columns: (table) => {
      const columns = tables.get(keyOf(table))?.columns;
      return columns === undefined || columns.size === 0 ? undefined : columns;
    },
    isNeverNull: (table, column) =>
      [...(tables.get(keyOf(table))?.checks.values() ?? [])].some(
        (check) => check.isValid && check.column === column,
      ),
    isUnvalidated: (table, constraint) => unvalidated.has(`${keyOf(table)}.${constraint}`),
    isNewIndex: (index) => indexes.has(index.toLowerCase()),
    settings,
    apply,
    beginBatch: () => {
      for (const table of tables.values()) table.isNew = false;
      indexes.clear();
    },
    beginMigration: (isSameTransaction) => {
      settings.clear();
      if (!isSameTransaction) unvalidated.clear();
    },
    learn: (table, columns, neverNull) => {
      const found = tableOf(table);
      for (const column of columns) found.columns.set(column.name, column);
      for (const column of neverNull) found.checks.set(`${column} in the catalog`, { column, isValid: true });
    },
  };
}
