/** The place behind the bracket that closes the one at `open`; strings and quoted names do not count. */
function behindBracket(sql: string, open: number): number {
  let depth = 0;
  for (let at = open; at < sql.length; at += 1) {
    const letter = sql[at];
    if (letter === "'" || letter === '"') {
      at = sql.indexOf(letter, at + 1);
      if (at < 0) return sql.length;
    } else if (letter === '[') depth += 1;
    else if (letter === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return sql.length;
}

const CAST = /^(\)?)::(?:"(?:[^"]|"")+"|[\w. ]+?)(?:\(\d+(?:,\d+)?\))?\[\]/;
const FIELD = /\bEXTRACT\((?=[a-z_]*[A-Z])([A-Za-z_]+) FROM/g;

/** Strings and quoted names, which are passed over; a column that is a constant with its cast, and the column's name. */
const CONSTANT =
  /(?<=\b(?:SELECT|DISTINCT)\s+|,\s+)(?:'(?:[^']|'')*'|\bNULL)::("(?:[^"]|"")+"|[a-z_][\w.]*(?: varying| precision| with(?:out)? time zone)?)((?:\([\d,]+\)(?: with(?:out)? time zone)?)?(?:\[\])*) AS ("(?:[^"]|"")+"|\w+)|"(?:[^"]|"")+"|'(?:[^']|'')*'/g;

/** What types are called inside the server, which is what a column of a constant is called. */
const INTERNAL: Readonly<Record<string, string>> = {
  'character varying': 'varchar',
  character: 'bpchar',
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  boolean: 'bool',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
};

const unquoted = (name: string): string => name.replaceAll('"', '');

/** The name of a column that it has anyway: below a UNION the server writes it the second time only. */
function withoutOwnNames(sql: string): string {
  return sql.replace(CONSTANT, (text, type?: string, more = '', name = '') => {
    if (type === undefined) return text;
    const zone = / with(?:out)? time zone$/.exec(more.replace(/(\[\])+$/, ''))?.[0] ?? '';
    const own = INTERNAL[`${type}${zone}`] ?? unquoted(type).split('.').pop();
    return own === unquoted(name) ? text.slice(0, text.length - ` AS ${name}`.length) : text;
  });
}

/** Constants of an array that the server gave their cast one by one, as it does when it reads its own text again. */
const CAST_EACH = /^ARRAY\[(?:\('(?:[^']|'')*'::character varying\)::text(?:, )?)+\]$/;

/** An array of constants with one cast for all, or with none, which the server makes by itself. */
function withoutCasts(array: string): string {
  return CAST_EACH.test(array)
    ? array.replace(/\(('(?:[^']|'')*'::character varying)\)::text/g, '$1')
    : array;
}

/**
 * An expression in a form that the server writes again when it is given it: what it writes of `x in ('a', 'b')` on a
 * column of `varchar` is an array with a cast of its own making, which it would write otherwise the second time. It
 * makes that cast again by itself.
 */
export function stable(sql: string): string {
  const named = sql.includes(' AS ') ? withoutOwnNames(sql) : sql;
  let text = named.includes('EXTRACT(') ? named.replace(FIELD, "EXTRACT('$1' FROM") : named;
  for (let at = text.indexOf('ARRAY['); at >= 0; at = text.indexOf('ARRAY[', at + 1)) {
    const end = behindBracket(text, at + 5);
    if (end === at + 7) continue;
    const array = withoutCasts(text.slice(at, end));
    const [cast, close] = CAST.exec(text.slice(end, end + 200)) ?? [];
    if (cast === undefined || (close === ')' && text[at - 1] !== '(')) {
      text = `${text.slice(0, at)}${array}${text.slice(end)}`;
      continue;
    }
    const start = close === ')' ? at - 1 : at;
    text = `${text.slice(0, start)}${array}${text.slice(end + cast.length)}`;
  }
  return text;
}
