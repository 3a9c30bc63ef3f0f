import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../engines/tokens.js';

/** Something that a migration makes. `schema` only where the statement names one. */
export interface Thing {
  readonly kind: 'table' | 'column' | 'index' | 'trigger';
  readonly schema: string | undefined;
  /** The table, of a column, index or trigger too. */
  readonly table: string;
  /** The column's, index's or trigger's name; a table's own. */
  readonly name: string;
  /** What makes a column, as it stands in its statement. */
  readonly definition: string | undefined;
}

/** What one statement does to things. */
export type Effect =
  | { readonly kind: 'make'; readonly thing: Thing }
  | { readonly kind: 'drop'; readonly what: Thing['kind']; readonly table: string; readonly name: string }
  | {
      readonly kind: 'rename';
      readonly what: 'table' | 'column';
      readonly table: string;
      readonly name: string;
      readonly to: string;
    };

/** What a statement is to somebody who asks whether it was run: `again`: it may be run twice. */
export interface StatementEffects {
  readonly effects: readonly Effect[];
  readonly isKnown: boolean;
  readonly again: boolean;
  /** The table that it alters. */
  readonly altered?: string;
}

const NO_COLUMN = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN', 'EXCLUDE', 'LIKE'] as const;

interface Named {
  readonly schema: string | undefined;
  readonly name: string;
  readonly next: number;
}

/** An unquoted name is the same in any case. */
function textOf(token: Token | undefined): string {
  if (token === undefined) return '';
  return token.kind === 'word' ? token.text.toLowerCase() : identifierOf(token);
}

function named(tokens: readonly Token[], start: number): Named {
  let at = start;
  while (isWord(tokens[at], 'IF', 'NOT', 'EXISTS', 'ONLY', 'CONCURRENTLY')) at += 1;
  let schema: string | undefined;
  while (tokens[at + 1]?.text === '.') {
    schema = textOf(tokens[at]);
    at += 2;
  }
  return { schema, name: textOf(tokens[at]), next: at + 1 };
}

function columnThing(sql: string, part: readonly Token[], { schema, name: table }: Named): readonly Thing[] {
  const [first] = part;
  const last = part.at(-1);
  if (first === undefined || last === undefined || isWord(first, ...NO_COLUMN)) return [];
  const definition = sql.slice(first.start, last.end);
  return [{ kind: 'column', schema, table, name: textOf(first), definition }];
}

function created(sql: string, tokens: readonly Token[]): readonly Effect[] {
  const at = tokens.findIndex((token) => isWord(token, 'TABLE'));
  const path = named(tokens, at + 1);
  const { schema, name } = path;
  const open = tokens[path.next]?.text === '(' ? path.next : undefined;
  const parts = open === undefined ? [] : splitAtCommas(tokens.slice(open + 1, closingOf(tokens, open)));
  const table: Thing = { kind: 'table', schema, table: name, name, definition: undefined };
  const things = [table, ...parts.flatMap((part) => columnThing(sql, part, path))];
  return things.map((thing) => ({ kind: 'make', thing }));
}

function altered(sql: string, tokens: readonly Token[]): StatementEffects {
  const path = named(tokens, 2);
  const effects: Effect[] = [];
  let isKnown = true;
  for (const part of splitAtCommas(tokens.slice(path.next))) {
    const isColumn = isWord(part[1], 'COLUMN');
    const { name, next } = named(part, isColumn ? 2 : 1);
    const base = { table: path.name, name };
    if (isWord(part[0], 'RENAME') && isWord(part[1], 'TO')) {
      effects.push({ kind: 'rename', what: 'table', table: path.name, name: path.name, to: textOf(part[2]) });
    } else if (isWord(part[0], 'RENAME') && !isWord(part[1], 'CONSTRAINT')) {
      effects.push({ kind: 'rename', what: 'column', ...base, to: textOf(part.at(-1)) });
    } else if (isWord(part[0], 'ADD') && !isWord(part[1], ...NO_COLUMN)) {
      const [thing] = columnThing(sql, part.slice(next - 1), path);
      if (thing !== undefined) effects.push({ kind: 'make', thing });
    } else if (isWord(part[0], 'DROP') && !isWord(part[1], 'CONSTRAINT')) {
      effects.push({ kind: 'drop', what: 'column', ...base });
    } else isKnown = false;
  }
  return { effects, isKnown, again: false, altered: path.name };
}

/** `create [unique] index x on t`, `create trigger x ... on t`. */
function createdOn(tokens: readonly Token[], kind: 'index' | 'trigger'): readonly Effect[] {
  const at = tokens.findIndex((token) => isWord(token, kind.toUpperCase()));
  const own = named(tokens, at + 1);
  const on = tokens.findIndex((token, index) => index > at && isWord(token, 'ON'));
  const { schema, name: table } = named(tokens, on + 1);
  return [
    {
      kind: 'make',
      thing: { kind, schema: own.schema ?? schema, table, name: own.name, definition: undefined },
    },
  ];
}

function dropped(tokens: readonly Token[], what: 'table' | 'index' | 'trigger'): readonly Effect[] {
  return splitAtCommas(tokens.slice(2)).map((part) => {
    const { name } = named(part, 0);
    return { kind: 'drop', what, table: what === 'table' ? name : '', name };
  });
}

const known = (effects: readonly Effect[]): StatementEffects => ({ effects, isKnown: true, again: false });

/** Reads what a statement makes, drops and renames. */
export function effectsOf(sql: string): StatementEffects {
  const tokens = significant(tokenize(sql));
  const [first, second] = tokens;
  const head = tokens.slice(1, 5);
  if (isWord(first, 'CREATE')) {
    if (head.slice(0, 3).some((token) => isWord(token, 'TABLE'))) return known(created(sql, tokens));
    if (head.slice(0, 2).some((token) => isWord(token, 'INDEX'))) return known(createdOn(tokens, 'index'));
    if (head.some((token) => isWord(token, 'TRIGGER'))) return known(createdOn(tokens, 'trigger'));
  }
  if (isWord(first, 'ALTER') && isWord(second, 'TABLE')) return altered(sql, tokens);
  if (isWord(first, 'DROP')) {
    if (isWord(second, 'TABLE')) return known(dropped(tokens, 'table'));
    if (isWord(second, 'INDEX')) return known(dropped(tokens, 'index'));
    if (isWord(second, 'TRIGGER')) return known(dropped(tokens, 'trigger'));
  }
  // Comments, and the hook's own block, which looks before it does something.
  const again = isWord(first, 'COMMENT', 'DO', 'SELECT', 'SET');
  return { effects: [], isKnown: false, again };
}
