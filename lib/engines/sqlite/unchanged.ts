import { groupBy } from '../groupBy.js';
import type { Worded } from '../scratch.js';
import { fold, type MasterRow } from './introspect/read.js';

const CREATE = /^\s*create\s+(?:(unique)\s+)?(table|index|trigger)\s+/i;

/** A statement as the engine keeps it: the words before the name are its own. Undefined for what creates nothing. */
function asKept(sql: string): string | undefined {
  const [head, unique, kind] = CREATE.exec(sql) ?? [];
  if (head === undefined || kind === undefined) return undefined;
  return `CREATE ${unique === undefined ? '' : 'UNIQUE '}${kind.toUpperCase()} ${sql.slice(head.length)}`;
}

/** What the hook looks at before it makes the trigger. */
const LOOKS = /^select name, tbl_name, sql from \S+\.sqlite_master\b/;

/** The texts that a table's statements leave in the schema; undefined where one does more than create. */
function textsOf({ statements }: Worded): readonly string[] | undefined {
  const texts: string[] = [];
  for (const { sql, bindings = [] } of statements) {
    if (LOOKS.test(sql)) continue;
    const kept = bindings.length === 0 ? asKept(sql) : undefined;
    if (kept === undefined) return undefined;
    texts.push(kept);
  }
  return texts;
}

/**
 * The tables that are already, to the letter, what their models ask for: the engine keeps the text of every statement.
 * Of a table that a view, a trigger or other SQL names, that would have to be known too: it is built. Names are in
 * lower case.
 */
export function unchangedTables(
  pieces: readonly Worded[],
  master: readonly MasterRow[],
): ReadonlyMap<string, Worded> {
  const kept = groupBy(master, ({ on }) => on);
  const touched = new Set(pieces.flatMap(({ words }) => [...words]));
  return new Map(
    pieces.flatMap((piece) => {
      const name = fold(piece.object.name);
      if (piece.object.kind !== 'table' || touched.has(name)) return [];
      const is = kept.get(name)?.map(({ sql }) => sql);
      const wanted = is === undefined ? undefined : textsOf(piece);
      const isSame =
        wanted !== undefined &&
        new Set(wanted).size === is?.length &&
        wanted.every((text) => is.includes(text));
      return isSame ? [[name, piece] as const] : [];
    }),
  );
}
