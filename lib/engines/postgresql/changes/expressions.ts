import type { Cast } from '../../../schema/database.js';
import { castOf, elementOf, NUMBERS, STRINGS, TIMESTAMPS } from './casts.js';

/** How a value of one type is made one of another. */
export interface Expression {
  readonly sql: string;
  /** Why it is a guess; undefined where it is the server's own cast, or means the same for every value. */
  readonly guess: string | undefined;
}

const sure = (sql: string): Expression => ({ sql, guess: undefined });

/** Between numbers, or a number and a truth value, there is always a way by way of a third type. */
function ofNumbers(value: string, a: string, b: string, type: string): Expression | undefined {
  if (a === 'boolean' && NUMBERS.includes(b)) return sure(`${value}::integer::${type}`);
  if (NUMBERS.includes(a) && b === 'boolean') return sure(`${value} <> 0`);
  const isMoney = a === 'money' ? NUMBERS.includes(b) : b === 'money' && NUMBERS.includes(a);
  return isMoney ? sure(`${value}::numeric::${type}`) : undefined;
}

/** What an engineer writes where the server has no cast. */
function guessed(value: string, a: string, b: string, type: string, casts: readonly Cast[]): Expression {
  const has = (from: string, to: string) => castOf(from, to, casts) !== 'none';
  if (NUMBERS.includes(a) && TIMESTAMPS.includes(b))
    return {
      sql: `to_timestamp(${value})${type === 'timestamp with time zone' ? '' : `::${type}`}`,
      guess: 'the numbers are taken as seconds since 1970',
    };
  if (TIMESTAMPS.includes(a) && NUMBERS.includes(b)) {
    const instant = a === 'timestamp with time zone' ? value : `${value}::timestamp with time zone`;
    return { sql: `extract(epoch from ${instant})::${type}`, guess: 'the numbers are seconds since 1970' };
  }
  const [had, has_] = [elementOf(a), elementOf(b)];
  if (had === undefined && has_ !== undefined && has(a, has_))
    return {
      sql: `case when ${value} is not null then array[${value}]::${type} end`,
      guess: 'each value becomes an array of one element',
    };
  if (had !== undefined && has_ === undefined && has(had, b))
    return { sql: `(${value})[1]::${type}`, guess: 'the first element of each array stays' };
  if (b === 'jsonb' || b === 'json')
    return { sql: `to_${b}(${value})`, guess: `each value is written as ${b}` };
  if (a === 'jsonb' || a === 'json')
    return { sql: `(${value} #>> '{}')::${type}`, guess: `the text of each ${a} value is read as ${type}` };
  return { sql: `${value}::text::${type}`, guess: `the text of each value is read as ${type}` };
}

/** Bytes are no text: the server's own text of them is `\\x6869`. */
function ofBytes(value: string, a: string, b: string): Expression | undefined {
  if (a === 'bytea' && STRINGS.includes(b))
    return { sql: `convert_from(${value}, 'UTF8')`, guess: 'the bytes are read as text in UTF-8' };
  if (STRINGS.includes(a) && b === 'bytea')
    return {
      sql: `convert_to(${value}${a === 'text' ? '' : '::text'}, 'UTF8')`,
      guess: 'the text is written as bytes in UTF-8',
    };
  return undefined;
}

/**
 * The expression of a new value: the server's own cast where there is one.
 *
 * @param value - the old value
 * @param a - its type, without modifiers
 * @param type - the new type, with them
 */
export function expressionOf(
  value: string,
  a: string,
  b: string,
  type: string,
  casts: readonly Cast[] = [],
): Expression {
  const special = ofBytes(value, a, b);
  if (special !== undefined) return special;
  if (castOf(a, b, casts) !== 'none') return sure(`${value}::${type}`);
  return ofNumbers(value, a, b, type) ?? guessed(value, a, b, type, casts);
}
