import type { Choices } from './choices.js';
import { type Family, familiesOf } from './families.js';
import { distinct, namesOf } from './names.js';
import { type ColumnSpec, type EngineName, q } from './spec.js';

const INTEGERS: Readonly<Record<EngineName, readonly string[]>> = {
  postgresql: ['integer', 'bigint', 'smallint'],
  sqlite: ['integer', 'bigint', 'int'],
};

/** What there is of a slot on both sides. */
export type Sides<Of> = readonly [Of | undefined, Of | undefined];

const PRESENT: readonly (readonly [boolean, boolean])[] = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
  [true, true],
  [true, true],
];

export function presence(choices: Choices, key: string): readonly [boolean, boolean] {
  const name = `${key} is there`;
  const [had, has] = PRESENT[choices.pick(name, PRESENT.length)] as readonly [boolean, boolean];
  return had === has || choices.differs(name) ? [had, has] : [true, true];
}

const only = <Of>([had, has]: readonly [boolean, boolean], [a, b]: readonly [Of, Of]): Sides<Of> => [
  had ? a : undefined,
  has ? b : undefined,
];

interface Surroundings {
  readonly choices: Choices;
  readonly engine: EngineName;
  /** The names of the enum's value on both sides. */
  readonly mood: readonly [string, string];
  readonly isStrict: boolean;
  readonly isWithoutRowid: boolean;
}

const NOTHING = {
  numbering: undefined,
  computed: undefined,
  collation: undefined,
  comment: undefined,
  target: undefined,
};

function familyColumn(
  { choices, engine, mood }: Surroundings,
  key: string,
  family: Family,
  names: readonly [string, string],
  isThere: readonly [boolean, boolean],
): Sides<ColumnSpec> {
  const drawn = choices.both(`${key} type`, (each) => choices.of(each, family.types));
  // A text that was the value of an enum is none of its values when that got another name.
  const isValue = (type: string) => type.startsWith('public.mood');
  const isLost = mood[0] !== mood[1] && !isValue(drawn[0].type) && isValue(drawn[1].type);
  const types = isLost ? ([drawn[0], drawn[0]] as const) : drawn;
  const required = choices.both(`${key} required`, (each) => choices.chance(each, 40));
  const defaulted = choices.both(`${key} default`, (each) => choices.pick(each, 4));
  const collated = choices.both(`${key} collation`, (each) => choices.pick(each, 5));
  const comments = choices.both(`${key} comment`, (each) =>
    choices.of(each, [undefined, undefined, undefined, 'a', "it's? `b`"]),
  );
  const one = (at: 0 | 1): ColumnSpec => {
    const { type, defaults, collations = [] } = types[at];
    const isAlone = isThere[0] !== isThere[1];
    const [first] = defaults;
    const chosen =
      defaulted[at] === 0 ? undefined : defaults[(defaulted[at] - 1) % Math.max(1, defaults.length)];
    // A column that comes to rows, or comes back to them, needs a value for them.
    const isRequired = required[at] && !(isAlone && first === undefined);
    return {
      ...NOTHING,
      slot: family.slot,
      name: names[at],
      type,
      required: isRequired,
      defaultTo: (chosen ?? (isRequired && isAlone ? first : undefined))?.replaceAll('$mood', mood[at]),
      collation: collations[collated[at] - 1],
      comment: engine === 'postgresql' ? comments[at] : undefined,
    };
  };
  return only(isThere, [one(0), one(1)]);
}

const KEYS: Readonly<Record<EngineName, readonly (readonly [string, string])[]>> = {
  postgresql: [
    ['integer', 'serial'],
    ['bigint', 'serial'],
    ['integer', 'by default as identity'],
    ['integer', 'always as identity'],
    ['integer', 'by default as identity (increment by 5)'],
    ['bigint', 'by default as identity'],
  ],
  sqlite: [
    ['integer', 'rowid'],
    ['integer', 'autoincrement'],
    ['int', 'none'],
  ],
};

function idColumn(
  { choices, engine, isWithoutRowid }: Surroundings,
  key: string,
): readonly [ColumnSpec, ColumnSpec] {
  const kinds = choices.both(`${key} id`, (each) => choices.of(each, KEYS[engine]));
  return [0, 1].map((at) => {
    const [type, numbering] = isWithoutRowid ? ['int', 'none'] : (kinds[at] as readonly [string, string]);
    const isRequired = engine === 'postgresql' || isWithoutRowid;
    return {
      ...NOTHING,
      slot: 'id',
      name: 'id',
      type,
      required: isRequired,
      defaultTo: undefined,
      numbering,
    };
  }) as unknown as readonly [ColumnSpec, ColumnSpec];
}

const LABELS: Readonly<Record<string, readonly string[]>> = {
  str: ['upper($)', "coalesce($, 'none?')"],
  kind: ["$ = '$mood'", "$ <> '$mood'", '$ is null'],
};

/** A column that is computed from a text or from a value of the enum. */
function labelColumn(
  { choices, mood }: Surroundings,
  key: string,
  base: string,
  columns: readonly Sides<ColumnSpec>[],
  names: readonly [string, string],
): Sides<ColumnSpec> {
  const formulas = choices.both(`${key} label formula`, (each) => choices.of(each, LABELS[base] ?? []));
  const isThere = presence(choices, `${key} label`);
  const found = columns.find((each) => (each[0] ?? each[1])?.slot === base) ?? [undefined, undefined];
  return [0, 1].map((at) => {
    const under = found[at];
    if (under === undefined || !isThere[at]) return undefined;
    const formula = (formulas[at] ?? '').replace('$mood', mood[at as 0 | 1]).replace('$', q(under.name));
    return {
      ...NOTHING,
      slot: 'label',
      name: names[at as 0 | 1],
      type: base === 'kind' ? 'boolean' : 'text',
      required: false,
      defaultTo: undefined,
      computed: `(${formula}) stored`,
    };
  }) as unknown as Sides<ColumnSpec>;
}

/** All columns of a table on both sides. */
export function columnsOf(around: Surroundings, key: string): readonly Sides<ColumnSpec>[] {
  const { choices, engine, isStrict } = around;
  const families = familiesOf(engine, isStrict);
  const slots = [...families.map(({ slot }) => slot), 'ref', 'computed', 'second', 'label'];
  const labelBase = engine === 'postgresql' ? choices.of(`${key} label base`, ['str', 'str', 'kind']) : 'str';
  const isThereOf = (slot: string): readonly [boolean, boolean] => {
    const isThere = presence(choices, `${key} ${slot}`);
    // What is computed from a column goes and comes with it.
    const under = slot === 'computed' ? 'num' : slot === 'label' ? labelBase : undefined;
    const base = under === undefined ? isThere : presence(choices, `${key} ${under}`);
    return [isThere[0] && base[0], isThere[1] && base[1]];
  };
  const [had, has] = distinct(namesOf(choices, `${key} columns`, slots), isThereOf);
  const named = (slot: string): readonly [string, string] => [
    had.get(slot) as string,
    has.get(slot) as string,
  ];
  const columns = families.map((family) =>
    familyColumn(
      around,
      `${key} ${family.slot}`,
      family,
      named(family.slot),
      presence(choices, `${key} ${family.slot}`),
    ),
  );
  const targets = choices.both(`${key} target`, (each) => choices.of(each, ['t0', 't1', 't2', 't3']));
  const refs = only(
    presence(choices, `${key} ref`),
    [0, 1].map((at) => ({
      ...NOTHING,
      slot: 'ref',
      name: named('ref')[at],
      type: 'integer',
      required: false,
      defaultTo: undefined,
      target: targets[at],
    })) as unknown as readonly [ColumnSpec, ColumnSpec],
  );
  const seconds = choices.both(`${key} second type`, (each) => choices.of(each, INTEGERS[engine]));
  const second = only(
    presence(choices, `${key} second`),
    [0, 1].map((at) => ({
      ...NOTHING,
      slot: 'second',
      name: named('second')[at],
      type: isStrict ? 'integer' : seconds[at],
      required: false,
      defaultTo: undefined,
    })) as unknown as readonly [ColumnSpec, ColumnSpec],
  );
  const formulas = choices.both(`${key} formula`, (each) => choices.of(each, ['$ * 2', '$ + 1', 'abs($)']));
  const kinds = choices.both(`${key} kind`, (each) =>
    choices.of(each, ['stored', engine === 'sqlite' ? 'virtual' : 'stored']),
  );
  const isThere = presence(choices, `${key} computed`);
  const num = columns.find((each) => (each[0] ?? each[1])?.slot === 'num') ?? [undefined, undefined];
  const computed = [0, 1].map((at) => {
    const base = num[at];
    if (base === undefined || !isThere[at]) return undefined;
    return {
      ...NOTHING,
      slot: 'computed',
      name: named('computed')[at],
      type: isStrict || engine === 'sqlite' ? 'integer' : 'numeric',
      required: false,
      defaultTo: undefined,
      computed: `(${formulas[at]?.replace('$', q(base.name))}) ${kinds[at]}`,
    };
  }) as unknown as Sides<ColumnSpec>;
  const label = labelColumn(around, key, labelBase, columns, [named('label')[0], named('label')[1]]);
  return [idColumn(around, key), ...columns, refs, computed, second, label].filter(
    ([a, b]) => a !== undefined || b !== undefined,
  );
}
