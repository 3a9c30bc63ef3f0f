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
    after(
      'create table public.points (id integer primary key, m integer, at date, foreign key (m, at) references public.measures (id, at) on delete cascade)',
    ),
    after(`insert into public.points values (1, 1, '2024-05-05')`),
  ];
}

/** A sequence for a number that has no default: the column's own, its default, or both. */
function sequences(choices: Choices, at: 0 | 1, { slot, sides }: Beside): readonly ObjectSpec[] {
  const table = sides[at];
  const num = table?.columns.find((each) => each.slot === 'num');
  const isThere = presence(choices, `${slot} own sequence`)[at] && choices.chance(`${slot} sequences`, 40);
  const isFit = /^(integer|bigint)$/.test(num?.type ?? '') && num?.defaultTo === undefined;
  if (table === undefined || num === undefined || !isThere || !isFit) return [];
  const kind = choices.both(`${slot} sequence kind`, (key) => choices.pick(key, 3))[at];
  // One that a column owns is in its table's schema.
  const name = tableSql({ schema: kind === 2 ? 'public' : table.schema, name: `num_of_${slot}` });
  const [of, column] = [tableSql(table), q(num.name)];
  return [
    after(`create sequence ${name}`),
    ...(kind === 2 ? [] : [after(`alter sequence ${name} owned by ${of}.${column}`)]),
    ...(kind === 1
      ? []
      : [after(`alter table ${of} alter column ${column} set default nextval(${text(name)})`)]),
  ];
}

/** A view of two tables, in which one refers to the other. */
function joined(choices: Choices, at: 0 | 1, tables: readonly Beside[]): readonly ObjectSpec[] {
  const [first, second] = [tables[0]?.sides[at], tables[1]?.sides[at]];
  const [num, ref] = [
    first?.columns.find(({ slot }) => slot === 'num'),
    second?.columns.find(({ slot }) => slot === 'ref'),
  ];
  const isThere = presence(choices, 'joined')[at];
  if (!isThere || first === undefined || second === undefined || num === undefined || ref === undefined)
    return [];
  const forms = choices.both('joined form', (key) => choices.of(key, ['join', 'left join']));
  return [
    after(
      `create view joined as select a.id, a.${q(num.name)} as num, b.id as other from ${tableSql(first)} a ${forms[at]} ${tableSql(second)} b on b.${q(ref.name)} = a.id`,
    ),
  ];
}

/** A trigger that writes into another table. */
function farTriggers(choices: Choices, at: 0 | 1, tables: readonly Beside[]): readonly ObjectSpec[] {
  const [first, second] = [tables[0]?.sides[at], tables[1]?.sides[at]];
  const num = first?.columns.find(({ slot }) => slot === 'num');
  const isThere = presence(choices, 'far trigger')[at];
  if (!isThere || first === undefined || second === undefined || num === undefined) return [];
  return [
    after(
      `create trigger far after delete on ${tableSql(second)} begin update ${tableSql(first)} set ${q(num.name)} = ${q(num.name)} where id = old.id; end`,
    ),
  ];
}

/** What stands beside the tables on SQLite. */
export function besideSqlite(choices: Choices, at: 0 | 1, tables: readonly Beside[]): readonly ObjectSpec[] {
  return [...joined(choices, at, tables), ...farTriggers(choices, at, tables)];
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
    ...tables.flatMap((table) => sequences(choices, at, table)),
    ...joined(choices, at, tables),
    ...comments(choices, at),
  ];
}
