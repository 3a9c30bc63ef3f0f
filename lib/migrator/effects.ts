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
  /** What makes a column or an index, as it stands in its statement. */
  readonly definition: string | undefined;
  /** Its statement says `IF NOT EXISTS`: another thing of this name may have been there. */
  readonly isConditional?: true;
}

/** What one statement does to things. */
export type Effect =
  | { readonly kind: 'make'; readonly thing: Thing }
  | { readonly kind: 'drop'; readonly what: Thing['kind']; readonly table: string; readonly name: string }
  | {
      readonly kind: 'rename';
      readonly what: 'table' | 'column' | 'index';
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
  /** What it does to things is not known: of those that it names nothing is known any more. */
  readonly touches?: 'named' | 'all';
}

const NO_COLUMN = ['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN', 'EXCLUDE', 'LIKE'] as const;

interface Named {
  readonly schema: string | undefined;
  readonly name: string;
  readonly next: number;
}

/** Whether `IF NOT EXISTS` begins at a place. */
const conditionalAt = (tokens: readonly Token[], at: number): { readonly isConditional?: true } =>
  isWord(tokens[at], 'IF') && isWord(tokens[at + 1], 'NOT') ? { isConditional: true } : {};

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
  const condition = conditionalAt(tokens, at + 1);
  return things.map((thing) => ({ kind: 'make', thing: { ...thing, ...condition } }));
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
      const condition = conditionalAt(part, isColumn ? 2 : 1);
      if (thing !== undefined) effects.push({ kind: 'make', thing: { ...thing, ...condition } });
    } else if (isWord(part[0], 'DROP') && !isWord(part[1], 'CONSTRAINT')) {
      effects.push({ kind: 'drop', what: 'column', ...base });
    } else isKnown = false;
  }
  const isMoved = tokens.some((token, at) => isWord(token, 'SET') && isWord(tokens[at + 1], 'SCHEMA'));
  return { effects, isKnown, again: false, altered: path.name, ...(isMoved ? { touches: 'named' } : {}) };
}

/** `create [unique] index x on t`, `create trigger x ... on t`. */
function createdOn(sql: string, tokens: readonly Token[], kind: 'index' | 'trigger'): readonly Effect[] {
  const at = tokens.findIndex((token) => isWord(token, kind.toUpperCase()));
  const own = named(tokens, at + 1);
  const on = tokens.findIndex((token, index) => index > at && isWord(token, 'ON'));
  // An index without a name gets one that nobody knows.
  if (on === at + 1) return [];
  const { schema, name: table, next } = named(tokens, on + 1);
  const definition = kind === 'index' ? sql.slice(tokens[next]?.start ?? sql.length) : undefined;
  const thing: Thing = { kind, schema: own.schema ?? schema, table, name: own.name, definition };
  return [{ kind: 'make', thing: { ...thing, ...conditionalAt(tokens, at + 1) } }];
}

function dropped(tokens: readonly Token[], what: 'table' | 'index' | 'trigger'): readonly Effect[] {
  return splitAtCommas(tokens.slice(2)).map((part) => {
    const { name } = named(part, 0);
    return { kind: 'drop', what, table: what === 'table' ? name : '', name };
  });
}

const known = (effects: readonly Effect[]): StatementEffects => ({ effects, isKnown: true, again: false });

/** The plain columns of an index, from what stands behind its table. */
export function keysOf(definition: string): readonly string[] {
  const tokens = significant(tokenize(definition));
  const open = tokens.findIndex(({ text }) => text === '(');
  if (open < 0) return [];
  return splitAtCommas(tokens.slice(open + 1, closingOf(tokens, open))).flatMap(([first, next]) =>
    first === undefined || next?.text === '(' || !/^(word|name)$/.test(first.kind) ? [] : [textOf(first)],
  );
}

const UNKNOWN: StatementEffects = { effects: [], isKnown: false, again: false };
const DROPPED = ['table', 'index', 'trigger'] as const;

/** `alter index x rename to y`. */
function alteredIndex(tokens: readonly Token[]): StatementEffects {
  const { name, next } = named(tokens, 2);
  if (!isWord(tokens[next], 'RENAME')) return known([]);
  return known([{ kind: 'rename', what: 'index', table: '', name, to: textOf(tokens[next + 2]) }]);
}

/** Whether a statement is one of the hook's own. It leaves the search path as it was. */
export const isHookStatement = (sql: string): boolean => /\bknex-meta\b|knex_meta/.test(sql);

/** Whether statements that make and drop nothing themselves may do it all the same. */
function touchedBy(sql: string, [first]: readonly Token[]): Pick<StatementEffects, 'touches'> {
  if (isWord(first, 'DO', 'CALL', 'EXECUTE')) {
    if (isHookStatement(sql)) return {};
    return { touches: /\bexecute\b/i.test(sql) ? 'all' : 'named' };
  }
  return isWord(first, 'ALTER', 'PRAGMA', 'EXEC') ? { touches: 'named' } : {};
}

/** Reads what a statement makes, drops and renames. */
export function effectsOf(sql: string): StatementEffects {
  const tokens = significant(tokenize(sql));
  const [first, second] = tokens;
  const head = tokens.slice(1, 5);
  if (isWord(first, 'CREATE')) {
    // Another session never sees it.
    if (head.slice(0, 3).some((token) => isWord(token, 'TEMP', 'TEMPORARY'))) return known([]);
    if (head.slice(0, 3).some((token) => isWord(token, 'TABLE'))) return known(created(sql, tokens));
    if (head.slice(0, 2).some((token) => isWord(token, 'INDEX')))
      return known(createdOn(sql, tokens, 'index'));
    if (head.some((token) => isWord(token, 'TRIGGER'))) return known(createdOn(sql, tokens, 'trigger'));
  }
  if (isWord(first, 'ALTER') && isWord(second, 'TABLE')) return altered(sql, tokens);
  if (isWord(first, 'ALTER') && isWord(second, 'INDEX')) return alteredIndex(tokens);
  if (isWord(first, 'DROP')) {
    const what = DROPPED.find((kind) => isWord(second, kind.toUpperCase()));
    const gone = what === undefined ? UNKNOWN : known(dropped(tokens, what));
    // What goes along (a partition, a column of a type, all of a schema), no text says.
    return tokens.some((token) => isWord(token, 'CASCADE')) ? { ...gone, touches: 'all' } : gone;
  }
  // Comments, and the hook's own block, which looks before it does something.
  const again = isWord(first, 'COMMENT', 'DO', 'SELECT', 'SET');
  return { effects: [], isKnown: false, again, ...touchedBy(sql, tokens) };
}
