import type { Rename } from '../../../lib/diff/options.js';
import type { ObjectName } from '../../../lib/schema/names.js';
import { beside, besideSqlite } from './beside.js';
import type { Choices } from './choices.js';
import { columnsOf, presence, type Sides } from './columns.js';
import { familiesOf } from './families.js';
import { primaryOf, primarySql, requireKey, withKeys } from './keys.js';
import { distinct, namesOf } from './names.js';
import { partsOf } from './parts.js';
import {
  type ColumnSpec,
  type EngineName,
  type ObjectSpec,
  type PairSpec,
  q,
  type Side,
  type TableSpec,
  tableSql,
  text,
} from './spec.js';

const SLOTS = ['t0', 't1', 't2', 't3'];

interface Mood {
  readonly values: readonly [readonly string[], readonly string[]];
  /** The value that is always there. */
  readonly first: readonly [string, string];
  readonly renames: readonly Rename[];
  readonly names: readonly [string, string];
}

function moodOf(choices: Choices): Mood {
  const [had, has] = distinct(namesOf(choices, 'mood', ['a', 'b', 'c', 'd']), (slot) =>
    slot === 'a' ? [true, true] : presence(choices, `mood ${slot}`),
  ).map(
    // A literal of an array has quotes of its own.
    (names) => new Map([...names].map(([slot, name]) => [slot, name.replace(/[^a-z0-9_]/gi, '_')])),
  ) as unknown as ReturnType<typeof namesOf>;
  const isThere = ['b', 'c', 'd'].map((slot) => [slot, presence(choices, `mood ${slot}`)] as const);
  const values = [0, 1].map((at) => {
    const names = at === 0 ? had : has;
    const all = ['a', ...isThere.filter(([, there]) => there[at]).map(([slot]) => slot)].map(
      (slot) => names.get(slot) as string,
    );
    return at === 1 && choices.chance('mood reordered', 20) && choices.differs('mood reordered')
      ? all.reverse()
      : all;
  }) as [string[], string[]];
  const both = ['a', ...isThere.filter(([, [a, b]]) => a && b).map(([slot]) => slot)];
  const names = choices.both('mood name', (key) => choices.of(key, ['mood', 'mood', 'feeling']));
  const [old, type] = names.map((name) => ({ schema: 'public', name })) as [ObjectName, ObjectName];
  return {
    values,
    first: [had.get('a') as string, has.get('a') as string],
    names,
    renames: [
      ...(old.name === type.name ? [] : [{ kind: 'type' as const, from: old, to: type }]),
      ...both.flatMap((slot): readonly Rename[] => {
        const [from, to] = [had.get(slot) as string, has.get(slot) as string];
        return from === to ? [] : [{ kind: 'enumValue', type, from, to }];
      }),
    ],
  };
}

interface Drawn {
  readonly slot: string;
  readonly sides: Sides<TableSpec>;
  readonly columns: readonly Sides<ColumnSpec>[];
}

const SETTINGS: Readonly<Record<EngineName, readonly string[]>> = {
  postgresql: ['', '', '', 'unlogged', 'rls', 'fillfactor'],
  sqlite: ['', '', '', 'strict', 'without rowid', 'strict, without rowid'],
};

const REFERS = [
  ' on delete set null',
  ' on delete set null',
  ' on delete cascade',
  ' deferrable initially deferred',
  ' on update cascade on delete restrict',
];

function drawTable(
  choices: Choices,
  engine: EngineName,
  slot: string,
  names: readonly [string, string],
  mood: Mood,
): Drawn {
  const isThere = slot === 't0' ? ([true, true] as const) : presence(choices, slot);
  const settings = choices.of(`${slot} settings`, SETTINGS[engine]);
  const isPlain = settings === '' || engine === 'postgresql';
  const drawn = columnsOf(
    {
      choices,
      engine,
      mood: mood.first,
      isStrict: settings.includes('strict'),
      isWithoutRowid: settings.includes('without rowid'),
    },
    slot,
  );
  const primary = primaryOf(choices, slot, drawn);
  const columns = requireKey(
    drawn,
    primary,
    (of) => familiesOf(engine).find((each) => each.slot === of)?.types[0]?.defaults[0] ?? "'x'",
  );
  const parts = partsOf(choices, engine, slot, columns, isThere[0] && isThere[1]);
  const schemas =
    engine === 'postgresql'
      ? choices.both(`${slot} schema`, (key) => choices.of(key, ['public', 'public', 'public', 's1', 'S 2']))
      : ([undefined, undefined] as const);
  const comments =
    engine === 'postgresql'
      ? choices.both(`${slot} comment`, (key) => choices.of(key, [undefined, undefined, 'about', "it's?"]))
      : ([undefined, undefined] as const);
  const triggers = choices.both(`${slot} trigger`, (key) => choices.pick(key, 4));
  const isSayable = columns.flat().every((column) => !column?.name.includes('.'));
  const metadata = isPlain && isSayable && choices.chance(`${slot} metadata`, 60);
  const refers = choices.both(`${slot} refers`, (key) => choices.of(key, REFERS));
  const one = (at: 0 | 1): TableSpec | undefined => {
    if (!isThere[at]) return undefined;
    const here = columns.flatMap((each) => each[at] ?? []);
    const num = here.find((column) => column.slot === 'num');
    const body = num === undefined ? undefined : [undefined, 'a', 'b', q(num.name)][triggers[at]];
    return {
      slot,
      schema: schemas[at],
      name: names[at],
      columns: here,
      // The server makes no second key of the same columns.
      parts: parts[at].filter(({ key }) => key !== 'own key' || primary[at].join() !== 'id,num'),
      primary: primary[at],
      primaryKey: primarySql(choices, engine, slot, { columns: here }, primary[at]),
      keys: [],
      refers: refers[at],
      metadata,
      settings,
      comment: comments[at],
      trigger: body,
    };
  };
  return { slot, sides: [one(0), one(1)], columns };
}

/** Views of both sides, one over the other. */
function viewsOf(
  choices: Choices,
  engine: EngineName,
  at: 0 | 1,
  mood: Mood,
  tables: readonly Drawn[],
): readonly ObjectSpec[] {
  const isRanked = engine === 'postgresql' && presence(choices, 'ranker').every((each) => each);
  const after = (sql: string): ObjectSpec => ({ stage: 'after tables', sql });
  return tables.flatMap(({ slot, sides }): readonly ObjectSpec[] => {
    const table = sides[at];
    const isThere = presence(choices, `${slot} view`);
    if (table === undefined || !isThere[at]) return [];
    const shown = choices.both(`${slot} shown`, (key) =>
      choices.of(key, ['num', 'str', 'when', 'num', 'label', 'kind']),
    );
    const column = table.columns.find((each) => each.slot === shown[at]);
    if (column === undefined) return [];
    const isMaterialized = engine === 'postgresql' && choices.chance(`${slot} materialized`, 25);
    const isSecond = presence(choices, `${slot} second view`)[at];
    const isGranted =
      engine === 'postgresql' &&
      sides[0] !== undefined &&
      sides[1] !== undefined &&
      isThere[0] &&
      isThere[1] &&
      choices.chance(`${slot} granted`, 40);
    const view = `${slot}_v`;
    const shownSql =
      isRanked && /mood$/.test(column.type) ? `public.rank_of(${q(column.name)})` : q(column.name);
    const kind = table.columns.find((each) => each.slot === 'kind');
    const filter =
      kind !== undefined && /mood$/.test(kind.type) && choices.chance(`${slot} view filter`, 30)
        ? ` where ${q(kind.name)} <> ${text(mood.first[at])} or id > 0`
        : '';
    const options =
      engine === 'postgresql' && !isMaterialized && choices.chance(`${slot} barrier`, 20)
        ? ' with (security_barrier=true)'
        : '';
    return [
      after(
        `create ${isMaterialized ? 'materialized ' : ''}view ${view}${options} as select id, ${shownSql} as shown from ${tableSql(table)}${filter}`,
      ),
      ...(isGranted
        ? [
            after(`grant select on ${view} to reader`),
            after(`comment on ${isMaterialized ? 'materialized ' : ''}view ${view} is 'granted'`),
          ]
        : []),
      ...(isMaterialized && choices.chance(`${slot} view index`, 50)
        ? [after(`create unique index ${view}_ix on ${view} (id)`)]
        : []),
      ...(isMaterialized && choices.chance(`${slot} shown index`, 50)
        ? [after(`create index ${view}_shown on ${view} (shown)`)]
        : []),
      ...(!isMaterialized && choices.chance(`${slot} view trigger`, 20)
        ? [
            after(
              engine === 'sqlite'
                ? `create trigger ${view}_tr instead of update on ${view} begin select new.shown; end`
                : `create trigger ${view}_tr instead of update on ${view} for each row execute function public.touch()`,
            ),
          ]
        : []),
      ...(isSecond ? [after(`create view ${view}2 as select id, shown from ${view} where id > 0`)] : []),
    ];
  });
}

function objectsOf(
  choices: Choices,
  engine: EngineName,
  at: 0 | 1,
  mood: Mood,
  tables: readonly Drawn[],
): readonly ObjectSpec[] {
  const views = viewsOf(choices, engine, at, mood, tables);
  if (engine === 'sqlite') return [...views, ...besideSqlite(choices, at, tables)];
  const before = (sql: string): ObjectSpec => ({ stage: 'before tables', sql });
  const twice = choices.both('twice', (key) => choices.of(key, ['$1 * 2', '$1 + $1']));
  const amount = choices.both('amount', (key) =>
    choices.of(key, ['integer', 'integer', 'bigint', 'numeric(8,2)']),
  );
  const limit = choices.both('limit', (key) => choices.of(key, ['> 0', '>= 1']));
  const isDomainIn = (name: string) => amountNames(choices)[at].startsWith(`${name}.`);
  const schemas = ['s1', 'S 2'].filter(
    (name) => tables.some(({ sides }) => sides[at]?.schema === name) || isDomainIn(name),
  );
  const isRankerThere = presence(choices, 'ranker')[at];
  const ranker = choices.both('ranker body', (key) => choices.of(key, ['length($1::text)', '1']));
  const results = choices.both('twice result', (key) => choices.of(key, ['integer', 'integer', 'bigint']));
  const isSequenceThere = presence(choices, 'sequence')[at];
  const increment = choices.both('sequence increment', (key) => choices.of(key, ['1', '3']));
  return [
    ...schemas.map((name) => before(`create schema ${q(name)}`)),
    before(`create type public.mood as enum (${mood.values[at].map(text).join(', ')})`),
    before(`create domain public.amount as ${amount[at]} constraint positive check (value ${limit[at]})`),
    before(
      `create function public.twice(integer) returns ${results[at]} immutable language sql as $$select ${twice[at]}$$`,
    ),
    before(`create function public.touch() returns trigger language plpgsql as $$begin return new; end$$`),
    ...(isRankerThere
      ? [
          before(
            `create function public.rank_of(public.mood) returns integer immutable language sql as $$select ${ranker[at]}$$`,
          ),
        ]
      : []),
    ...(isSequenceThere ? [before(`create sequence public.stray increment by ${increment[at]}`)] : []),
    ...views,
    ...beside(choices, at, tables),
  ];
}

/** What was granted stays with what stays: no model says it. */
function granted(
  at: 0 | 1,
  objects: readonly ObjectSpec[],
  before: readonly ObjectSpec[],
): readonly ObjectSpec[] {
  const isThere = (sql: string) =>
    at === 0 || !sql.startsWith('grant ') || before.some((each) => each.sql === sql);
  return objects.filter(({ sql }) => isThere(sql));
}

/** A side with the enum type and the domain by their names there. */
function withTypes(side: Side, mood: string, amount: string): Side {
  const named = JSON.stringify(side)
    .replaceAll('public.mood', `public.${mood}`)
    .replaceAll('public.amount', amount);
  return JSON.parse(named);
}

/** The domain's names: it may be in another schema. */
function amountNames(choices: Choices): readonly [string, string] {
  return choices.both('amount name', (key) =>
    choices.of(key, ['public.amount', 'public.amount', 'public.total', 's1.amount']),
  );
}

/** Two databases that have much in common, and what a person says was renamed between them. */
export function pairOf(choices: Choices, engine: EngineName): PairSpec {
  const mood = moodOf(choices);
  const amounts = amountNames(choices);
  // No builder makes a table with a dot in its name.
  const [had, has] = distinct(namesOf(choices, 'tables', SLOTS), (slot) =>
    slot === 't0' ? [true, true] : presence(choices, slot),
  ).map(
    (names) => new Map([...names].map(([slot, name]) => [slot, name.replace('.', '-')])),
  ) as unknown as ReturnType<typeof namesOf>;
  const tables = SLOTS.map((slot) =>
    drawTable(choices, engine, slot, [had.get(slot) as string, has.get(slot) as string], mood),
  );
  const side = (at: 0 | 1): Side => ({
    tables: withKeys(
      choices,
      engine,
      tables.flatMap(({ sides }) => sides[at] ?? []),
      at,
    ),
    objects: granted(
      at,
      objectsOf(choices, engine, at, mood, tables),
      objectsOf(choices, engine, 0, mood, tables),
    ),
    mood: [mood.first[at]],
  });
  const renames = tables.flatMap(({ sides: [from, to], columns }): readonly Rename[] => {
    if (from === undefined || to === undefined) return [];
    const table = { schema: to.schema, name: to.name };
    const isMoved = from.name !== to.name || from.schema !== to.schema;
    return [
      ...(isMoved
        ? [{ kind: 'table' as const, from: { schema: from.schema, name: from.name }, to: table }]
        : []),
      ...columns.flatMap(([a, b]): readonly Rename[] =>
        a === undefined || b === undefined || a.name === b.name
          ? []
          : [{ kind: 'column', table, from: a.name, to: b.name }],
      ),
    ];
  });
  const all = [...renames, ...(engine === 'postgresql' ? mood.renames : [])];
  // A table or type in which names are both left and taken.
  const placeOf = (rename: Rename) =>
    rename.kind === 'column' ? tableSql(rename.table) : rename.kind === 'enumValue' ? 'values' : rename.kind;
  const nameOf = (name: Rename['from']) => (typeof name === 'string' ? name : tableSql(name));
  const isMixed = (rename: Rename) => all.some((each) => placeOf(each) === placeOf(rename) && taken(each));
  const namesAfter = (rename: Rename): readonly string[] => {
    if (rename.kind === 'enumValue') return mood.values[1];
    if (rename.kind !== 'column') return side(1).tables.map(tableSql);
    return side(1).tables.flatMap((each) =>
      tableSql(each) === tableSql(rename.table) ? each.columns.map(({ name }) => name) : [],
    );
  };
  const taken = (rename: Rename) => namesAfter(rename).includes(nameOf(rename.from));
  return {
    engine,
    before: withTypes(side(0), mood.names[0], amounts[0]),
    after: withTypes(side(1), mood.names[1], amounts[1]),
    renames: all.filter((each) => !isMixed(each)),
    once: all.filter(isMixed),
    rows: choices.of('rows', [3, 3, 1, 0]),
  };
}

/** The same choices with so many changes, each of which shows, between the two sides. */
export function fewChanges(choices: Choices, engine: EngineName, count: number): Choices {
  const all = choices.only([]);
  const plain = JSON.stringify(pairOf(all, engine));
  const isSeen = (change: string) => JSON.stringify(pairOf(choices.only([change]), engine)) !== plain;
  const changes: string[] = [];
  for (const change of choices.shuffled(all.differing))
    if (changes.length < count && isSeen(change)) changes.push(change);
  return choices.only(changes);
}
