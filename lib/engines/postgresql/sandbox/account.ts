import type { Row } from '../../contract.js';
import type { KnownTable } from '../../sandbox.js';
import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import { type Column, columnOf, MARKS, type Name, NO_COLUMN, nameAt, statementsOf } from './statements.js';

/** `unknown`: nobody can tell without a server. */
type Columns = readonly Column[] | 'unknown' | 'none';

/** What the tables look like after statements that were not sent. */
export interface Account {
  /** Takes in a statement that changes something. */
  readonly apply: (sql: string) => void;
  /** The columns of a table, by its name as it is written in SQL. */
  readonly table: (path: string) => Columns;
  /** False where a table was made here, and nothing was put into it. */
  readonly mayHaveRows: (path: string) => boolean;
  /** From now on every table may have rows. */
  readonly forgetRows: () => void;
}

const keyOf = ({ schema, name }: Omit<Name, 'next'>): string => JSON.stringify([schema ?? null, name]);

function pathOf(path: string): Omit<Name, 'next'> {
  const names = significant(tokenize(path))
    .filter(({ text }) => text !== '.')
    .map((token) => (token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token)));
  return { schema: names.at(-2), name: names.at(-1) ?? '' };
}

/** Statements that make no table and alter none. */
const HARMLESS =
  /^(alter\s+(type|sequence|index|function|view|schema)|comment|create\s+(or\s+replace\s+)?(unique\s+|temp(orary)?\s+)*(index|type|extension|function|procedure|view|trigger|sequence|schema|domain|policy)|drop\s+(index|type|function|view|trigger|sequence|domain|policy)|grant|revoke|insert|update|delete|truncate|analyze|lock|reset|savepoint|release|rollback|refresh|reindex|vacuum|set\s+(?!(local\s+|session\s+)?(search_path|schema|role)\b)|select\s+(pg_catalog\.)?(setval|pg_notify)\s*\()/i;
/** The hook's own block makes triggers and comments. */
const HOOK_BLOCK = /^do \$knex_meta/;

/** Keeps account of tables by the statements about them. */
export function newAccount(before: readonly KnownTable[] = []): Account {
  const tables = new Map<string, Columns>();
  const filled = new Set<string>();
  /** Something ran of which nobody can tell what it made. */
  let isUncertain = false;
  let areRowsUnknown = false;

  for (const { schema, name, columns } of before) {
    const isOne = before.filter((other) => other.name === name).length === 1;
    const known = columns.map((column) => {
      const row: Row = { nullable: column.nullable };
      return { name: column.name, type: column.type, isMetadata: column.isMetadata, known: row };
    });
    for (const key of [keyOf({ schema, name }), ...(isOne ? [keyOf({ schema: undefined, name })] : [])]) {
      tables.set(key, known);
      filled.add(key);
    }
  }

  const find = (path: Omit<Name, 'next'>): Columns => {
    const own = tables.get(keyOf(path));
    if (own !== undefined) return own === 'none' && isUncertain ? 'unknown' : own;
    const isElsewhere = [...tables].some(
      ([key, columns]) => columns !== 'none' && (JSON.parse(key) as string[])[1] === path.name,
    );
    return isElsewhere || isUncertain ? 'unknown' : 'none';
  };
  const columnsOf = (path: Omit<Name, 'next'>): readonly Column[] | undefined => {
    const found = find(path);
    return typeof found === 'string' ? undefined : found;
  };
  const set = (path: Omit<Name, 'next'>, columns: Columns): void => {
    tables.set(keyOf(path), columns);
  };

  function create(tokens: readonly Token[]): void {
    const at = tokens.findIndex((token) => isWord(token, 'TABLE'));
    const path = nameAt(tokens, at + 1);
    const isIfNew = tokens.slice(at, at + 3).some((token) => isWord(token, 'EXISTS'));
    if (isIfNew && columnsOf(path) !== undefined) return;
    const open = path.next;
    const part =
      tokens[open]?.text === '(' ? splitAtCommas(tokens.slice(open + 1, closingOf(tokens, open))) : [];
    const [first] = part;
    const like = part.length === 1 && isWord(first?.[0], 'LIKE') ? nameAt(first ?? [], 1) : undefined;
    if (like !== undefined) {
      const copied = columnsOf(like);
      const isWithComments = first?.some((token) => isWord(token, 'ALL', 'COMMENTS')) === true;
      set(
        path,
        copied?.map((column) => (isWithComments ? column : { ...column, isMetadata: false })) ?? 'unknown',
      );
      return;
    }
    const isPlain =
      tokens[open]?.text === '(' &&
      !part.some(([token]) => isWord(token, 'LIKE')) &&
      !tokens.slice(closingOf(tokens, open)).some((token) => isWord(token, 'INHERITS', 'AS', 'OF'));
    if (!isPlain || tokens.slice(1, at).some((token) => isWord(token, 'TEMP', 'TEMPORARY'))) {
      set(path, 'unknown');
      filled.add(keyOf(path));
      return;
    }
    filled.delete(keyOf(path));
    set(
      path,
      part.map(columnOf).filter((column) => column !== undefined),
    );
  }

  function alter(tokens: readonly Token[]): void {
    const path = nameAt(tokens, 2);
    const columns = columnsOf(path);
    let rest = columns ?? [];
    for (const part of splitAtCommas(tokens.slice(path.next))) {
      const isColumn = isWord(part[1], 'COLUMN');
      const from = isColumn ? 2 : 1;
      if (isWord(part[0], 'RENAME') && isWord(part[1], 'TO')) {
        const to = { schema: path.schema, name: nameAt(part, 2).name };
        if (filled.has(keyOf(path))) filled.add(keyOf(to));
        set(path, 'none');
        set(to, columns ?? 'unknown');
        return;
      }
      if (isWord(part[0], 'SET') && isWord(part[1], 'SCHEMA')) {
        const to = { schema: nameAt(part, 2).name, name: path.name };
        if (filled.has(keyOf(path))) filled.add(keyOf(to));
        set(path, 'none');
        set(to, columns ?? 'unknown');
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
      } else if (isWord(part[0], 'ALTER') && part.some((token) => isWord(token, 'TYPE'))) {
        const old = nameAt(part, from).name;
        const at = part.findIndex((token) => isWord(token, 'TYPE'));
        const altered = columnOf([part[from] as Token, ...part.slice(at + 1)]);
        rest = rest.map((column) =>
          column.name === old && altered ? { ...column, type: altered.type } : column,
        );
      } else if (isWord(part[0], 'INHERIT', 'ATTACH')) rest = [];
    }
    if (columns === undefined) set(path, 'unknown');
    else set(path, rest);
  }

  function mark(sql: string): void {
    for (const [, written = ''] of sql.matchAll(MARKS)) {
      const names = significant(tokenize(written))
        .filter(({ text }) => text !== '.')
        .map(identifierOf);
      const path = { schema: names.at(-3), name: names.at(-2) ?? '' };
      const columns = columnsOf(path);
      if (columns === undefined) continue;
      set(
        path,
        columns.map((each) => (each.name === names.at(-1) ? { ...each, isMetadata: true } : each)),
      );
    }
  }

  function applyOne(sql: string): void {
    const tokens = significant(tokenize(sql));
    const [first, second] = tokens;
    if (first === undefined) return;
    if (isWord(first, 'CREATE') && tokens.slice(1, 4).some((token) => isWord(token, 'TABLE'))) create(tokens);
    else if (isWord(first, 'ALTER') && isWord(second, 'TABLE')) alter(tokens);
    else if (isWord(first, 'DROP') && isWord(second, 'TABLE')) {
      for (const part of splitAtCommas(tokens.slice(2))) set(nameAt(part, 0), 'none');
    } else if (isWord(first, 'INSERT', 'COPY', 'MERGE')) {
      filled.add(keyOf(nameAt(tokens, isWord(second, 'INTO') ? 2 : 1)));
    } else if (!HARMLESS.test(sql.trim()) && !HOOK_BLOCK.test(sql.trim())) isUncertain = true;
    // What a trigger or a function does with rows is not seen.
    if (isUncertain) areRowsUnknown = true;
    mark(sql);
  }

  return {
    apply: (sql) => {
      for (const each of statementsOf(sql)) applyOne(each);
    },
    table: (path) => find(pathOf(path)),
    mayHaveRows: (path) => {
      const name = pathOf(path);
      return areRowsUnknown || filled.has(keyOf(name)) || typeof find(name) === 'string';
    },
    forgetRows: () => {
      areRowsUnknown = true;
    },
  };
}
