import type { DatabaseSchema, View } from '../../../schema/database.js';
import type { ObjectName } from '../../../schema/names.js';
import type { Table } from '../../../schema/table.js';
import type { WrittenText } from '../../../schema/written.js';
import type { Piece } from '../../scratch.js';
import { closingOf, identifierOf, isWord, significant, type Token, tokenize } from '../../tokens.js';

/** A name as the server has it. */
const nameOf = (token: Token): string =>
  token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token);

/** Whether a text can stand elsewhere as it is: no bindings of Knex's, and no comment that swallows what follows. */
function isMovable(text: string): boolean {
  return text !== '' && !text.includes('?') && !/--[^\n]*$/.test(text);
}

/** A name, with a schema or without, and where it ends. */
function objectAt(
  tokens: readonly Token[],
  start: number,
): { readonly path: readonly string[]; readonly end: number } {
  const path: string[] = [];
  let at = start;
  for (;;) {
    const token = tokens[at];
    if (token === undefined) return { path, end: at };
    path.push(nameOf(token));
    if (tokens[at + 1]?.text !== '.') return { path, end: at + 1 };
    at += 2;
  }
}

/** The text between a parenthesis and the one that closes it. */
function within(sql: string, tokens: readonly Token[], open: number): string {
  return sql.slice(tokens[open]?.end, tokens[closingOf(tokens, open)]?.start).trim();
}

interface Found {
  readonly kind: WrittenText['kind'];
  readonly path: readonly string[];
  readonly part: string;
  readonly written: string;
}

/** The checks with a name that a statement creates. */
function checksIn(sql: string, tokens: readonly Token[]): readonly Found[] {
  const table = tokens.findIndex((token) => isWord(token, 'TABLE'));
  if (table < 0) return [];
  let start = table + 1;
  while (isWord(tokens[start], 'IF', 'NOT', 'EXISTS', 'ONLY')) start += 1;
  const { path } = objectAt(tokens, start);
  return tokens.flatMap((token, at): readonly Found[] => {
    const name = tokens[at + 1];
    if (!isWord(token, 'CONSTRAINT') || name === undefined || !isWord(tokens[at + 2], 'CHECK')) return [];
    if (tokens[at + 3]?.text !== '(') return [];
    return [{ kind: 'check', path, part: nameOf(name), written: within(sql, tokens, at + 3) }];
  });
}

/** The condition of an index that a statement creates. */
function predicateIn(sql: string, tokens: readonly Token[]): readonly Found[] {
  const on = tokens.findIndex((token) => isWord(token, 'ON'));
  const where = tokens.findLastIndex((token) => isWord(token, 'WHERE'));
  const first = tokens[where + 1];
  const name = tokens[on - 1];
  if (on < 0 || where < on || first === undefined || name === undefined) return [];
  const { path } = objectAt(tokens, isWord(tokens[on + 1], 'ONLY') ? on + 2 : on + 1);
  return [{ kind: 'index', path, part: nameOf(name), written: sql.slice(first.start).trim() }];
}

/** The query of a view that a statement creates, where it gives the names of the columns itself. */
function queryIn(sql: string, tokens: readonly Token[]): readonly Found[] {
  const view = tokens.findIndex((token) => isWord(token, 'VIEW'));
  const { path, end } = objectAt(tokens, view + 1);
  const as = isWord(tokens[end], 'WITH') ? closingOf(tokens, end + 1) + 1 : end;
  const first = tokens[as + 1];
  if (view < 0 || !isWord(tokens[as], 'AS') || first === undefined) return [];
  return [{ kind: 'view', path, part: '', written: sql.slice(first.start).trim() }];
}

function textsIn({ statements, object }: Piece): readonly Found[] {
  return statements.flatMap(({ sql, bindings = [] }) => {
    // Most statements have none of it: nobody takes them apart.
    if (bindings.length > 0 || !/\b(?:check|where|view)\b/i.test(sql)) return [];
    const tokens = significant(tokenize(sql));
    if (object.kind === 'view' || object.kind === 'materialized view')
      return isWord(tokens[0], 'CREATE') && tokens.slice(0, 5).some((token) => isWord(token, 'VIEW'))
        ? queryIn(sql, tokens)
        : [];
    const isIndex = isWord(tokens[0], 'CREATE') && tokens.slice(1, 3).some((token) => isWord(token, 'INDEX'));
    return isIndex ? predicateIn(sql, tokens) : checksIn(sql, tokens);
  });
}

/** Whether the query has a star that stands for columns. */
function expandsColumns(query: string): boolean {
  const tokens = significant(tokenize(query));
  return tokens.some(
    ({ text }, at) =>
      text === '*' &&
      tokens[at - 1]?.text !== '(' &&
      (tokens[at + 1] === undefined ||
        isWord(tokens[at + 1], 'FROM') ||
        [',', ')'].includes(tokens[at + 1]?.text ?? '')),
  );
}

const ownNames = ({ columns }: Table): readonly string[] =>
  columns.filter(({ isMetadata }) => !isMetadata).map(({ name }) => name);

function expanded(view: View, query: string, { tables }: DatabaseSchema): WrittenText['expands'] {
  if (!expandsColumns(query)) return [];
  return tables
    .filter((table) =>
      view.dependsOn.some(
        (each) => each.kind === 'table' && each.schema === table.schema && each.name === table.name,
      ),
    )
    .map((table) => ({ table: { schema: table.schema, name: table.name }, columns: ownNames(table) }));
}

const keyOf = ({ schema, name }: ObjectName): string => JSON.stringify([schema, name]);

/** Texts of the models beside what the server makes of them. */
export function writtenTexts(
  pieces: readonly Piece[],
  desired: DatabaseSchema,
  home: string,
  toReal: (schema: string) => string,
): readonly WrittenText[] {
  const tables = new Map(desired.tables.map((table) => [keyOf(table), table]));
  const views = new Map(desired.views.map((view) => [keyOf(view), view]));
  return pieces.flatMap((piece) =>
    textsIn(piece).flatMap(({ kind, path, part, written }): readonly WrittenText[] => {
      const [name = '', schema] = [...path].reverse();
      const owner = {
        schema: schema === undefined ? (piece.object.schema ?? home) : toReal(schema),
        name,
      };
      if (!isMovable(written)) return [];
      if (kind === 'view') {
        const view = views.get(keyOf(owner));
        if (view === undefined) return [];
        const expands = expanded(view, written, desired);
        return [{ kind, owner, part, text: view.definition, written, expands }];
      }
      const table = tables.get(keyOf(owner));
      const text =
        kind === 'check'
          ? table?.checks.find((check) => check.name === part)?.expression
          : table?.indexes.find((index) => index.name === part)?.predicate;
      return text === undefined ? [] : [{ kind, owner, part, text, written, expands: [] }];
    }),
  );
}
