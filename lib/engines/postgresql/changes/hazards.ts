import type { HazardFacts } from '../../../operations/hazards/index.js';
import type { Column } from '../../../schema/column.js';
import { quoteName, quoteText } from '../identifiers.js';
import { INTEGERS, isInPlace, isSafeCast, NUMBERS, parse, STRINGS, type Type } from './casts.js';
import { isMadeAnew } from './types.js';

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
  isMadeAnew,
  failsCast,
  hasValue: (name, { type }, values) => {
    const list = values.map(quoteText).join(', ');
    return type.endsWith('[]') ? `${name}::text[] && array[${list}]` : `${name}::text in (${list})`;
  },
  losesText: () => undefined,
};
