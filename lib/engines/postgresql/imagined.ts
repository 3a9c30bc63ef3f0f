import type { Row } from '../contract.js';
import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../tokens.js';
import {
  type Column,
  changedTable,
  columnOf,
  MARKS,
  NO_COLUMN,
  nameAt,
  withLiveNames,
} from './imaginedStatements.js';

/** What the tables look like after statements that were not sent. */
export interface Imagined {
  /** The table that a statement changes, as it is written, when nothing is known of it. */
  readonly unknownTable: (sql: string) => { readonly name: string; readonly quoted: string } | undefined;
  /** Takes in what the database says of a table, before something is written about it. */
  readonly learn: (name: string, rows: readonly Row[]) => void;
  /** A question about tables of the database with its own names for their columns; undefined when it lacks some. */
  readonly asLive: (sql: string) => string | undefined;
  /** Takes in a statement that changes something. */
  readonly apply: (sql: string) => void;
  /** Undefined: nothing that was written touched it; `gone`: it was dropped. */
  readonly table: (name: string) => readonly Column[] | 'changed' | 'gone' | undefined;
  /** Whether a statement names a table that was made or changed. */
  readonly touches: (sql: string) => boolean;
}

/** Keeps account of tables by the statements about them. */
export function newImagined(): Imagined {
  const tables = new Map<string, readonly Column[] | 'changed' | 'gone'>();
  /** New names of tables, which the database does not know. */
  const moved = new Set<string>();
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
        moved.add(nameAt(part, 2).name);
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
    unknownTable: (sql) => {
      const found = changedTable(significant(tokenize(sql)));
      if (found === undefined || tables.has(found.name)) return undefined;
      return { name: found.name, quoted: found.path.map(({ text }) => text).join('') };
    },
    learn: (name, rows) => {
      if (rows.length === 0) return;
      const columns = rows.map((row) => ({
        name: String(row.name),
        type: String(row.type),
        isMetadata: row.is_metadata === true,
        live: row,
      }));
      tables.set(name, columns);
    },
    asLive: (sql) => {
      const names = tokenize(sql).map(identifierOf);
      if (names.some((name) => moved.has(name))) return undefined;
      return withLiveNames(
        sql,
        names.flatMap((name) => columnsOf(name) ?? []),
      );
    },
    apply: (sql) => {
      const tokens = significant(tokenize(sql));
      if (isWord(tokens[0], 'CREATE') && tokens.slice(1, 4).some((token) => isWord(token, 'TABLE')))
        create(tokens);
      else if (isWord(tokens[0], 'ALTER') && isWord(tokens[1], 'TABLE')) alter(tokens);
      else if (isWord(tokens[0], 'DROP') && isWord(tokens[1], 'TABLE')) {
        const names = splitAtCommas(tokens.slice(2)).map((part) => nameAt(part, 0).name);
        for (const name of names) tables.set(name, 'gone');
      } else {
        const changed = changedTable(tokens);
        if (changed !== undefined && !tables.has(changed.name)) tables.set(changed.name, 'changed');
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
