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

/**
 * An expression in a form that the server writes again when it is given it: what it writes of `x in ('a', 'b')` on a
 * column of `varchar` is an array with a cast of its own making, which it would write otherwise the second time. It
 * makes that cast again by itself.
 */
export function stable(sql: string): string {
  let text = sql.includes('EXTRACT(') ? sql.replace(FIELD, "EXTRACT('$1' FROM") : sql;
  for (let at = text.indexOf('ARRAY['); at >= 0; at = text.indexOf('ARRAY[', at + 1)) {
    const end = behindBracket(text, at + 5);
    if (end === at + 7) continue;
    const [cast, close] = CAST.exec(text.slice(end, end + 200)) ?? [];
    if (cast === undefined || (close === ')' && text[at - 1] !== '(')) continue;
    text = `${text.slice(0, end)}${close}${text.slice(end + cast.length)}`;
  }
  return text;
}
