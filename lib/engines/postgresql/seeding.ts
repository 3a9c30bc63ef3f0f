import type { Column } from '../../schema/column.js';
import type { DatabaseSchema } from '../../schema/database.js';
import { type SeedEngine, sampleTexts } from '../seeding.js';
import { quoteText } from './identifiers.js';

type Samples = (row: number, size: readonly number[]) => readonly string[];

const date = (row: number): string => `2001-02-${String((row % 28) + 1).padStart(2, '0')}`;
const seconds = (row: number): string =>
  `04:${String(Math.floor(row / 60) % 60).padStart(2, '0')}:${String(row % 60).padStart(2, '0')}`;
const text: Samples = (row, [length]) => sampleTexts(row, length);
const number: Samples = (row) => [String(row), '0.5', '0'];
const RANGE: Samples = () => ['empty'];

/** By the name of the type, without what is in parentheses. All are texts: the server reads them as the type says. */
const BY_TYPE: Readonly<Record<string, Samples>> = {
  smallint: (row) => [String(row % 32_768)],
  integer: (row) => [String(row)],
  bigint: (row) => [String(row)],
  numeric: (row, [precision = 10, scale = 0]) => (precision > scale ? number(row, []) : [`0.${row}`, '0']),
  real: number,
  'double precision': number,
  money: number,
  boolean: () => ['true', 'false'],
  text,
  citext: text,
  name: text,
  'character varying': text,
  character: (row, [length = 1]) => sampleTexts(row, length),
  '"char"': (row) => [String(row % 10)],
  uuid: (row) => [`00000000-0000-4000-8000-${String(row).padStart(12, '0')}`],
  json: () => ['{}', '[]'],
  jsonb: () => ['{}', '[]'],
  date: (row) => [date(row)],
  'timestamp without time zone': (row) => [`${date(row)} ${seconds(row)}`],
  'timestamp with time zone': (row) => [`${date(row)} ${seconds(row)}+00`],
  'time without time zone': (row) => [seconds(row)],
  'time with time zone': (row) => [`${seconds(row)}+00`],
  interval: (row) => [`${row} seconds`],
  bytea: (row) => [`\\x${row.toString(16).padStart(8, '0')}`],
  bit: (row, [length = 1]) => [row.toString(2).padStart(length, '0').slice(-length)],
  'bit varying': (row, [length = 64]) => [row.toString(2).slice(-length)],
  inet: (row) => [`10.0.${Math.floor(row / 256) % 256}.${row % 256}`],
  cidr: (row) => [`10.0.${Math.floor(row / 256) % 256}.${row % 256}/32`],
  macaddr: (row) => [`00:00:00:00:00:${(row % 256).toString(16).padStart(2, '0')}`],
  macaddr8: (row) => [`00:00:00:00:00:00:00:${(row % 256).toString(16).padStart(2, '0')}`],
  point: (row) => [`(${row},${row})`],
  line: () => ['{1,2,3}'],
  lseg: () => ['[(0,0),(1,1)]'],
  box: () => ['(1,1),(0,0)'],
  path: () => ['[(0,0),(1,1)]'],
  polygon: () => ['((0,0),(1,1),(1,0))'],
  circle: (row) => [`<(0,0),${row}>`],
  tsvector: (row) => [`row${row}`],
  tsquery: (row) => [`row${row}`],
  xml: (row) => [`<row>${row}</row>`],
  oid: (row) => [String(row)],
  pg_lsn: (row) => [`0/${row}`],
  hstore: (row) => [`row=>${row}`],
  ltree: (row) => [`row.r${row}`],
  int4range: RANGE,
  int8range: RANGE,
  numrange: RANGE,
  tsrange: RANGE,
  tstzrange: RANGE,
  daterange: RANGE,
};

function samplesOf(
  { type, userType }: Pick<Column, 'type' | 'userType'>,
  row: number,
  schema: DatabaseSchema,
): readonly string[] {
  if (type.endsWith('[]')) return ['{}'];
  const isThis = (each: { readonly schema: string | undefined; readonly name: string }): boolean =>
    each.schema === userType?.schema && each.name === userType?.name;
  const enumeration = userType && schema.enums.find(isThis);
  if (enumeration !== undefined) return enumeration.values;
  const domain = userType && schema.domains.find(isThis);
  if (domain !== undefined) return samplesOf({ type: domain.type, userType: undefined }, row, schema);
  const [, sizes] = /\(([\d,]+)\)/.exec(type) ?? [];
  const bare = type.replace(/\([\d,]+\)/, '').replace(/^\w+\./, '');
  return BY_TYPE[bare]?.(row, sizes?.split(',').map(Number) ?? []) ?? [];
}

export const seeding: SeedEngine = {
  samples: (column, row, schema) => samplesOf(column, row, schema).map(quoteText),
  asLiteral: (quoted) => `pg_catalog.quote_nullable(${quoted}::text)`,
  deferKeys: 'set constraints all deferred',
  empty: (quoted) => (quoted.length === 0 ? [] : [`truncate ${quoted.join(', ')} cascade`]),
};
