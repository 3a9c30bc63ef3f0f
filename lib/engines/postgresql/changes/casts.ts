import type { HazardFacts } from '../../../operations/hazards/index.js';
import type { Column } from '../../../schema/column.js';
import { quoteName, quoteText } from '../identifiers.js';

interface Type {
  readonly base: string;
  readonly size: number | undefined;
  readonly scale: number | undefined;
}

function parse(type: string): Type {
  const [, size, scale] = /\((\d+)(?:,(-?\d+))?\)/.exec(type) ?? [];
  return {
    base: type.replace(/\(\d+(,-?\d+)?\)/, ''),
    size: size === undefined ? undefined : Number(size),
    scale: scale === undefined ? undefined : Number(scale),
  };
}

const INTEGERS = ['smallint', 'integer', 'bigint'];
const NUMBERS = [...INTEGERS, 'numeric', 'real', 'double precision'];
const STRINGS = ['text', 'character varying', 'character'];
const DATES = ['date', 'timestamp without time zone', 'timestamp with time zone'];

const within = (size: number | undefined, limit: number | undefined) =>
  limit === undefined || (size !== undefined && size <= limit);

/** Whether each value of one type is a value of the other. */
function isSafeCast(from: string, to: string): boolean {
  const [a, b] = [parse(from), parse(to)];
  if (STRINGS.includes(b.base) && b.size === undefined && b.base !== 'character') return true;
  if (STRINGS.includes(a.base) && STRINGS.includes(b.base)) return within(a.size, b.size);
  if (INTEGERS.includes(a.base) && INTEGERS.includes(b.base))
    return INTEGERS.indexOf(a.base) <= INTEGERS.indexOf(b.base);
  if (INTEGERS.includes(a.base) && b.base === 'numeric') return b.size === undefined;
  if (a.base === 'numeric' && b.base === 'numeric')
    return (
      b.size === undefined ||
      (a.size !== undefined &&
        (a.scale ?? 0) <= (b.scale ?? 0) &&
        a.size - (a.scale ?? 0) <= b.size - (b.scale ?? 0))
    );
  if (a.base === b.base) return within(a.size, b.size);
  const pair = `${a.base} ${b.base}`;
  return (
    ['real double precision', 'json jsonb', 'date timestamp without time zone', 'boolean integer'].includes(
      pair,
    ) ||
    (DATES.includes(a.base) && a.base !== 'date' && DATES.includes(b.base) && b.base !== 'date')
  );
}

/** Whether the server keeps the rows as they are. */
function isInPlace(from: Column, to: Column): boolean {
  const [a, b] = [parse(from.type), parse(to.type)];
  if (from.collation !== to.collation) return true;
  const isGrowing = within(a.size, b.size) && (a.scale ?? 0) === (b.scale ?? 0);
  if (a.base === b.base) return isGrowing && a.base !== 'character';
  return a.base === 'character varying' && b.base === 'text';
}

/** Whether the server itself has a cast between two types: all others go by way of text. */
export function hasCast(from: string, to: string): boolean {
  const [a, b] = [parse(from).base, parse(to).base];
  const both = (group: readonly string[]) => group.includes(a) && group.includes(b);
  if (a === b || STRINGS.includes(a) || STRINGS.includes(b) || both(NUMBERS) || both(DATES)) return true;
  return ['boolean integer', 'integer boolean', 'json jsonb', 'jsonb json'].includes(`${a} ${b}`);
}

/**
 * The expression that makes the values of a column those of another type, where `column::type` is not it.
 * Instants are UTC in a column without a time zone: what the session's zone is does not count.
 */
export function usingOf(
  from: Column,
  to: Column,
  /** The type of a column's values: of a domain, what that is of. */
  typeOf: (column: Column) => string,
): string | undefined {
  const name = quoteName(to.name);
  const [had, has] = [typeOf(from), typeOf(to)];
  const [a, b] = [parse(had).base, parse(has).base];
  if (a === 'timestamp without time zone' && b === 'timestamp with time zone')
    return `${name} at time zone 'UTC'`;
  if (a === 'timestamp with time zone' && (b === 'timestamp without time zone' || b === 'date'))
    return b === 'date' ? `(${name} at time zone 'UTC')::date` : `${name} at time zone 'UTC'`;
  if (a === 'date' && b === 'timestamp with time zone') return `${name}::timestamp at time zone 'UTC'`;
  if (a === 'boolean' && NUMBERS.includes(b) && b !== 'integer') return `${name}::integer::${to.type}`;
  if (NUMBERS.includes(a) && b === 'boolean' && a !== 'integer') return `${name} <> 0`;
  if (hasCast(had, has)) return undefined;
  const isArray = from.type.endsWith('[]') && to.type.endsWith('[]');
  return `${name}::text${isArray ? '[]' : ''}::${to.type}`;
}

const NUMBER = "'^\\s*[-+]?(\\d+(\\.\\d*)?|\\.\\d+)(e[-+]?\\d+)?\\s*$'";

/** Of a text that is a number, whether it has too many digits; any other is none, but for the two words. */
function failsNumber(column: string, { base, size, scale }: Type): string {
  const tooLong =
    base === 'numeric' && size !== undefined
      ? `abs(round(${column}::numeric, ${scale ?? 0})) >= 1e${size - (scale ?? 0)}`
      : 'false';
  return `case when ${column} ~* ${NUMBER} then ${tooLong} else ${column} !~* '^\\s*(nan|[-+]?inf(inity)?)\\s*$' end`;
}

const BOOLEAN = "'^\\s*(t(r(ue?)?)?|f(a(l(se?)?)?)?|y(es?)?|no?|on|off?|1|0)\\s*$'";

const LIMITS: Readonly<Record<string, string>> = {
  smallint: '-32768 and 32767',
  integer: '-2147483648 and 2147483647',
  bigint: '-9223372036854775808 and 9223372036854775807',
};

/** A condition that holds for values which the new type cannot take. */
function failsCast(column: string, from: Column, to: Column): string | undefined {
  const [a, b] = [parse(from.type), parse(to.type)];
  if (STRINGS.includes(b.base))
    return b.size === undefined ? undefined : `length(${column}::text) > ${b.size}`;
  if (STRINGS.includes(a.base) && INTEGERS.includes(b.base))
    return `case when ${column} ~ '^\\s*[-+]?\\d+\\s*$' then ${column}::numeric not between ${LIMITS[b.base]} else ${column} is not null end`;
  if (STRINGS.includes(a.base) && NUMBERS.includes(b.base)) return failsNumber(column, b);
  if (STRINGS.includes(a.base) && b.base === 'boolean') return `${column} !~* ${BOOLEAN}`;
  if (STRINGS.includes(a.base) && b.base === 'uuid')
    return `${column} !~* '^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$'`;
  if (NUMBERS.includes(a.base) && INTEGERS.includes(b.base)) return `${column} not between ${LIMITS[b.base]}`;
  if (NUMBERS.includes(a.base) && b.base === 'numeric' && b.size !== undefined)
    return `abs(${column}) >= 1e${b.size - (b.scale ?? 0)}`;
  return undefined;
}

export const hazards: HazardFacts = {
  quote: quoteName,
  isSafeCast,
  isInPlace,
  isConcurrent: true,
  failsCast,
  hasValue: (name, { type }, values) => {
    const list = values.map(quoteText).join(', ');
    return type.endsWith('[]') ? `${name}::text[] && array[${list}]` : `${name}::text in (${list})`;
  },
  losesText: () => undefined,
};
