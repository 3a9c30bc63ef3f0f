import type { EngineName } from './spec.js';

interface TypeChoice {
  readonly type: string;
  /** SQL of defaults; `$mood` is a value of the enum type. */
  readonly defaults: readonly string[];
  readonly collations?: readonly string[];
}

/** Types that hold each other's values: a column changes between them and keeps what it has. */
export interface Family {
  readonly slot: string;
  readonly types: readonly TypeChoice[];
  /** The value of a row, as text that every type of the family reads. */
  readonly value: (row: number) => string;
  /** Whether values differ from row to row in every type. */
  readonly isDistinct: boolean;
}

const NUMBERS = ['5', '9'];
const TEXTS = ["'x'", "'it''s'", "''", "'back\\slash'", "'what?'", "'5'"];

const num = (type: string, ...more: readonly string[]): TypeChoice => ({
  type,
  defaults: [...NUMBERS, ...more],
});
const str = (type: string, collations: readonly string[], ...more: readonly string[]): TypeChoice => ({
  type,
  defaults: [...TEXTS, ...more],
  collations,
});
const plain = (type: string, ...defaults: readonly string[]): TypeChoice => ({ type, defaults });

const COLLATIONS = ['"C"', '"POSIX"'];

const POSTGRESQL: readonly Family[] = [
  {
    slot: 'num',
    types: [
      num('integer', '(1 + 2)', 'public.twice(2)'),
      num('bigint', "length('abc')"),
      num('smallint'),
      num('numeric(10,2)', '1.50'),
      num('numeric'),
      num('double precision'),
      num('public.amount'),
    ],
    value: (row) => String(row + 5),
    isDistinct: true,
  },
  {
    slot: 'str',
    types: [
      str('text', COLLATIONS, 'CURRENT_USER', "upper('a')"),
      str('varchar(30)', COLLATIONS),
      str('varchar', COLLATIONS),
      str('varchar(255)', []),
      str('varchar(40)', []),
    ],
    value: (row) => `it's ${row}`,
    isDistinct: true,
  },
  {
    slot: 'when',
    types: [
      plain('timestamptz', 'now()', "'2020-01-01'", 'CURRENT_TIMESTAMP'),
      plain('timestamp', "'2020-01-01'", "(now() at time zone 'utc')"),
      plain('timestamp(3)'),
      plain('timestamptz(0)'),
      plain('date', 'CURRENT_DATE'),
    ],
    value: (row) => `2024-02-0${row + 1}`,
    isDistinct: true,
  },
  {
    slot: 'flag',
    types: [plain('boolean', 'true', 'false'), plain('integer', '0')],
    value: () => '1',
    isDistinct: false,
  },
  {
    slot: 'kind',
    types: [plain('public.mood', "'$mood'"), plain('text', "'a'"), plain('varchar(63)')],
    value: () => '$mood',
    isDistinct: false,
  },
  {
    slot: 'kinds',
    types: [plain('public.mood[]', "'{}'", "'{$mood}'"), plain('text[]', "'{}'")],
    value: () => '{$mood}',
    isDistinct: false,
  },
  {
    slot: 'doc',
    types: [plain('jsonb', "'{}'", '\'{"a": "?"}\''), plain('json', "'[]'"), plain('text', "'{}'")],
    value: (row) => `{"a": [${row}]}`,
    isDistinct: false,
  },
  {
    slot: 'uid',
    types: [
      plain('uuid', 'gen_random_uuid()'),
      plain('text', '(gen_random_uuid())::text'),
      plain('varchar(40)'),
    ],
    value: (row) => `00000000-0000-4000-8000-00000000000${row}`,
    isDistinct: true,
  },
  {
    slot: 'arr',
    types: [plain('integer[]', "'{}'", 'ARRAY[1, 2]'), plain('bigint[]'), plain('text[]', "'{a,b}'")].map(
      (each, at) => (at === 2 ? plain('text[]', "'{1,2}'") : each),
    ),
    value: (row) => `{${row},2}`,
    isDistinct: true,
  },
  {
    slot: 'span',
    types: [plain('int4range', "'empty'"), plain('int4range')],
    value: (row) => `[${row * 10},${row * 10 + 5})`,
    isDistinct: true,
  },
  {
    slot: 'took',
    types: [plain('interval', "'1 day'"), plain('interval day to second'), plain('text', "'01:00:00'")],
    value: (row) => `0${row + 1}:00:00`,
    isDistinct: true,
  },
  { slot: 'blob', types: [plain('bytea', "'\\x00'")], value: (row) => `\\x0${row}`, isDistinct: true },
];

const NOCASE = ['nocase', 'rtrim'];

const SQLITE: readonly Family[] = [
  {
    slot: 'num',
    types: [
      num('integer', '(1 + 2)'),
      num('bigint'),
      num('numeric(10,2)'),
      num('real', "(length('abc'))"),
      num('float'),
    ],
    value: (row) => String(row + 5),
    isDistinct: true,
  },
  {
    slot: 'str',
    types: [
      str('text', NOCASE, "(upper('a'))"),
      str('varchar(30)', NOCASE),
      str('varchar(255)', []),
      str('char(40)', []),
    ],
    value: (row) => `it's ${row}`,
    isDistinct: true,
  },
  {
    slot: 'when',
    types: [
      plain('datetime', 'CURRENT_TIMESTAMP', "(datetime('now'))"),
      plain('date', "'2020-01-01'"),
      plain('text', "(strftime('%Y', 'now'))"),
    ],
    value: (row) => `2024-02-0${row + 1}`,
    isDistinct: true,
  },
  {
    slot: 'flag',
    types: [plain('boolean', 'true', '0', "'1'"), plain('integer', '0')],
    value: () => '1',
    isDistinct: false,
  },
  {
    slot: 'doc',
    types: [plain('json', "'{}'"), plain('text', '\'{"a": "?"}\'')],
    value: (row) => `{"a": [${row}]}`,
    isDistinct: false,
  },
  {
    slot: 'uid',
    types: [plain('char(36)', '(hex(randomblob(16)))'), plain('text')],
    value: (row) => `u${row}`,
    isDistinct: true,
  },
  { slot: 'blob', types: [plain('blob', "x'00'"), plain('')], value: (row) => `b${row}`, isDistinct: true },
];

const STRICT_TYPES = ['integer', 'real', 'text', 'any'];

/** The families of an engine; of a table that is strict those types only that it takes. */
export function familiesOf(engine: EngineName, isStrict = false): readonly Family[] {
  const families = engine === 'postgresql' ? POSTGRESQL : SQLITE;
  if (!isStrict) return families;
  return families
    .map((family) => ({ ...family, types: family.types.filter(({ type }) => STRICT_TYPES.includes(type)) }))
    .filter(({ types }) => types.length > 0);
}
