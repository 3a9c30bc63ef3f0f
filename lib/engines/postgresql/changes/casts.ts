import type { Column } from '../../../schema/column.js';
import { quoteName } from '../identifiers.js';

export interface Type {
  readonly base: string;
  readonly size: number | undefined;
  readonly scale: number | undefined;
}

export function parse(type: string): Type {
  const [, size, scale] = /\((\d+)(?:,(-?\d+))?\)/.exec(type) ?? [];
  return {
    base: type.replace(/\(\d+(,-?\d+)?\)/, ''),
    size: size === undefined ? undefined : Number(size),
    scale: scale === undefined ? undefined : Number(scale),
  };
}

export const INTEGERS = ['smallint', 'integer', 'bigint'];
export const NUMBERS = [...INTEGERS, 'numeric', 'real', 'double precision'];
export const STRINGS = ['text', 'character varying', 'character'];
const DATES = ['date', 'timestamp without time zone', 'timestamp with time zone'];

const within = (size: number | undefined, limit: number | undefined) =>
  limit === undefined || (size !== undefined && size <= limit);

/** Whether each value of one type is a value of the other. */
export function isSafeCast(from: string, to: string): boolean {
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
export function isInPlace(from: Column, to: Column): boolean {
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
