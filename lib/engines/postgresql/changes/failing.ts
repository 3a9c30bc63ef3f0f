import { quoteText } from '../identifiers.js';
import {
  BITS,
  castOf,
  DATES,
  elementOf,
  FLOATS,
  INTEGERS,
  isBinaryCast,
  lengthOf,
  NUMBERS,
  parse,
  STRINGS,
  TIMES,
  TIMESTAMPS,
  type Type,
} from './casts.js';
import type { Resolved } from './resolved.js';

const NUMBER = "'^\\s*[-+]?(\\d+(\\.\\d*)?|\\.\\d+)(e[-+]?\\d+)?\\s*$'";
const BOOLEAN = "'^\\s*(t(r(ue?)?)?|f(a(l(se?)?)?)?|y(es?)?|no?|on|off?|1|0)\\s*$'";
const UUID = "'^\\{?[0-9a-f]{4}(-?[0-9a-f]{4}){7}\\}?$'";

const LIMITS: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
};

/** The first number that is too large for a type of floats. */
const TOO_LARGE: Readonly<Record<string, string>> = {
  real: '3.4028235677973366e38',
  'double precision': '1.7976931348623158e308',
};

/** Whether a number has too many digits. NaN is in every numeric. */
function tooLong(number: string, { base, size, scale }: Type): string | undefined {
  if (FLOATS.includes(base)) return `abs(${number}::numeric) >= ${TOO_LARGE[base]}`;
  if (base !== 'numeric' || size === undefined) return undefined;
  const exact = `${number}::numeric`;
  return `${exact} <> 'NaN' and abs(round(${exact}, ${scale ?? 0})) >= 1e${size - (scale ?? 0)}`;
}

/** Of a text that is a number, whether it is out of range; any other is none, but for the words. */
function failsNumber(text: string, type: Type): string {
  const limits = LIMITS[type.base];
  if (limits !== undefined)
    return `case when ${text} ~ '^\\s*[-+]?\\d+\\s*$' then ${text}::numeric not between ${limits.join(' and ')} else ${text} is not null end`;
  const isBounded = type.base === 'numeric' && type.size !== undefined;
  return `case when ${text} ~* ${NUMBER} then ${tooLong(text, type) ?? 'false'} else ${text} !~* '^\\s*(nan${isBounded ? '' : '|[-+]?inf(inity)?'})\\s*$' end`;
}

/** Of a number, whether it is out of the new type's range. */
function outOfRange(number: string, a: string, type: Type): string | undefined {
  const limits = LIMITS[type.base];
  if (limits === undefined) {
    const isBoth = FLOATS.includes(a) && type.base === 'real';
    // A float that is infinite already stays so.
    return isBoth
      ? `abs(${number}) >= ${TOO_LARGE.real} and abs(${number}) < 'Infinity'`
      : FLOATS.includes(type.base) && a !== 'numeric'
        ? undefined
        : tooLong(number, type);
  }
  // Rounding comes before the range is checked.
  if (INTEGERS.includes(a)) return `${number} not between ${limits.join(' and ')}`;
  const [least, most] = limits;
  return a === 'numeric'
    ? `${number} <= ${least}.5 or ${number} >= ${most}.5`
    : `${number} < ${least}.5 or ${number} >= ${most}.5`;
}

/** Pairs of groups of types between which a value that the old one has never fails. */
const NEVER: readonly (readonly [readonly string[], readonly string[]])[] = [
  [DATES, DATES],
  [TIMESTAMPS, TIMES],
  [TIMES, TIMES],
  [['time without time zone'], ['interval']],
  [['interval'], ['interval', 'time without time zone']],
  [['boolean'], NUMBERS],
  [NUMBERS, ['boolean']],
  [['jsonb'], ['json']],
  [
    ['cidr', 'inet'],
    ['cidr', 'inet'],
  ],
  [['macaddr'], ['macaddr8']],
  [INTEGERS, ['bit']],
  [STRINGS, ['bytea']],
];

function neverFails(a: string, b: string, { casts }: Resolved): boolean {
  if (NEVER.some(([from, to]) => from.includes(a) && to.includes(b))) return true;
  const [had, has] = [INTEGERS.indexOf(a), INTEGERS.indexOf(b)];
  if (had >= 0 && has >= had) return true;
  return isBinaryCast(a, b, casts) && castOf(a, b, casts) !== 'none';
}

/** A string that is longer than the type, where more than spaces stands behind its end. */
const tooLongText = (text: string, size: number): string => `rtrim(substr(${text}, ${size + 1}), ' ') <> ''`;

/**
 * A condition that is true of values which the new type cannot take; `unknown` where only trying can tell, undefined
 * where it takes each.
 */
export function failing(value: string, types: Resolved): string | 'unknown' | undefined {
  const { had, has } = types;
  const [a, b] = [parse(had), parse(has)];
  const [ofHad, ofHas] = [elementOf(had), elementOf(has)];
  if (ofHad !== undefined && ofHas !== undefined) {
    const inner = failing('knex_meta_element.value', { ...types, had: ofHad, has: ofHas });
    return inner === undefined || inner === 'unknown'
      ? inner
      : `exists (select from unnest(${value}) as knex_meta_element (value) where ${inner})`;
  }
  if (types.values !== undefined)
    return `${value}::text <> all (array[${types.values.map(quoteText).join(', ')}]::text[])`;
  if (STRINGS.includes(b.base)) {
    const size = lengthOf(b);
    if (a.base === 'bytea')
      return size === undefined ? 'unknown' : tooLongText(`convert_from(${value}, 'UTF8')`, size);
    if (size === undefined || (STRINGS.includes(a.base) && a.size !== undefined && a.size <= size))
      return undefined;
    return tooLongText(`${value}::text`, size);
  }
  if (STRINGS.includes(a.base)) {
    if (NUMBERS.includes(b.base)) return failsNumber(value, b);
    if (b.base === 'boolean') return `${value} !~* ${BOOLEAN}`;
    if (b.base === 'uuid') return `${value} !~* ${UUID}`;
  }
  if (NUMBERS.includes(a.base) && NUMBERS.includes(b.base)) {
    const isGrowing = a.base === 'numeric' && b.base === 'numeric' && isWiderNumeric(a, b);
    const isSmaller = INTEGERS.includes(a.base) && INTEGERS.indexOf(b.base) >= INTEGERS.indexOf(a.base);
    const isUnbounded = b.base === 'numeric' && b.size === undefined;
    return isGrowing || isSmaller || isUnbounded || (a.base === 'real' && b.base === 'double precision')
      ? undefined
      : outOfRange(value, a.base, b);
  }
  if (BITS.includes(a.base) && BITS.includes(b.base)) {
    if (b.base === 'bit') {
      const size = b.size ?? 1;
      return a.base === 'bit' && (a.size ?? 1) === size ? undefined : `length(${value}) <> ${size}`;
    }
    return b.size === undefined || (a.size !== undefined && a.size <= b.size)
      ? undefined
      : `length(${value}) > ${b.size}`;
  }
  if (neverFails(a.base, b.base, types)) return undefined;
  if (a.base === b.base && a.modifier === b.modifier) return undefined;
  return a.base === b.base && [...TIMESTAMPS, ...TIMES, 'interval'].includes(a.base) ? undefined : 'unknown';
}

/** Whether a numeric has room for each value of another, before and behind the point. */
export function isWiderNumeric(a: Type, b: Type): boolean {
  if (b.size === undefined) return true;
  if (a.size === undefined) return false;
  const [had, has] = [a.scale ?? 0, b.scale ?? 0];
  return had <= has && a.size - had <= b.size - has;
}
