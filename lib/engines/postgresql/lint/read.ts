import type { Action } from '../../../lint/action.js';
import type { ReadStatement } from '../../../lint/engine.js';
import { identifierOf, tokenize } from '../../tokens.js';
import { NAME_BYTES } from '../identifiers.js';
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

/** What the statements of a text do; what the hook adds is not the project's to change. */
export async function read(sql: string, isOwn: boolean): Promise<readonly ReadStatement[]> {
  if (isOwn) return [];
  const { parseSync } = await loadParser();
  try {
    const bytes = Buffer.from(sql);
    return (parseSync(sql).stmts ?? []).map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
      const end = length === undefined || length === 0 ? bytes.length : start + length;
      const text = bytes.subarray(start, end).toString().trim();
      return { text, actions: [...(stmt === undefined ? [] : actionsOf(stmt)), ...longNames(text)] };
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ text: sql.trim(), actions: [{ kind: 'unread', reason }] }];
  }
}
