import type { Table } from '../schema/table.js';
import { type ColumnHabit, compareColumn, type Pair } from './columns.js';
import { ADVICE, type Difference, HABITS, type Habit, type Side } from './difference.js';
import { compareParts } from './tables.js';

/** What differs between the schemas that one chain of migrations makes on two engines. */
export interface Parity {
  readonly differences: readonly Difference[];
  readonly habits: readonly Habit[];
  /** How many tables were compared. */
  readonly tables: number;
}

function missing(
  code: 'TABLE_MISSING' | 'COLUMN_MISSING' | 'VIEW_MISSING',
  name: string,
  has: Side,
  lacks: Side,
): Difference {
  return {
    code,
    severity: 'fails',
    table: name,
    message: `${name} is there on ${has.title}, and not on ${lacks.title}`,
    remedy: ADVICE[code],
  };
}

/** Names in both lists, and those in one. */
function matched<T extends { readonly name: string }>(lists: readonly [readonly T[], readonly T[]]) {
  const [a, b] = lists.map((list) => new Map(list.map((each) => [each.name, each]))) as [
    Map<string, T>,
    Map<string, T>,
  ];
  const pairs = [...a].flatMap(([name, one]) => {
    const other = b.get(name);
    return other === undefined ? [] : [[name, one, other] as const];
  });
  return {
    pairs,
    onlyFirst: [...a.keys()].filter((name) => !b.has(name)),
    onlySecond: [...b.keys()].filter((name) => !a.has(name)),
  };
}

/** Habits of all columns, one for each code. */
function together(habits: readonly ColumnHabit[]): readonly Habit[] {
  const codes = [...new Set(habits.map(({ code }) => code))].sort();
  return codes.map((code) => {
    const same = habits.filter((each) => each.code === code);
    return {
      code,
      message: same[0]?.message ?? '',
      remedy: HABITS[code],
      columns: same.map(({ column }) => column),
    };
  });
}

/**
 * Compares by meaning, not by words.
 *
 * @param ownTables - the migrator's own, which do not count
 */
export function compareSides(sides: readonly [Side, Side], ownTables: readonly string[]): Parity {
  const [a, b] = sides;
  // A partition is a part of its parent; what names a schema on one engine has none on another.
  const tablesOf = ({ schema }: Side): readonly Table[] =>
    schema.tables.filter(({ name, partitionOf }) => !ownTables.includes(name) && partitionOf === undefined);
  const tables = matched([tablesOf(a), tablesOf(b)]);
  const views = matched([a.schema.views, b.schema.views]);
  const differences: Difference[] = [];
  const habits: ColumnHabit[] = [];
  const report = (
    code: Parameters<typeof missing>[0],
    {
      onlyFirst,
      onlySecond,
    }: { readonly onlyFirst: readonly string[]; readonly onlySecond: readonly string[] },
    prefix = '',
  ): void => {
    for (const name of onlyFirst) differences.push(missing(code, `${prefix}${name}`, a, b));
    for (const name of onlySecond) differences.push(missing(code, `${prefix}${name}`, b, a));
  };
  report('TABLE_MISSING', tables);
  report('VIEW_MISSING', views);
  for (const [name, one, other] of tables.pairs) {
    const columns = matched([one.columns, other.columns]);
    report('COLUMN_MISSING', columns, `${name}.`);
    for (const [column, from, to] of columns.pairs) {
      // What knex-meta puts there means the same on every engine.
      if (from.isMetadata && to.isMetadata) continue;
      const pair: Pair = { name: `${name}.${column}`, tables: [one, other], columns: [from, to], sides };
      const compared = compareColumn(pair);
      differences.push(...compared.differences);
      habits.push(...compared.habits);
    }
    differences.push(...compareParts(name, [one, other], sides));
  }
  return { differences, habits: together(habits), tables: tables.pairs.length };
}
