import type { Choices } from './choices.js';
import { presence, type Sides } from './columns.js';
import { type ColumnSpec, type EngineName, type KeySpec, q, type TableSpec } from './spec.js';

/** Columns that a primary key is of; all but the first choice need that the other columns are there. */
const PRIMARY: readonly (readonly string[])[] = [
  ['id'],
  ['id'],
  ['id'],
  ['id', 'num'],
  ['num', 'id'],
  ['uid', 'id'],
];

const REST: Readonly<Record<EngineName, readonly string[]>> = {
  postgresql: [
    '',
    ' on delete cascade',
    ' on update cascade on delete set null',
    ' on delete restrict deferrable initially deferred',
    ' match full on delete cascade',
    ' on delete set null ($second)',
    ' on update set default deferrable',
  ],
  sqlite: [
    '',
    ' on delete cascade',
    ' on update cascade on delete set null',
    ' on delete restrict deferrable initially deferred',
    ' on update set default',
  ],
};

/** What is drawn of the primary key: its slots on both sides. */
export function primaryOf(
  choices: Choices,
  key: string,
  columns: readonly Sides<ColumnSpec>[],
): readonly [readonly string[], readonly string[]] {
  const drawn = choices.both(`${key} primary`, (each) => choices.of(each, PRIMARY));
  return [0, 1].map((at) => {
    const here = columns.flatMap((each) => each[at as 0 | 1]?.slot ?? []);
    const isNumbered = /^(rowid|autoincrement)$/.test(columns[0]?.[at as 0 | 1]?.numbering ?? '');
    const slots = drawn[at as 0 | 1];
    return !isNumbered && slots.every((slot) => here.includes(slot)) ? slots : ['id'];
  }) as unknown as readonly [readonly string[], readonly string[]];
}

/** A column of the primary key has a value in each row, those to which it comes too. */
export function requireKey(
  columns: readonly Sides<ColumnSpec>[],
  primary: readonly [readonly string[], readonly string[]],
  defaults: (slot: string) => string,
): readonly Sides<ColumnSpec>[] {
  return columns.map((each) => {
    const isAlone = each[0] === undefined || each[1] === undefined;
    return [0, 1].map((at) => {
      const column = each[at as 0 | 1];
      if (column === undefined || column.slot === 'id' || !primary[at as 0 | 1].includes(column.slot))
        return column;
      const value = column.defaultTo ?? (isAlone ? defaults(column.slot) : undefined);
      return { ...column, required: true, defaultTo: value };
    }) as unknown as Sides<ColumnSpec>;
  });
}

/** The primary key as a table says it, with a key on the number of the row where that is another's target. */
export function primarySql(
  choices: Choices,
  engine: EngineName,
  key: string,
  table: Pick<TableSpec, 'columns'>,
  slots: readonly string[],
): readonly string[] {
  const [id] = table.columns;
  if (id?.numbering === 'rowid' || id?.numbering === 'autoincrement') return [];
  const names = slots.map((slot) => q(table.columns.find((each) => each.slot === slot)?.name ?? ''));
  const isNamed = choices.chance(`${key} primary named`, 30);
  const own = isNamed ? `constraint ${q(`key of ${key}`)} ` : '';
  const isAlone = slots.length === 1;
  const uniqueName = engine === 'postgresql' ? `constraint ${q(`number of ${key}`)} ` : '';
  return [`${own}primary key (${names.join(', ')})`, ...(isAlone ? [] : [`${uniqueName}unique (id)`])];
}

/** Foreign keys of two columns, to the tables in which these are a key on that side. */
export function withKeys(
  choices: Choices,
  engine: EngineName,
  tables: readonly TableSpec[],
  at: 0 | 1,
): readonly TableSpec[] {
  const has = (table: TableSpec, slot: string) => table.columns.find((each) => each.slot === slot);
  return tables.map((table) => {
    const key = `${table.slot} pair`;
    const isThere = presence(choices, key)[at];
    const target = choices.both(`${key} target`, (each) => choices.of(each, ['t0', 't1', 't2', 't3']))[at];
    const rest = choices.both(`${key} rest`, (each) => choices.of(each, REST[engine]))[at];
    const [ref, second] = [has(table, 'ref'), has(table, 'second')];
    const referred = tables.find(({ slot }) => slot === target);
    const num = referred && has(referred, 'num');
    const isKey =
      referred?.parts.some(({ key: own }) => own === 'own key') ||
      (referred?.primary.includes('num') && referred.primary.includes('id'));
    const isPlain = engine === 'sqlite' || (table.settings === '' && referred?.settings === '');
    if (!isThere || !isPlain || ref === undefined || second === undefined || num === undefined || !isKey)
      return table;
    const isNameless = engine === 'sqlite' && choices.chance(`${key} nameless`, 40);
    const found: KeySpec = {
      name: isNameless ? undefined : `${table.slot}_pair`,
      columns: [ref.name, second.name],
      target,
      targetColumns: ['id', num.name],
      rest: rest.replace('$second', q(second.name)),
    };
    return { ...table, keys: [found] };
  });
}
