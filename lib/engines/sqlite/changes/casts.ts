import type { ColumnFacts, Conversion } from '../../../operations/hazards/index.js';
import type { Column } from '../../../schema/column.js';

type Affinity = 'integer' | 'text' | 'blob' | 'real' | 'numeric';

/** By the engine's rules, in their order. */
function affinityOf(type: string): Affinity {
  if (/int/i.test(type)) return 'integer';
  if (/char|clob|text/i.test(type)) return 'text';
  if (/blob/i.test(type) || /^(any)?$/i.test(type.trim())) return 'blob';
  return /real|floa|doub/i.test(type) ? 'real' : 'numeric';
}

/** A value as a column of numbers keeps it. */
const numberOf = (value: string, to: Affinity): string =>
  `cast(${value} as ${to === 'real' ? 'real' : 'numeric'})`;

/** The changes that the engine itself makes when a value comes into a column of another affinity. */
function losing(value: string, to: Affinity): string | undefined {
  const number = numberOf(value, to);
  const isNumber = `typeof(${value}) = 'text' and ${value} = ${number} and cast(${number} as text) <> ${value}`;
  // A float has 53 bits, and its text 15 digits.
  const whole = `typeof(${value}) = 'integer' and cast(cast(${value} as real) as integer) <> ${value}`;
  const digits = `typeof(${value}) = 'real' and cast(cast(${value} as text) as real) <> ${value}`;
  switch (to) {
    case 'blob':
      return undefined;
    case 'text':
      return digits;
    case 'real':
      return `case when typeof(${value}) = 'integer' then ${whole} else ${isNumber} end`;
    default:
      return isNumber;
  }
}

/** The types of values that a column of a STRICT table takes, behind its affinity. */
function failing(value: string, type: string): string | undefined {
  const isText = `typeof(${value}) = 'text'`;
  const number = numberOf(value, 'numeric');
  const isNumber = `(${isText} and ${value} = ${number})`;
  switch (type.toLowerCase()) {
    case 'int':
    case 'integer':
      return `not case typeof(${value}) when 'integer' then 1 when 'real' then ${value} = cast(${value} as integer) else ${isNumber} and ${number} = cast(${number} as integer) end`;
    case 'real':
      return `not (typeof(${value}) in ('integer', 'real') or ${isNumber})`;
    case 'text':
      return `typeof(${value}) = 'blob'`;
    case 'blob':
      return `typeof(${value}) <> 'blob'`;
    default:
      return undefined;
  }
}

/** Which affinities of the old column can have values that the new one changes. */
const CHANGING: Readonly<Record<Affinity, readonly Affinity[]>> = {
  integer: ['text', 'blob'],
  numeric: ['text', 'blob'],
  real: ['text', 'blob', 'integer', 'numeric'],
  text: ['real', 'numeric', 'integer', 'blob'],
  blob: [],
};

/** See `HazardFacts.convert`: a value of any type can be in a column of any other, but for the tables that are STRICT. */
export function convert(name: string, from: Column, to: Column, { isStrict }: ColumnFacts = {}): Conversion {
  const [a, b] = [affinityOf(from.type), affinityOf(to.type)];
  const fails =
    isStrict === true && from.type.toLowerCase() !== to.type.toLowerCase()
      ? failing(name, to.type)
      : undefined;
  const loses = CHANGING[b].includes(a) ? losing(name, b) : undefined;
  const isLoose = from.collation !== to.collation && /nocase|rtrim/i.test(to.collation ?? '');
  return {
    value: name,
    comparedBy: isLoose
      ? `${name} collate ${to.collation}`
      : loses === undefined
        ? undefined
        : madeOf(name, b),
    using: undefined,
    isAssigned: false,
    guess: undefined,
    fails: fails === undefined ? undefined : `${name} is not null and (${fails})`,
    loses,
    lossText:
      b === 'text' || b === 'real'
        ? 'a number with more digits than the new type keeps becomes another one, and a text that reads as a number that number (007 is 7 then)'
        : 'a text that reads as a number becomes that number (007 is 7 then)',
    usesTimeZone: false,
    isInPlace: true,
    rebuildsIndexes: false,
  };
}

/** A value as it is kept in a column of an affinity. */
function madeOf(value: string, affinity: Affinity): string {
  if (affinity === 'text') return `cast(${value} as text)`;
  const number = numberOf(value, affinity);
  return `case when typeof(${value}) <> 'text' or ${value} = ${number} then ${number} else ${value} end`;
}
