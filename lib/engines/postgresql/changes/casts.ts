import type { Cast } from '../../../schema/database.js';

/** A type as the catalog writes it, in its parts. */
export interface Type {
  /** Without length, precision and other modifiers; with the brackets of an array. */
  readonly base: string;
  readonly size: number | undefined;
  readonly scale: number | undefined;
  /** What stands in parentheses. */
  readonly modifier: string | undefined;
}

export function parse(type: string): Type {
  const modifier = /\(([^)]*)\)/.exec(type)?.[1];
  const [, size, scale] = /^(\d+)(?:,(-?\d+))?$/.exec(modifier ?? '') ?? [];
  return {
    base: type.replace(/\([^)]*\)/, ''),
    size: size === undefined ? undefined : Number(size),
    scale: scale === undefined ? undefined : Number(scale),
    modifier,
  };
}

export const INTEGERS: readonly string[] = ['smallint', 'integer', 'bigint'];
export const FLOATS: readonly string[] = ['real', 'double precision'];
export const NUMBERS: readonly string[] = [...INTEGERS, ...FLOATS, 'numeric'];
export const STRINGS: readonly string[] = ['text', 'character varying', 'character'];
export const BITS: readonly string[] = ['bit', 'bit varying'];
export const TIMESTAMPS: readonly string[] = ['timestamp without time zone', 'timestamp with time zone'];
export const DATES: readonly string[] = ['date', ...TIMESTAMPS];
export const TIMES: readonly string[] = ['time without time zone', 'time with time zone'];

/** `integer[]` is `integer`; undefined for a type that is no array. */
export const elementOf = (type: string): string | undefined =>
  type.endsWith('[]') ? type.slice(0, -2) : undefined;

/** How far the server goes by itself: `assignment` is what ALTER TYPE does without USING. */
type CastContext = 'same' | Cast['context'] | 'none';

/** The casts of pg_cast between types of columns: a line is `<context> <source>: <targets>`, `*` is a binary cast. */
const BUILT_IN = `
a bigint: integer, money, smallint
e bigint: bit
i bigint: double precision, numeric, real
e bit: bigint, integer
i bit: bit varying*
i bit varying: bit*
e boolean: integer
a box: polygon
e box: circle, lseg, point
e character: xml
i character: character varying, name, text
e character varying: xml
i character varying: character, name, text*
i cidr: inet*
e circle: box, point, polygon
i date: timestamp with time zone, timestamp without time zone
e daterange: datemultirange
a double precision: bigint, integer, numeric, real, smallint
a inet: cidr
e int4range: int4multirange
e int8range: int8multirange
a integer: money, smallint
e integer: bit, boolean
i integer: bigint, double precision, numeric, real
a interval: time without time zone
a json: jsonb
a jsonb: json
e jsonb: bigint, boolean, double precision, integer, numeric, real, smallint
e lseg: point
i macaddr: macaddr8
i macaddr8: macaddr
a money: numeric
a name: character, character varying
i name: text
a numeric: bigint, integer, money, smallint
i numeric: double precision, real
e numrange: nummultirange
a path: polygon
a point: box
a polygon: path
e polygon: box, circle, point
a real: bigint, integer, numeric, smallint
i real: double precision
i smallint: bigint, double precision, integer, numeric, real
e text: xml
i text: character varying*, character, name
a time with time zone: time without time zone
i time without time zone: interval, time with time zone
a timestamp with time zone: date, time with time zone, time without time zone, timestamp without time zone
a timestamp without time zone: date, time without time zone
i timestamp without time zone: timestamp with time zone
e tsrange: tsmultirange
e tstzrange: tstzmultirange
a xml: character varying*, character, text*`;

const CONTEXTS: Readonly<Record<string, Cast['context']>> = {
  a: 'assignment',
  e: 'explicit',
  i: 'implicit',
};

const pairOf = (source: string, target: string): string => `${source} -> ${target}`;

const byPair: ReadonlyMap<string, Cast> = new Map(
  BUILT_IN.trim()
    .split('\n')
    .flatMap((line) => {
      const [left = '', right = ''] = line.split(': ');
      const source = left.slice(2);
      return right.split(', ').map((written): [string, Cast] => {
        const target = written.replace('*', '');
        const isBinary = written.endsWith('*');
        const context = CONTEXTS[left.charAt(0)] ?? 'explicit';
        return [pairOf(source, target), { source, target, context, isBinary }];
      });
    }),
);

/** How many characters a string can have: `character` alone is `character(1)`. */
export const lengthOf = ({ base, size }: Type): number | undefined =>
  size ?? (base === 'character' ? 1 : undefined);

/** Whether it is the type of the extension that ignores case. */
export const isCitext = (type: string): boolean => /^(.*\.)?citext$/.test(type);

const isString = (type: string): boolean => STRINGS.includes(type) || isCitext(type);

function entryOf(from: string, to: string, casts: readonly Cast[]): Cast | undefined {
  return casts.find(({ source, target }) => source === from && target === to) ?? byPair.get(pairOf(from, to));
}

/**
 * The cast that the server has between two types, as its parser looks for one: pg_cast, the elements of arrays, and the
 * text of any value for types of strings.
 *
 * @param casts - those that the database has beside the built-in ones
 */
export function castOf(from: string, to: string, casts: readonly Cast[] = []): CastContext {
  if (from === to) return 'same';
  const entry = entryOf(from, to, casts);
  if (entry !== undefined) return entry.context;
  const [a, b] = [elementOf(from), elementOf(to)];
  if (a !== undefined && b !== undefined) return castOf(a, b, casts);
  if (isString(to)) return 'assignment';
  return isString(from) ? 'explicit' : 'none';
}

/** Whether a cast leaves the bytes of a value as they are. */
export function isBinaryCast(from: string, to: string, casts: readonly Cast[] = []): boolean {
  return from === to || entryOf(from, to, casts)?.isBinary === true;
}
