import type { Check } from '../../../schema/constraints.js';
import type { Table, Trigger } from '../../../schema/table.js';
import type { Index } from '../../../schema/tableIndex.js';
import { isWord, tokenize } from '../../tokens.js';
import type { Constraint } from '../ddl/columnDefinition.js';
import { parseTable, type TableDefinition } from '../ddl/createTable.js';
import { columnOfTrigger, TRIGGER_MARK } from '../trigger.js';
import { columnsOf } from './columns.js';
import { foreignKeysOf } from './foreignKeys.js';
import { type KnownColumns, keyPartsAt, keysOf, plainIndex } from './keys.js';
import { type ColumnRow, fold, type MasterRow, type TableRow } from './read.js';
import { inParentheses, lineOf } from './text.js';

export function triggerOf({ name, sql }: MasterRow): Trigger {
  return {
    name,
    comment: undefined,
    definition: sql,
    calls: undefined,
    enabled: 'yes',
    stamps: sql.includes(TRIGGER_MARK) ? columnOfTrigger(sql) : undefined,
  };
}

/** What an index says beyond its name. */
function readIndex(sql: string, columns: KnownColumns): Pick<Index, 'unique' | 'keys' | 'predicate'> {
  const plain = plainIndex(sql, columns);
  if (plain !== undefined) return { ...plain, predicate: undefined };
  const tokens = tokenize(sql);
  // `on` stands unquoted only before the table: a name that is a keyword is quoted.
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  const open = tokens.findIndex(({ text }, place) => place > on && text === '(');
  const where = tokens.findLastIndex((token, place) => place > open && isWord(token, 'WHERE'));
  return {
    unique: tokens.slice(0, on).some((token) => isWord(token, 'UNIQUE')),
    keys: keyPartsAt(tokens, open, columns),
    predicate: where < 0 ? undefined : lineOf(tokens.slice(where + 1)),
  };
}

function indexOf({ name, sql }: MasterRow, columns: KnownColumns): Index {
  const { unique, keys, predicate } = readIndex(sql, columns);
  return {
    name,
    comment: undefined,
    method: 'btree',
    unique,
    keys,
    include: [],
    predicate,
    nullsNotDistinct: false,
    options: [],
    isValid: true,
  };
}

function checksOf(definition: TableDefinition): readonly Check[] {
  const all: readonly Constraint[] = [
    ...definition.columns.flatMap(({ constraints }) => constraints),
    ...definition.constraints,
  ];
  return all
    .filter(({ kind }) => kind === 'check')
    .map(({ name, text }) => ({
      name,
      comment: undefined,
      expression: inParentheses(text),
      isValid: true,
      isEnforced: true,
      isInheritable: true,
      isInherited: false,
    }));
}

/** A definition that was taken apart into the columns that the engine sees in it. */
function understood(sql: string, rows: readonly ColumnRow[]): TableDefinition | undefined {
  try {
    const definition = parseTable(sql);
    const names = definition.columns.map(({ name }) => fold(name)).sort();
    const expected = rows.map(({ name }) => fold(name)).sort();
    return names.join('\n') === expected.join('\n') ? definition : undefined;
  } catch {
    return undefined;
  }
}

/** A table, with the indexes and triggers that are on it; undefined when its text was not understood. */
export function tableOf(
  { name, sql }: MasterRow,
  table: TableRow,
  rows: readonly ColumnRow[],
  on: readonly MasterRow[],
): Table | undefined {
  const definition = understood(sql, rows);
  if (definition === undefined) return undefined;
  const columns = columnsOf(rows, definition, table);
  const known: KnownColumns = new Map(columns.map((column) => [fold(column.name), column]));
  return {
    schema: undefined,
    name,
    comment: undefined,
    extension: undefined,
    columns,
    primaryKey: keysOf(definition, 'primary', known)[0],
    uniques: keysOf(definition, 'unique', known),
    foreignKeys: foreignKeysOf(definition, known),
    checks: checksOf(definition),
    exclusions: [],
    indexes: on.filter(({ type }) => type === 'index').map((row) => indexOf(row, known)),
    triggers: on.filter(({ type }) => type === 'trigger').map(triggerOf),
    partitionedBy: undefined,
    partitionOf: undefined,
    inherits: [],
    isUnlogged: false,
    rowSecurity: 'off',
    isStrict: table.isStrict,
    isWithoutRowid: table.isWithoutRowid,
    options: [],
    dependsOn: [],
  };
}
