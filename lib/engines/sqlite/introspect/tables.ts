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
import { type ColumnList, type ColumnRow, columnRows, fold, type MasterRow, type TableRow } from './read.js';
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

/** What the engine says of one table. */
interface TableParts {
  readonly row: MasterRow;
  readonly kind: TableRow;
  readonly columns: ColumnList | undefined;
  /** The indexes and triggers that are on it. */
  readonly on: readonly MasterRow[];
}

/** What is known of a table only when its text is taken apart. */
const INSIDE = ['columns', 'primaryKey', 'uniques', 'foreignKeys', 'checks', 'indexes'] as const;

type Inside = Pick<Table, (typeof INSIDE)[number]>;

function insideOf({ row, kind, columns: list, on }: TableParts): Inside | undefined {
  const rows = columnRows(list);
  const definition = understood(row.sql, rows);
  if (definition === undefined) return undefined;
  const columns = columnsOf(rows, definition, kind);
  const known: KnownColumns = new Map(columns.map((column) => [fold(column.name), column]));
  return {
    columns,
    primaryKey: keysOf(definition, 'primary', known)[0],
    uniques: keysOf(definition, 'unique', known),
    foreignKeys: foreignKeysOf(definition, known),
    checks: checksOf(definition),
    indexes: on.filter(({ type }) => type === 'index').map((each) => indexOf(each, known)),
  };
}

function outsideOf({ row, kind, on }: TableParts): Omit<Table, keyof Inside> {
  return {
    schema: undefined,
    name: row.name,
    comment: undefined,
    extension: undefined,
    exclusions: [],
    triggers: on.filter(({ type }) => type === 'trigger').map(triggerOf),
    partitionedBy: undefined,
    partitionOf: undefined,
    inherits: [],
    isUnlogged: false,
    rowSecurity: 'off',
    isStrict: kind.isStrict,
    isWithoutRowid: kind.isWithoutRowid,
    options: [],
    dependsOn: [],
  };
}

/** A table, with the indexes and triggers that are on it; undefined when its text was not understood. */
export function tableOf(parts: TableParts): Table | undefined {
  const inside = insideOf(parts);
  return inside === undefined ? undefined : { ...outsideOf(parts), ...inside };
}

/** The same for a table that is understood: it is taken apart when somebody asks for what is in it. */
export function tableLater(parts: TableParts): Table {
  let made: Inside | undefined;
  const inside = (): Inside => {
    made ??= insideOf(parts);
    if (made === undefined) throw new Error(`The definition of ${parts.row.name} was not understood.`);
    return made;
  };
  const table = outsideOf(parts);
  for (const key of INSIDE) Object.defineProperty(table, key, { enumerable: true, get: () => inside()[key] });
  return table as Table;
}
