import type { BuilderCall, DefaultWord, EnumCheck, Wording } from '../../../render/wording.js';
import type { Column } from '../../../schema/column.js';
import { serialName } from '../identifiers.js';

const METHODS: Readonly<Record<string, BuilderCall>> = {
  smallint: { method: 'smallint', args: [] },
  integer: { method: 'integer', args: [] },
  bigint: { method: 'bigInteger', args: [] },
  text: { method: 'text', args: [] },
  boolean: { method: 'boolean', args: [] },
  real: { method: 'float', args: [] },
  'double precision': { method: 'double', args: [] },
  numeric: { method: 'decimal', args: [null] },
  date: { method: 'date', args: [] },
  'time without time zone': { method: 'time', args: [] },
  'timestamp with time zone': { method: 'timestamp', args: [] },
  'timestamp without time zone': { method: 'timestamp', args: [{ useTz: false }] },
  uuid: { method: 'uuid', args: [] },
  json: { method: 'json', args: [] },
  jsonb: { method: 'jsonb', args: [] },
  bytea: { method: 'binary', args: [] },
};

function columnCall(type: string): BuilderCall | undefined {
  const plain = METHODS[type];
  if (plain !== undefined) return plain;
  const [, base = '', first, second, zone] =
    /^(character varying|numeric|timestamp)\((\d+)(?:,(-?\d+))?\)(?: (with|without) time zone)?$/.exec(
      type,
    ) ?? [];
  const precision = Number(first);
  if (base === 'character varying') return { method: 'string', args: [precision] };
  if (base === 'numeric')
    return Number(second) < 0 ? undefined : { method: 'decimal', args: [precision, Number(second)] };
  if (base !== 'timestamp') return undefined;
  return { method: 'timestamp', args: [zone === 'with' ? { precision } : { useTz: false, precision }] };
}

/** The builder writes every value as a string, which the server reads as the column's type. */
function wordOf(value: string, column: Column): DefaultWord | undefined {
  // What Knex writes of a value it reads once more for places of bindings.
  if (/['"\\?\p{Cc}]/u.test(value.replaceAll("''", ''))) return undefined;
  const text = value.replaceAll("''", "'");
  const isNumber = /^(smallint|integer|bigint|real|double precision|numeric)/.test(column.type);
  const number = Number(text);
  if (isNumber) return String(number) === text ? { kind: 'value', value: number } : undefined;
  return { kind: 'value', value: text };
}

/** `character varying(40)` and `character varying`: a constant is of the type without its length. */
const withoutLength = (type: string) => type.replace(/\(\d+(,-?\d+)?\)/, '');

function defaultWord(column: Column): DefaultWord | undefined {
  const { defaultTo, type } = column;
  if (defaultTo === undefined) return undefined;
  const sql: DefaultWord = { kind: 'sql', sql: defaultTo };
  if (defaultTo === 'CURRENT_TIMESTAMP') return { kind: 'now' };
  if (type === 'boolean' && /^(true|false)$/.test(defaultTo))
    return { kind: 'value', value: defaultTo === 'true' };
  const isBare =
    type === 'integer' ? /^\d+$/.test(defaultTo) : /^numeric/.test(type) && /^\d+\.\d+$/.test(defaultTo);
  if (isBare) return wordOf(defaultTo, column) ?? sql;
  const [, value, cast] = /^'((?:[^']|'')*)'::(.+)$/s.exec(defaultTo) ?? [];
  if (value === undefined || cast !== withoutLength(type)) return sql;
  return wordOf(value, column) ?? sql;
}

/** A sequence that is not as `serial` makes it is said apart: see `isPlainSerial`. */
function incrementsCall({ numbering, type }: Column): string | undefined {
  if (numbering?.kind !== 'serial') return undefined;
  return type === 'integer' ? 'increments' : type === 'bigint' ? 'bigIncrements' : undefined;
}

/** How the server writes `x in ('a', 'b')` of a column of text. */
function enumCheck(expression: string): EnumCheck | undefined {
  const [, quoted, plain, list] =
    /^\(*(?:"((?:[^"]|"")+)"|(\w+))\)* = ANY \(+ARRAY\[((?:'[^'\\?]*'::text(?:, )?)+)\]\)+$/.exec(
      expression,
    ) ?? [];
  const column = quoted?.replaceAll('""', '"') ?? plain;
  if (column === undefined || list === undefined) return undefined;
  const values = [...list.matchAll(/'([^']*)'::text/g)].map(([, value = '']) => value);
  // `in` with one value is written as `=`.
  return values.length < 2 ? undefined : { column, values };
}

export const wording: Wording = {
  columnCall,
  defaultWord,
  incrementsCall,
  serialName,
  enumCheck,
  keepsExpressions: false,
  uniqueIsIndex: false,
  namesKeys: true,
  readsBindings: true,
  defersKeys: true,
  altersWhole: false,
  aroundFunctions: ['set local check_function_bodies to off', 'set local check_function_bodies to on'],
  unknownActions: undefined,
  indexMethod: 'btree',
  defaultNulls: (descending) => (descending ? 'first' : 'last'),
};
