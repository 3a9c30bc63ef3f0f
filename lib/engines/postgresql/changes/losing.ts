import {
  BITS,
  castOf,
  DATES,
  elementOf,
  FLOATS,
  INTEGERS,
  lengthOf,
  NUMBERS,
  parse,
  STRINGS,
  TIMES,
  type Type,
} from './casts.js';
import { expressionOf } from './expressions.js';
import { isWiderNumeric } from './failing.js';
import type { Resolved } from './resolved.js';

/** Types of which `=` is true of the same value only. Others are compared by their text. */
const NATIVE: readonly string[] = [
  ...NUMBERS,
  ...DATES,
  ...TIMES,
  'boolean',
  'uuid',
  'money',
  'bytea',
  'jsonb',
];

/** JSON without the white space that only its layout has. */
const compact = (json: string): string =>
  `regexp_replace(${json}::text, '("(?:[^"\\\\]|\\\\.)*")|\\s+', '\\1', 'g')`;

const precisionOf = ({ size }: Type): number => size ?? 6;

function neverLosesNumber(a: Type, b: Type): boolean {
  if (INTEGERS.includes(a.base) && INTEGERS.includes(b.base)) return true;
  if (a.base === 'boolean') return true;
  if (a.base === 'numeric' && INTEGERS.includes(b.base)) return a.size !== undefined && (a.scale ?? 0) <= 0;
  if (b.base === 'numeric') {
    if (INTEGERS.includes(a.base)) return b.size === undefined || (b.scale ?? 0) >= 0;
    return (
      a.base === 'numeric' && (isWiderNumeric(a, b) || (a.scale !== undefined && a.scale <= (b.scale ?? 0)))
    );
  }
  if (b.base === 'double precision') return ['smallint', 'integer', 'real'].includes(a.base);
  return b.base === 'real' && a.base === 'smallint';
}

/** Whether no value can become another one. */
function neverLoses(had: string, has: string, { values, timeZone }: Resolved): boolean {
  const [a, b] = [parse(had), parse(has)];
  // A text that is a value of an enum stays the same text.
  if (values !== undefined && elementOf(a.base) === elementOf(b.base)) return true;
  if (NUMBERS.includes(b.base) && (NUMBERS.includes(a.base) || a.base === 'boolean'))
    return neverLosesNumber(a, b);
  if (STRINGS.includes(b.base)) {
    const size = lengthOf(b);
    const isWithin = size === undefined || (a.size !== undefined && a.size <= size);
    if (b.base === 'character') return a.base === 'character' && isWithin;
    return size === undefined || (STRINGS.includes(a.base) && isWithin);
  }
  // Another length stops it.
  if (BITS.includes(a.base) && BITS.includes(b.base)) return true;
  // What is no JSON yet is written as it.
  if (/^jsonb?$/.test(b.base) && !STRINGS.includes(a.base) && !/^jsonb?$/.test(a.base)) return true;
  if (b.base === 'json') return STRINGS.includes(a.base) || a.base === 'jsonb';
  if (b.base === 'bytea') return STRINGS.includes(a.base);
  if (a.base === 'date') return DATES.includes(b.base);
  const isPrecise = precisionOf(a) <= precisionOf(b);
  if (a.base === b.base)
    return (
      a.modifier === b.modifier ||
      ([...DATES, ...TIMES, 'interval'].includes(a.base) &&
        isPrecise &&
        (b.modifier === undefined || b.size !== undefined))
    );
  if (a.base.startsWith('timestamp') && b.base.startsWith('timestamp')) return isPrecise && isUtc(timeZone);
  return ['cidr inet', 'time without time zone interval', 'macaddr macaddr8'].includes(`${a.base} ${b.base}`);
}

/** Whether a time zone has never had another offset than zero. */
export const isUtc = (zone: string | undefined): boolean =>
  /^(etc\/)?(utc|gmt|uct|zulu|universal|greenwich|gmt[+-]?0)$/i.test(zone ?? '');

/** Whether a value that comes back is another one than it was. */
function isOther(value: string, made: string, types: Resolved): string {
  const [a, b] = [parse(types.had).base, parse(types.has).base];
  if (b === 'jsonb' && (a === 'json' || STRINGS.includes(a)))
    return `${compact(`(${made})`)} is distinct from ${compact(value)}`;
  // An address without a mask has one in its text.
  if (STRINGS.includes(a) && b === 'inet') return `abbrev(${made}) is distinct from ${value}::text`;
  if (STRINGS.includes(a) || STRINGS.includes(b)) return `(${made})::text is distinct from ${value}::text`;
  const isBack =
    castOf(b, a, types.casts) !== 'none' ||
    expressionOf('x', b, a, a, types.casts).guess?.includes('text') !== true;
  if (!isBack) return `(${made})::text is distinct from ${value}::text`;
  const back = expressionOf(`(${made})`, b, a, a, types.casts).sql;
  // What a float has become may be out of an integer's range.
  if (INTEGERS.includes(a) && FLOATS.includes(b))
    return `case when abs(${made}) >= 9.2e18 then true else ${back} is distinct from ${value} end`;
  const element = elementOf(a);
  // An array of a domain has no `=` of its own.
  const old = element === undefined ? value : `${value}::${a}`;
  const isNative = NATIVE.includes(element ?? a) && element !== 'jsonb';
  return isNative ? `${back} is distinct from ${old}` : `(${back})::text is distinct from ${value}::text`;
}

/**
 * A condition that is true of values which become others without an error; undefined where none can.
 *
 * @param value - the old value
 * @param made - the expression of the new one
 * @param fails - what `failing` says
 */
export function losing(
  value: string,
  made: string,
  types: Resolved,
  fails: string | undefined,
): string | undefined {
  const { had, has } = types;
  const [ofHad, ofHas] = [elementOf(had), elementOf(has)];
  const isArray = ofHad !== undefined && ofHas !== undefined;
  const isSafe = isArray ? neverLoses(ofHad, ofHas, types) : neverLoses(had, has, types);
  if (isSafe) return undefined;
  const other = isOther(value, made, types);
  return fails === undefined || fails === 'unknown'
    ? other
    : `case when ${fails} then false else ${other} end`;
}
