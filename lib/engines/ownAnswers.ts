/** A text of the server's as a value, by its type. */
type Parser = (text: string) => unknown;

/** `2026-11-30 18:00:00.123+00`, as servers write instants. Without a zone it is the process's own time, as drivers read it. */
function instantOf(text: string): Date | string {
  const [, day, time, zone] =
    /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d(?::?\d\d)?)?/.exec(text) ?? [];
  if (day === undefined) return text;
  const offset =
    zone === undefined
      ? ''
      : zone.replace(/^(...)(\d\d)?$/, (_all, hours, minutes = '00') => `${hours}:${minutes}`);
  return new Date(`${day}T${time}${offset}`);
}

/** By the number that the server gives a type; others stay text. */
const PARSERS: Readonly<Record<number, Parser>> = {
  16: (text) => text === 't',
  21: Number,
  23: Number,
  26: Number,
  700: Number,
  701: Number,
  114: (text) => JSON.parse(text),
  3802: (text) => JSON.parse(text),
  1114: instantOf,
  1184: instantOf,
};
const SCALARS = new Set([...Object.keys(PARSERS).map(Number), 18, 19, 20, 25, 1043, 1700, 2950]);
const asText: Parser = (text) => text;

/** Of a driver's connection: what it makes of other types, such as lists. */
interface Parsing {
  getTypeParser?(type: number, format?: string): Parser;
}

/**
 * Options of a query under which a driver gives values as if the project had set none: no parsers of its own for types
 * (`setTypeParser`, `types`), no big integers (`safeIntegers`). Every answer that knex-meta itself reads is asked for
 * with them; a driver leaves alone what it does not know.
 *
 * @param connection - where lists are read too
 */
export function ownOptions(connection?: unknown): Readonly<Record<string, unknown>> {
  return {
    safeIntegers: false,
    types: {
      getTypeParser: (type: number, format?: string): Parser => {
        if (format !== 'binary' && SCALARS.has(type)) return PARSERS[type] ?? asText;
        return (connection as Parsing | undefined)?.getTypeParser?.(type, format) ?? asText;
      },
    },
  };
}
