import type { Choices } from './choices.js';
import { presence, type Sides } from './columns.js';
import { familiesOf } from './families.js';
import { type ColumnSpec, type EngineName, type PartSpec, q } from './spec.js';

interface Template {
  readonly key: string;
  readonly kind: PartSpec['kind'];
  /** The slots that it names; of a type that `fits`, where that matters. */
  readonly slots: readonly string[];
  readonly fits?: RegExp;
  readonly unique?: true;
  /** The choice of a function that has to be there. */
  readonly needs?: string;
  /** Definitions on the quoted names of the slots. */
  readonly forms: readonly ((...names: readonly string[]) => string)[];
}

const NUMERIC = /^(integer|int|bigint|smallint|numeric|double|real|float)/;

const DEFERRAL = ['', ' deferrable', ' deferrable initially deferred'];
const deferred = (form: (...names: readonly string[]) => string) =>
  DEFERRAL.map(
    (when) =>
      (...names: readonly string[]) =>
        `${form(...names)}${when}`,
  );

const COMMON: readonly Template[] = [
  {
    key: 'check',
    kind: 'constraint',
    slots: ['num'],
    fits: NUMERIC,
    forms: [
      (n) => `check (${n} > 0)`,
      (n) => `check (${n} >= 1 and ${n} < 100)`,
      (n) => `check (${n} <> 77)`,
    ],
  },
  {
    key: 'second check',
    kind: 'constraint',
    slots: ['str'],
    forms: [(s) => `check (${s} <> 'it''s "no"?')`, (s) => `check (length(${s}) < 99)`],
  },
  {
    key: 'index',
    kind: 'index',
    slots: ['num', 'when'],
    forms: [
      (n) => `(${n})`,
      (n) => `(${n} desc)`,
      (n, w) => `(${n}, ${w} desc)`,
      (n, w) => `(${w}, ${n})`,
      (n, w) => `(${w}) where ${n} > 3`,
      (n, w) => `(${w}) where ${n} > 4`,
    ],
  },
  { key: 'plain index', kind: 'index', slots: ['str'], forms: [(s) => `(${s})`, (s) => `(${s} desc)`] },
  {
    key: 'expression index',
    kind: 'index',
    slots: ['str'],
    forms: [(s) => `(lower(${s}))`, (s) => `(upper(${s}), ${s})`],
  },
  {
    key: 'unique index',
    kind: 'index',
    slots: ['uid'],
    unique: true,
    forms: [(u) => `(${u})`, (u) => `(${u}) where ${u} is not null`],
  },
  {
    key: 'computed index',
    kind: 'index',
    slots: ['computed', 'id'],
    forms: [(c) => `(${c})`, (c) => `(${c} desc) where ${c} > 0`, (c, i) => `(${i}) where ${c} > 1`],
  },
  {
    key: 'computed check',
    kind: 'constraint',
    slots: ['computed'],
    forms: [(c) => `check (${c} <> 1)`, (c) => `check (${c} > -5)`],
  },
];

const OWN_KEY: Template = {
  key: 'own key',
  kind: 'constraint',
  slots: ['id', 'num'],
  unique: true,
  fits: NUMERIC,
  forms: [(i, n) => `unique (${i}, ${n})`],
};

const POSTGRESQL: readonly Template[] = [
  ...COMMON,
  OWN_KEY,
  {
    key: 'unique',
    kind: 'constraint',
    slots: ['str', 'num'],
    unique: true,
    forms: [
      ...deferred((s) => `unique (${s})`),
      (s, n) => `unique (${s}, ${n})`,
      (s, n) => `unique (${n}, ${s})`,
      (s) => `unique nulls not distinct (${s})`,
      (s, n) => `unique (${s}) include (${n})`,
    ],
  },
  {
    key: 'method index',
    kind: 'index',
    slots: ['str', 'num'],
    forms: [
      (s) => `using hash (${s})`,
      (s) => `(${s} text_pattern_ops)`,
      (s) => `(${s} collate "POSIX" desc nulls last)`,
      (s, n) => `(${n}) include (${s})`,
      (_, n) => `using brin (${n}) with (pages_per_range='32')`,
      (_, n) => `(${n} nulls first) with (fillfactor='70')`,
    ],
  },
  { key: 'gin index', kind: 'index', slots: ['arr'], forms: [(a) => `using gin (${a})`, (a) => `(${a})`] },
  {
    key: 'document index',
    kind: 'index',
    slots: ['doc'],
    fits: /^jsonb$/,
    forms: [(d) => `using gin (${d} jsonb_path_ops)`, (d) => `using gin (${d})`, (d) => `((${d} ->> 'a?'))`],
  },
  {
    key: 'exclusion',
    kind: 'constraint',
    slots: ['span'],
    unique: true,
    forms: [
      (s) => `exclude using gist (${s} with &&)`,
      (s) => `exclude using gist (${s} with =) where (not isempty(${s}))`,
    ],
  },
  {
    key: 'kind check',
    kind: 'constraint',
    slots: ['kind'],
    fits: /mood$/,
    forms: [
      (k) => `check (${k} is not null or true)`,
      (k) => `check (${k} = any (enum_range(null::public.mood)))`,
      (k) => `check (${k} <> all ('{}'::public.mood[]))`,
    ],
  },
  {
    key: 'function check',
    kind: 'constraint',
    slots: ['num'],
    fits: /^integer$/,
    forms: [(n) => `check (public.twice(${n}) > 0)`, (n) => `check (public.twice(${n}) <> ${n} + 1000)`],
  },
  {
    key: 'rank check',
    kind: 'constraint',
    slots: ['kind'],
    fits: /mood$/,
    needs: 'ranker',
    forms: [(k) => `check (public.rank_of(${k}) >= 0)`, (k) => `check (public.rank_of(${k}) < 99)`],
  },
  {
    key: 'rank index',
    kind: 'index',
    slots: ['kind'],
    fits: /mood$/,
    needs: 'ranker',
    forms: [(k) => `(public.rank_of(${k}))`, (k) => `(${k}) where public.rank_of(${k}) > 0`],
  },
  {
    key: 'label index',
    kind: 'index',
    slots: ['label'],
    forms: [(l) => `(${l})`, (l) => `(${l} desc)`],
  },
  {
    key: 'function index',
    kind: 'index',
    slots: ['num'],
    fits: /^integer$/,
    forms: [(n) => `(public.twice(${n}))`, (n) => `(${n}) where public.twice(${n}) > 1`],
  },
];

const SQLITE: readonly Template[] = [
  ...COMMON,
  OWN_KEY,
  {
    key: 'unique',
    kind: 'constraint',
    slots: ['str', 'num'],
    unique: true,
    forms: [
      (s) => `unique (${s})`,
      (s, n) => `unique (${s}, ${n})`,
      (s, n) => `unique (${n} desc, ${s} collate nocase)`,
      (s) => `unique (${s}) on conflict ignore`,
      (s) => `unique (${s}) on conflict replace`,
    ],
  },
  {
    key: 'collated index',
    kind: 'index',
    slots: ['str'],
    forms: [(s) => `(${s} collate nocase)`, (s) => `(${s} collate rtrim desc)`],
  },
];

/** Values of the families that are not the same in two rows, in any type. */
const isUniqueSlot = (engine: EngineName, slot: string) =>
  slot === 'id' || (familiesOf(engine).find((each) => each.slot === slot)?.isDistinct ?? false);

function part(
  { key, kind, forms, unique }: Template,
  at: 0 | 1,
  shared: {
    readonly form: readonly [number, number];
    readonly name: readonly [string | undefined, string | undefined];
    readonly comment: readonly [string | undefined, string | undefined];
  },
  names: readonly string[],
): PartSpec {
  return {
    key,
    kind,
    name: shared.name[at],
    definition: forms[shared.form[at]]?.(...names) ?? '',
    comment: shared.comment[at],
    ...(unique ? { unique } : {}),
  };
}

/** The constraints and indexes of a table on both sides, on the columns that each side has. */
export function partsOf(
  choices: Choices,
  engine: EngineName,
  key: string,
  columns: readonly Sides<ColumnSpec>[],
  isOnBoth: boolean,
): readonly [readonly PartSpec[], readonly PartSpec[]] {
  const sides: [PartSpec[], PartSpec[]] = [[], []];
  const slotOf = (slot: string) =>
    columns.find(([a, b]) => (a ?? b)?.slot === slot) ?? [undefined, undefined];
  for (const template of engine === 'postgresql' ? POSTGRESQL : SQLITE) {
    const own = `${key} ${template.key}`;
    const drawn = presence(choices, own);
    const given = template.needs === undefined ? [true, true] : presence(choices, template.needs);
    const isThere = [drawn[0] && given[0], drawn[1] && given[1]];
    const found = template.slots.map(slotOf);
    if (template.unique && isOnBoth && !found.every(([a, b]) => a !== undefined && b !== undefined)) continue;
    if (template.unique && !template.slots.some((slot) => isUniqueSlot(engine, slot))) continue;
    const isNameless =
      engine === 'sqlite' && template.kind === 'constraint' && choices.chance(`${own} nameless`, 30);
    const plainName = `${template.key} of ${key}`.replaceAll(
      ' ',
      choices.chance(`${own} odd name`, 20) ? ' "$?\' ' : '_',
    );
    const isRenamed = choices.chance(`${own} renamed`, 15) && choices.differs(`${own} renamed`);
    const name: readonly [string | undefined, string | undefined] = isNameless
      ? [undefined, undefined]
      : [plainName, isRenamed ? `${plainName}2` : plainName];
    const shared = {
      form: choices.both(`${own} form`, (each) => choices.pick(each, template.forms.length)),
      name,
      comment:
        engine === 'postgresql' && name[0] !== undefined
          ? choices.both(`${own} comment`, (each) => choices.of(each, [undefined, undefined, "it's?"]))
          : ([undefined, undefined] as const),
    };
    for (const at of [0, 1] as const) {
      const here = found.map((each) => each[at]);
      const isFit = here.every(
        (column) =>
          column !== undefined &&
          (template.fits === undefined || column.slot === 'id' || template.fits.test(column.type)),
      );
      // An index on a text column's operator class or function needs a text, which every type of that family is.
      if (isThere[at] && isFit)
        sides[at].push(
          part(
            template,
            at,
            shared,
            here.map((column) => q(column?.name ?? '')),
          ),
        );
    }
  }
  return sides;
}
