import type { Conversion } from '../../../operations/hazards/conversion.js';
import type { Column } from '../../../schema/column.js';
import type { TypeFacts } from '../../../schema/database.js';
import {
  BITS,
  castOf,
  DATES,
  elementOf,
  isBinaryCast,
  isCitext,
  NUMBERS,
  parse,
  STRINGS,
  TIMES,
  type Type,
} from './casts.js';
import { expressionOf } from './expressions.js';
import { failing } from './failing.js';
import { isUtc, losing } from './losing.js';
import { type Resolved, resolve } from './resolved.js';

/** Whether an explicit cast to this type cuts what an assignment refuses. */
const isCutting = (type: string): boolean => {
  const base = elementOf(parse(type).base) ?? parse(type).base;
  return (
    base === 'character' ||
    base === 'bit' ||
    (parse(type).size !== undefined && [...STRINGS, ...BITS].includes(base))
  );
};

const within = (size: number | undefined, limit: number | undefined): boolean =>
  limit === undefined || (size !== undefined && size <= limit);

/** Types of which a greater length or precision leaves the rows as they are. */
const GROWING: readonly string[] = [
  'character varying',
  'bit varying',
  'numeric',
  'interval',
  ...DATES,
  ...TIMES,
];

function keepsRows(a: Type, b: Type, { casts, timeZone }: Resolved): boolean {
  if (a.base === b.base) {
    if (a.modifier === b.modifier) return true;
    const isNumber = b.modifier === undefined || b.size !== undefined;
    return (
      GROWING.includes(a.base) &&
      isNumber &&
      within(a.size, b.size) &&
      (a.scale ?? 0) === (b.scale ?? a.scale ?? 0)
    );
  }
  const bases = [a.base, b.base];
  if (bases.every((base) => base.startsWith('timestamp')))
    return isUtc(timeZone) && within(a.size ?? 6, b.size ?? 6);
  if (b.modifier !== undefined) return false;
  return isBinaryCast(a.base, b.base, casts) && b.base !== 'character' && b.base !== 'bit';
}

const isZoned = (type: string): boolean => type.includes('with time zone') && !type.startsWith('time with');

/** Whether an instant becomes a local time, or the other way round. */
function usesTimeZone(a: string, b: string): boolean {
  const [from, to] = [elementOf(a) ?? a, elementOf(b) ?? b];
  const isTime = [from, to].every((type) => [...DATES, ...TIMES].includes(type));
  const becomesZoned = from === 'time without time zone' && to === 'time with time zone';
  return isTime && (isZoned(from) !== isZoned(to) || becomesZoned);
}

function lossText(a: string, b: string): string {
  if (STRINGS.includes(a) && NUMBERS.includes(b))
    return 'a text that reads as a number becomes that number (007 is 7 then)';
  if (STRINGS.includes(a) && !STRINGS.includes(b) && b !== 'jsonb')
    return 'a text that can be read as a value is written otherwise then';
  if (STRINGS.includes(b)) return 'spaces at the end of a text that are too many are cut';
  if (b === 'jsonb') return 'keys get another order, and of keys with one name the last stays';
  return 'a value that the new type does not hold exactly becomes another one, without an error';
}

/** A domain refuses a value when it is cast. */
function withDomain(value: string, fails: string | undefined, to: Column): string {
  const tried = `(${value}::${to.type}) is null and ${value} is not null`;
  return fails === undefined || fails === 'unknown'
    ? tried
    : `case when ${fails} then true else ${tried} end`;
}

/** Whether a collation takes different texts for the same. The server's own take none. */
function isLoose(collation: string | undefined, { others = [] }: TypeFacts): boolean {
  const plain = collation?.replaceAll('"', '');
  return others.some(
    ({ kind, schema, name, definition = '' }) =>
      kind === 'collation' &&
      (plain === name || plain === `${schema}.${name}`) &&
      /deterministic = false/i.test(definition),
  );
}

/** See `Conversion.comparedBy`. */
function comparedBy(
  made: string,
  loses: string | undefined,
  from: Column,
  to: Column,
  facts: TypeFacts,
): string | undefined {
  const isCollated = from.collation !== to.collation && isLoose(to.collation, facts);
  if (isCitext(to.type) && !isCitext(from.type)) return `lower(${made.replace(/::\S+$/, '::text')})`;
  if (isCollated) return `(${made}) collate ${to.collation}`;
  return loses === undefined ? undefined : `(${made})`;
}

/** See `HazardFacts.convert`. */
export function convert(name: string, from: Column, to: Column, facts: TypeFacts = {}): Conversion {
  const types = resolve(from, to, facts);
  const { had, has, casts, checkedBy } = types;
  const [a, b] = [parse(had), parse(has)];
  const context = castOf(a.base, b.base, casts);
  const made = expressionOf(name, a.base, b.base, has, casts);
  const isAssignable =
    (context === 'same' || context === 'implicit' || context === 'assignment') && made.guess === undefined;
  const isOwnType = had === from.type && has === to.type;
  // The assignment behind USING brings the length, and refuses what is too long.
  const target = isCutting(has) && context !== 'explicit' ? b.base : to.type;
  const using = isAssignable ? undefined : expressionOf(name, a.base, b.base, target, casts).sql;
  const plain = failing(name, types);
  const fails = checkedBy === undefined ? plain : withDomain(name, plain, to);
  const isReadAsText = elementOf(a.base) !== undefined && STRINGS.includes(b.base);
  const isPlain = using === undefined || using === `${name}::${to.type}`;
  const isKept = isPlain && checkedBy === undefined && keepsRows(a, b, types);
  const loses = from.type === to.type ? undefined : losing(name, made.sql, types, plain);
  return {
    value: made.sql,
    comparedBy: comparedBy(made.sql, loses, from, to, facts),
    using: using === `${name}::${to.type}` && isOwnType ? undefined : using,
    isAssigned: isAssignable && isCutting(has),
    guess: isReadAsText ? 'an array becomes its text, such as {a,b}' : made.guess,
    fails,
    loses,
    lossText: lossText(a.base, b.base),
    usesTimeZone: usesTimeZone(a.base, b.base),
    isInPlace: isKept,
    rebuildsIndexes: isKept && a.base !== b.base && !(STRINGS.includes(a.base) && STRINGS.includes(b.base)),
  };
}
