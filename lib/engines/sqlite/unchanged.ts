import type { Table } from '../../schema/table.js';
import type { ScratchRequest } from '../contract.js';
import type { Worded } from '../scratch.js';
import { fold, type MasterRow } from './introspect/read.js';

const CREATE = /^\s*create\s+(?:(unique)\s+)?(table|index|trigger)\s+/i;

/** The words before the name as the engine keeps them; undefined for what creates nothing. */
function asKept(sql: string): string | undefined {
  const [head, unique, kind] = CREATE.exec(sql) ?? [];
  if (head === undefined || kind === undefined) return undefined;
  return `create ${unique === undefined ? '' : 'unique '}${kind.toLowerCase()} ${sql.slice(head.length)}`;
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
  return texts.sort();
}

/**
 * The tables that are already, to the letter, what their models ask for: the engine keeps the text of every statement.
 * Of a table that a view, a trigger or other SQL names, that would have to be known too: it is built.
 */
export function unchangedTables<P extends Worded>(
  pieces: readonly P[],
  { actual }: ScratchRequest,
  master: readonly MasterRow[],
): ReadonlyMap<P, Table> {
  const tables = new Map(actual.tables.map((table) => [fold(table.name), table]));
  const texts = new Map<string, string[]>();
  for (const { on, sql } of master) {
    const own = texts.get(on) ?? [];
    texts.set(on, own);
    own.push(asKept(sql) ?? sql);
  }
  const touched = new Set(pieces.flatMap(({ words }) => [...words]));
  return new Map(
    pieces.flatMap((piece) => {
      const name = fold(piece.object.name);
      const table = tables.get(name);
      if (piece.object.kind !== 'table' || table === undefined || touched.has(name)) return [];
      const wanted = textsOf(piece);
      const is = texts.get(name)?.sort() ?? [];
      return wanted !== undefined && wanted.join('\n') === is.join('\n') ? [[piece, table] as const] : [];
    }),
  );
}
