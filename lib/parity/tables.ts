import { identifierOf, significant, tokenize } from '../engines/tokens.js';
import type { ForeignKey } from '../schema/constraints.js';
import type { Table } from '../schema/table.js';
import type { Index } from '../schema/tableIndex.js';
import { ADVICE, type Difference, type Side } from './difference.js';

/** The columns that an expression names. */
function named(expression: string, table: Table): readonly string[] {
  const words = new Set(
    significant(tokenize(expression)).flatMap((token) =>
      token.kind === 'word' || token.kind === 'name' ? [identifierOf(token).toLowerCase()] : [],
    ),
  );
  return table.columns
    .map(({ name }) => name)
    .filter((name) => words.has(name.toLowerCase()))
    .sort();
}

const textOf = (parts: readonly string[]): string => parts.join(', ');

/** What an index is on, in words that do not depend on how an engine writes expressions. */
function subject(index: Index, table: Table): string {
  const keys = index.keys.map(
    ({ column, expression }) => column ?? `an expression of ${textOf(named(expression ?? '', table))}`,
  );
  return `${textOf(keys)}${index.predicate === undefined ? '' : `, for some rows by ${textOf(named(index.predicate, table))}`}`;
}

/** Keys that keep doubles out, by what they are on; with whether two NULLs are doubles. */
function uniques(table: Table): ReadonlyMap<string, boolean> {
  return new Map([
    ...table.uniques.map(({ columns, nullsNotDistinct }) => [textOf(columns), nullsNotDistinct] as const),
    ...table.indexes
      .filter(({ unique }) => unique)
      .map((index) => [subject(index, table), index.nullsNotDistinct] as const),
  ]);
}

const keyOf = ({ columns, target }: ForeignKey): string => `${textOf(columns)} to ${target.name}`;

/** What is there on one side only. */
function onlyOne(
  code: keyof typeof ADVICE,
  what: string,
  table: string,
  lists: readonly [Iterable<string>, Iterable<string>],
  sides: readonly [Side, Side],
): readonly Difference[] {
  const [a, b] = lists.map((list) => new Set(list)) as [Set<string>, Set<string>];
  const missing = (from: Set<string>, to: Set<string>, has: Side, lacks: Side): readonly Difference[] =>
    [...from]
      .filter((each) => !to.has(each))
      .map((each) => ({
        code,
        severity: 'differs',
        table,
        message: `${table}: ${what} ${each} is there on ${has.title}, and not on ${lacks.title}`,
        remedy: ADVICE[code],
      }));
  return [...missing(a, b, sides[0], sides[1]), ...missing(b, a, sides[1], sides[0])];
}

/** Indexes, keys, checks and triggers of a table that both have. */
export function compareParts(
  name: string,
  tables: readonly [Table, Table],
  sides: readonly [Side, Side],
): readonly Difference[] {
  const [one, other] = tables;
  const both = <T>(of: (table: Table) => T): readonly [T, T] => [of(one), of(other)];
  const [u, v] = both(uniques);
  const nulls = [...u].filter(([key, value]) => v.has(key) && v.get(key) !== value);
  const keys = both(({ foreignKeys }) => new Map(foreignKeys.map((key) => [keyOf(key), key])));
  // RESTRICT and NO ACTION refuse alike, as long as nothing is deferred.
  const rule = (action: string | undefined): string | undefined =>
    action === 'restrict' ? 'no action' : action;
  const actions = [...keys[0]].flatMap(([key, from]): readonly Difference[] => {
    const to = keys[1].get(key);
    const differing = (['onDelete', 'onUpdate'] as const).filter(
      (each) => to !== undefined && rule(from[each]) !== rule(to[each]),
    );
    return differing.map((each) => ({
      code: 'KEY_ACTION',
      severity: 'differs',
      table: name,
      message: `${name}: ${each} of the key ${key} is ${from[each]} on ${sides[0].title} and ${to?.[each]} on ${sides[1].title}`,
      remedy: ADVICE.KEY_ACTION,
    }));
  });
  const deferrals = [...keys[0]].flatMap(([key, from]): readonly Difference[] => {
    const to = keys[1].get(key);
    if (to === undefined || from.deferral === to.deferral) return [];
    return [
      {
        code: 'KEY_DEFERRED',
        severity: 'differs',
        table: name,
        message: `${name}: the key ${key} is ${from.deferral} on ${sides[0].title} and ${to.deferral} on ${sides[1].title}`,
        remedy: ADVICE.KEY_DEFERRED,
      },
    ];
  });
  const plain = (table: Table): readonly string[] =>
    table.indexes.filter(({ unique }) => !unique).map((index) => subject(index, table));
  const checks = (table: Table): readonly string[] =>
    // Lists of values are compared with the column's type.
    table.checks
      .filter(({ expression }) => !/\bin\s*\(|=\s*any\s*\(/i.test(expression))
      .map(({ expression }) => `on ${textOf(named(expression, table))}`);
  const triggers = (table: Table): readonly string[] =>
    table.triggers.filter(({ stamps }) => stamps === undefined).map((trigger) => trigger.name);
  return [
    ...onlyOne('INDEX_MISSING', 'the index on', name, both(plain), sides),
    ...onlyOne('UNIQUE_MISSING', 'what is unique over', name, [u.keys(), v.keys()], sides),
    ...onlyOne('KEY_MISSING', 'the foreign key', name, [keys[0].keys(), keys[1].keys()], sides),
    ...onlyOne('CHECK_MISSING', 'the check', name, both(checks), sides),
    ...onlyOne('TRIGGER_MISSING', 'the trigger', name, both(triggers), sides),
    ...actions,
    ...deferrals,
    ...nulls.map(
      ([key]): Difference => ({
        code: 'UNIQUE_NULLS',
        severity: 'differs',
        table: name,
        message: `${name}: two NULLs in ${key} are the same on one engine, and two on the other`,
        remedy: ADVICE.UNIQUE_NULLS,
      }),
    ),
  ];
}
