import { quoteSingle } from '../../render/text.js';
import type { DatabaseSchema } from '../../schema/database.js';
import type { ObjectName } from '../../schema/names.js';
import type { TypedColumn, ValueTypes } from '../contract.js';

const same = (type: string): ValueTypes => ({ read: type, write: type });

const TEXT = same('string');
const NUMBER: ValueTypes = { read: 'number', write: 'number | string' };
/** More digits than a number of JavaScript's holds: the driver gives their text. */
const DIGITS: ValueTypes = { read: 'string', write: 'string | number | bigint' };
const INSTANT: ValueTypes = { read: 'Date', write: 'Date | string' };
const UNKNOWN = same('unknown');

/** What the driver `pg` makes of a value. Whatever is not here it gives as the text that the server sent. */
const PARSED: Readonly<Record<string, ValueTypes>> = {
  smallint: NUMBER,
  integer: NUMBER,
  oid: NUMBER,
  real: NUMBER,
  'double precision': NUMBER,
  bigint: DIGITS,
  numeric: DIGITS,
  money: { read: 'string', write: 'string | number' },
  boolean: same('boolean'),
  date: INSTANT,
  'timestamp without time zone': INSTANT,
  'timestamp with time zone': INSTANT,
  interval: {
    read: '{ years?: number; months?: number; days?: number; hours?: number; minutes?: number; seconds?: number; milliseconds?: number; toPostgres(): string; toISOString(): string }',
    write: 'string | { toPostgres(): string }',
  },
  bytea: { read: 'Buffer', write: 'Uint8Array' },
  json: UNKNOWN,
  jsonb: UNKNOWN,
  point: { read: '{ x: number; y: number }', write: 'string' },
  circle: { read: '{ x: number; y: number; radius: number }', write: 'string' },
};

/** Arrays that the driver takes apart; of others it gives the text. */
const ARRAYS = new Set([
  'smallint',
  'integer',
  'oid',
  'real',
  'double precision',
  'bigint',
  'numeric',
  'boolean',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
  'time without time zone',
  'time with time zone',
  'point',
  'interval',
  'bytea',
  'json',
  'jsonb',
  'text',
  'character',
  'character varying',
  'uuid',
  'inet',
  'cidr',
  'macaddr',
  'money',
  'numrange',
]);

/** Types that are built in and that the driver gives as text. */
const PLAIN =
  /^(text|character|character varying|bpchar|name|"char"|uuid|citext|xml|inet|cidr|macaddr8?|bit|bit varying|time (with|without) time zone|tsvector|tsquery|\w+range|line|lseg|box|path|polygon|jsonpath|pg_lsn|reg\w+)$/;

/** `character varying(40)` without the length, `timestamp(3) with time zone` without the precision. */
const bare = (type: string): string => type.replace(/\([^)]*\)/, '').trim();

const literals = (values: readonly string[]): string => values.map(quoteSingle).join(' | ');

const find = <T extends ObjectName>(all: readonly T[], wanted: ObjectName): T | undefined =>
  all.find(({ schema, name }) => schema === wanted.schema && name === wanted.name);

/** A type by the words that the server writes for it, where it is not built in. */
const named = (all: readonly ObjectName[], words: string): ObjectName | undefined =>
  all.find(({ schema, name }) => [name, `${schema}.${name}`].includes(words.replaceAll('"', '')));

/** See `Engine.valueTypes`. */
export function valueTypes({ type, userType }: TypedColumn, schema: DatabaseSchema): ValueTypes {
  if (type === undefined) return UNKNOWN;
  const isArray = type.endsWith('[]');
  const element = bare(isArray ? type.replace(/(\[\])+$/, '') : type);
  if (userType !== undefined) {
    // An array of a type that is not built in comes as its text.
    if (isArray) return { read: 'string', write: 'string | readonly unknown[]' };
    const choice = find(schema.enums, userType);
    if (choice !== undefined) return choice.values.length === 0 ? TEXT : same(literals(choice.values));
    const domain = find(schema.domains, userType);
    // The server says the type that is below a domain.
    if (domain === undefined) return TEXT;
    const below = named([...schema.enums, ...schema.domains], bare(domain.type.replace(/(\[\])+$/, '')));
    return valueTypes({ type: domain.type, userType: below }, schema);
  }
  const known = PARSED[element] ?? (PLAIN.test(element) ? TEXT : UNKNOWN);
  if (!isArray) return known;
  // The dimensions are not a part of the type.
  if (element === 'numeric') return { read: 'number[]', write: `readonly (${DIGITS.write})[]` };
  if (element === 'json' || element === 'jsonb') return { read: 'unknown[]', write: 'readonly unknown[]' };
  if (!ARRAYS.has(element)) return { read: 'string', write: 'string | readonly unknown[]' };
  const wrapped = (words: string): string => (/[|{]/.test(words) ? `(${words})[]` : `${words}[]`);
  return { read: wrapped(known.read), write: `readonly ${wrapped(known.write)}` };
}
