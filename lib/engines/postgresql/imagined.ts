import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../tokens.js';
import { COLUMN_MARK } from './trigger.js';

/** A column of a table that was written about and never made. */
interface Column {
  readonly name: string;
  readonly type: string;
  readonly isMetadata: boolean;
}

/** What the tables look like after statements that were not sent. */
export interface Imagined {
  /** Takes in a statement that changes something. */
  readonly apply: (sql: string) => void;
  /** Undefined: nothing that was written touched it; `gone`: it was dropped. */
  readonly table: (name: string) => readonly Column[] | 'changed' | 'gone' | undefined;
  /** Whether a statement names a table that was made or changed. */
  readonly touches: (sql: string) => boolean;
}

const NO_COLUMN = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN', 'EXCLUDE', 'LIKE'] as const;
const MARKS = new RegExp(`comment on column ((?:"(?:[^"]|"")*"\\.?)+) is '${COLUMN_MARK}`, 'gi');

/** The last part of `"schema"."table"`, from a position on, and what comes behind it. */
function nameAt(tokens: readonly Token[], start: number): { readonly name: string; readonly next: number } {
  let position = start;
  while (isWord(tokens[position], 'IF', 'NOT', 'EXISTS', 'ONLY')) position += 1;
  while (tokens[position + 1]?.text === '.') position += 2;
  const token = tokens[position];
  return { name: token === undefined ? '' : identifierOf(token), next: position + 1 };
}

function columnOf(tokens: readonly Token[]): Column | undefined {
  const [first, ...rest] = tokens;
  if (first === undefined || isWord(first, ...NO_COLUMN)) return undefined;
  return { name: identifierOf(first), type: rest.map(({ text }) => text).join(' '), isMetadata: false };
}

/** Keeps account of tables by the statements about them. */
export function newImagined(): Imagined {
  const tables = new Map<string, readonly Column[] | 'changed' | 'gone'>();
  const columnsOf = (name: string): readonly Column[] | undefined => {
    const known = tables.get(name);
    return Array.isArray(known) ? (known as readonly Column[]) : undefined;
  };

  function create(tokens: readonly Token[]): void {
    const at = tokens.findIndex((token) => isWord(token, 'TABLE'));
    const { name, next } = nameAt(tokens, at + 1);
    if (tokens[next]?.text !== '(') {
      tables.set(name, 'changed');
      return;
    }
    const parts = splitAtCommas(tokens.slice(next + 1, closingOf(tokens, next)));
    tables.set(
      name,
      parts.map(columnOf).filter((column) => column !== undefined),
    );
  }

  function alter(tokens: readonly Token[]): void {
    const { name, next } = nameAt(tokens, 2);
    const columns = columnsOf(name);
    if (columns === undefined) {
      if (!tables.has(name)) tables.set(name, 'changed');
      if (!isWord(tokens[next], 'RENAME')) return;
    }
    const known = columns ?? [];
    let rest = known;
    for (const part of splitAtCommas(tokens.slice(next))) {
      const isColumn = isWord(part[1], 'COLUMN');
      const from = isColumn ? 2 : 1;
      if (isWord(part[0], 'RENAME') && isWord(part[1], 'TO')) {
        tables.set(name, 'gone');
        tables.set(nameAt(part, 2).name, columns ?? 'changed');
        return;
      }
      if (isWord(part[0], 'ADD') && !isWord(part[1], ...NO_COLUMN)) {
        const added = columnOf(part.slice(nameAt(part, from).next - 1));
        if (added !== undefined) rest = [...rest.filter((column) => column.name !== added.name), added];
      } else if (isWord(part[0], 'DROP') && !isWord(part[1], 'CONSTRAINT')) {
        const dropped = nameAt(part, from).name;
        rest = rest.filter((column) => column.name !== dropped);
      } else if (isWord(part[0], 'RENAME') && !isWord(part[1], 'CONSTRAINT')) {
        const old = nameAt(part, from).name;
        const to = part.at(-1);
        rest = rest.map((column) =>
          column.name === old && to ? { ...column, name: identifierOf(to) } : column,
        );
      }
    }
    if (columns !== undefined) tables.set(name, rest);
  }

  function mark(sql: string): void {
    for (const [, path = ''] of sql.matchAll(MARKS)) {
      const names = significant(tokenize(path))
        .filter(({ text }) => text !== '.')
        .map(identifierOf);
      const [table = '', column = ''] = names.slice(-2);
      const columns = columnsOf(table);
      if (columns === undefined) continue;
      tables.set(
        table,
        columns.map((each) => (each.name === column ? { ...each, isMetadata: true } : each)),
      );
    }
  }

  return {
    apply: (sql) => {
      const tokens = significant(tokenize(sql));
      if (isWord(tokens[0], 'CREATE') && tokens.slice(1, 4).some((token) => isWord(token, 'TABLE')))
        create(tokens);
      else if (isWord(tokens[0], 'ALTER') && isWord(tokens[1], 'TABLE')) alter(tokens);
      else if (isWord(tokens[0], 'DROP') && isWord(tokens[1], 'TABLE')) {
        const names = splitAtCommas(tokens.slice(2)).map((part) => nameAt(part, 0).name);
        for (const name of names) tables.set(name, 'gone');
      } else if (isWord(tokens[0], 'INSERT', 'UPDATE', 'DELETE')) {
        const { name } = nameAt(tokens, isWord(tokens[0], 'UPDATE') ? 1 : 2);
        if (!tables.has(name)) tables.set(name, 'changed');
      }
      mark(sql);
    },
    table: (name) => tables.get(name),
    touches: (sql) =>
      significant(tokenize(sql)).some(
        (token) =>
          (token.kind === 'word' || token.kind === 'name' || token.kind === 'string') &&
          tables.has(identifierOf(token)),
      ),
  };
}
