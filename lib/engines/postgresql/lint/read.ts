import type { Action } from '../../../lint/action.js';
import type { ReadStatement } from '../../../lint/engine.js';
import { identifierOf, tokenize } from '../../tokens.js';
import { NAME_BYTES } from '../identifiers.js';
import { ASIDE } from '../trigger.js';
import { actionsOf } from './statements.js';

type Parser = typeof import('libpg-query');

let loading: Promise<Parser> | undefined;

/** PostgreSQL's own parser. It is loaded when the first statement is read: no other command waits for it. */
function loadParser(): Promise<Parser> {
  loading ??= import('libpg-query').then(async (parser) => {
    await parser.loadModule();
    return parser;
  });
  return loading;
}

/** The parser cuts long names as the server does, so they are looked for in the text. */
function longNames(sql: string): readonly Action[] {
  const names = tokenize(sql)
    .filter(({ kind }) => kind === 'name' || kind === 'word')
    .map(identifierOf)
    .filter((name) => Buffer.byteLength(name) > NAME_BYTES);
  return [...new Set(names)].map((name) => ({ kind: 'longName', name, limit: NAME_BYTES }));
}

/** Names that became keywords after the oldest server that is supported: to an older server they are plain names. */
const NEW_KEYWORDS: ReadonlySet<string> = new Set(
  'system_user json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value merge_action'.split(
    ' ',
  ),
);

/** The text with these words quoted, which makes them names. */
const withoutKeywords = (sql: string): string =>
  tokenize(sql)
    .map(({ kind, text }) =>
      kind === 'word' && NEW_KEYWORDS.has(text.toLowerCase()) ? `"${text.toLowerCase()}"` : text,
    )
    .join('');

type Tree = ReturnType<Parser['parseSync']>;

/** Parses what a server of any supported version accepts, and gives the text that was parsed. */
function parseAny(sql: string, parse: Parser['parseSync']): { readonly parsed: string; readonly tree: Tree } {
  try {
    return { parsed: sql, tree: parse(sql) };
  } catch (error) {
    const parsed = withoutKeywords(sql);
    if (parsed === sql) throw error;
    try {
      return { parsed, tree: parse(parsed) };
    } catch {
      throw error;
    }
  }
}

const NAME = '"(?:[^"]|"")*"';
/** A name as a raw statement of the project's may have it. */
const PART = `(?:${NAME}|[^\\s."]+)`;
const TABLE = `(${PART}(?:\\.${PART})?)`;
/** The hook drops a metadata column that gave its values to the project's new column of its name. */
const DROPS = new RegExp(`^alter table ${TABLE} drop column "${ASIDE}(.+)"$`, 's');
/** The hook copies the values of a metadata column that is renamed to the one that it adds. */
const COPIES = new RegExp(`^update ${TABLE} set "${ASIDE}(.+)" = ${NAME}$`, 's');

/** What the hook does to all rows. */
function copies(sql: string): readonly ReadStatement[] {
  const text = sql.trim();
  const dropped = DROPS.exec(text);
  const [, quoted, column] = dropped ?? COPIES.exec(text) ?? [];
  if (quoted === undefined || column === undefined) return [];
  const [name = '', schema] = [...quoted.matchAll(new RegExp(PART, 'g'))]
    .map(([part]) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.toLowerCase()))
    .reverse();
  const table = { schema, name };
  const isSure = dropped === null;
  return [{ text, actions: [{ kind: 'copyMetadata', table, name: column.replaceAll('""', '"'), isSure }] }];
}

/** What the statements of a text do; what the hook adds is not the project's to change. */
export async function read(sql: string, isOwn: boolean): Promise<readonly ReadStatement[]> {
  if (isOwn) return copies(sql);
  const { parseSync } = await loadParser();
  try {
    const { parsed, tree } = parseAny(sql, parseSync);
    const bytes = Buffer.from(parsed);
    return (tree.stmts ?? []).map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
      const end = length === undefined || length === 0 ? bytes.length : start + length;
      const text = bytes.subarray(start, end).toString().trim();
      return { text, actions: [...(stmt === undefined ? [] : actionsOf(stmt)), ...longNames(text)] };
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ text: sql.trim(), actions: [{ kind: 'unread', reason }] }];
  }
}
