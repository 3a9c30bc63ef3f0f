import type { Choices } from './choices.js';
import { presence, type Sides } from './columns.js';
import { type ObjectSpec, q, type TableSpec, tableSql, text } from './spec.js';

interface Beside {
  readonly slot: string;
  readonly sides: Sides<TableSpec>;
}

const after = (sql: string): ObjectSpec => ({ stage: 'after tables', sql });

/** What no model says, and what stays as it is on a table that stays: policies. */
function policies(choices: Choices, at: 0 | 1, { slot, sides }: Beside): readonly ObjectSpec[] {
  const table = sides[at];
  const shown = choices.of(`${slot} policy on`, ['num', 'str', 'kind']);
  const columns = sides.map((side) => side?.columns.find((each) => each.slot === shown));
  const column = columns[at];
  if (!choices.chance(`${slot} policy`, 25) || table === undefined || column === undefined) return [];
  if (columns[0] === undefined || columns[1] === undefined) return [];
  return [after(`create policy ${slot}_own on ${tableSql(table)} using (${q(column.name)} is not null)`)];
}

/** A table in partitions that refers to another one; its rows have to stay as they are. */
function partitions(choices: Choices, at: 0 | 1, tables: readonly Beside[]): readonly ObjectSpec[] {
  const table = tables[0]?.sides[at];
  if (!choices.chance('partitions', 30) || table === undefined) return [];
  const refers = table.settings === '' && choices.chance('partitions refer', 50);
  const key = refers ? `, t0 integer references ${tableSql(table)} (id)` : '';
  return [
    after(
      `create table public.measures (id integer, at date, primary key (id, at)${key}) partition by range (at)`,
    ),
    after(
      `create table public.measures_1 partition of public.measures for values from ('2024-01-01') to ('2025-01-01')`,
    ),
    after(`create index measures_at on public.measures (at desc)`),
    after(`insert into public.measures (id, at) values (1, '2024-05-05')`),
  ];
}

/** Comments on what may have one besides tables and columns. */
function comments(choices: Choices, at: 0 | 1): readonly ObjectSpec[] {
  const isRankerThere = presence(choices, 'ranker')[at];
  const all = [
    'type public.mood',
    'domain public.amount',
    'function public.twice(integer)',
    'function public.touch()',
    ...(isRankerThere ? ['function public.rank_of(public.mood)'] : []),
    ...(presence(choices, 'sequence')[at] ? ['sequence public.stray'] : []),
  ];
  return all.flatMap((what) => {
    const said = choices.both(`${what} comment`, (key) =>
      choices.of(key, [undefined, undefined, 'one', "it's? `two`"]),
    )[at];
    return said === undefined ? [] : [after(`comment on ${what} is ${text(said)}`)];
  });
}

/** What stands beside the tables on PostgreSQL. */
export function beside(choices: Choices, at: 0 | 1, tables: readonly Beside[]): readonly ObjectSpec[] {
  return [
    ...tables.flatMap((table) => policies(choices, at, table)),
    ...partitions(choices, at, tables),
    ...comments(choices, at),
  ];
}
