import { listOf, STANDARD_QUOTES, splitParts } from '../../../parts.js';
import type { Piece } from '../../../scratch.js';
import { quoteName } from '../../identifiers.js';
import { type ColumnPart, type NamedColumns, partOf } from './part.js';

export interface PlainKey extends NamedColumns {
  /** Schema and name as they are written; the schema may be left out. */
  readonly target: readonly string[];
  readonly targetColumns: readonly string[];
  readonly onUpdate: string;
  readonly onDelete: string;
}

/** A table whose statements say nothing but what stands here. */
export interface PlainTable {
  readonly columns: readonly ColumnPart[];
  readonly primaryKey: NamedColumns | undefined;
  readonly uniques: readonly NamedColumns[];
  readonly indexes: readonly (NamedColumns & { readonly unique: boolean })[];
  readonly foreignKeys: readonly PlainKey[];
  readonly comment: string | undefined;
  readonly comments: ReadonlyMap<string, string>;
  /** The columns that the hook marks as metadata. */
  readonly metadata: ReadonlySet<string>;
  /** The column that the update trigger keeps. */
  readonly stamps: string | undefined;
}

type Draft = { -readonly [K in keyof PlainTable]: PlainTable[K] };

const NAME = '"(?:[^"]|"")+"';
const LIST = `\\((${NAME}(?:, ${NAME})*)\\)`;
const UNIQUE = new RegExp(`^ add constraint (${NAME}) unique ${LIST}$`);
const FOREIGN = new RegExp(
  `^ add constraint (${NAME}) foreign key ${LIST} references (${NAME}(?:\\.${NAME})?) ${LIST}((?: on (?:update|delete) (?:no action|restrict|cascade|set null|set default))*)$`,
  'i',
);
const NAMES = new RegExp(NAME, 'g');
const ACTION = / on (update|delete) (no action|restrict|cascade|set null|set default)/gi;
const INDEX = new RegExp(`^create (unique )?index (${NAME}) on `);
const ON_COLUMNS = new RegExp(`^ ${LIST}$`);
const TEXT = /^ is '((?:[^']|'')*)'$/;
const unquote = (quoted: string): string => quoted.slice(1, -1).replaceAll('""', '"');
const namesIn = (list: string): readonly string[] => (list.match(NAMES) ?? []).map(unquote);

function addPart(draft: Draft, sql: string): boolean {
  const part = partOf(sql.trim());
  if (part === undefined) return false;
  if ('primaryKey' in part) {
    draft.primaryKey = part.primaryKey;
    return true;
  }
  draft.columns = [...draft.columns, part];
  if (part.isKey) draft.primaryKey = { name: undefined, columns: [part.name] };
  return true;
}

function addCreate(draft: Draft, sql: string, head: string): boolean {
  if (!sql.startsWith(`${head} (`)) return false;
  const body = sql.slice(head.length + 1);
  // A dollar sign may quote.
  const list = body.includes('$') ? undefined : listOf(body, STANDARD_QUOTES);
  return (
    list?.close === body.length - 1 &&
    splitParts(body, list, list.close).every(({ text }) => addPart(draft, text))
  );
}

function addConstraint(draft: Draft, rest: string): boolean {
  const [, unique, columns] = UNIQUE.exec(rest) ?? [];
  if (unique !== undefined && columns !== undefined) {
    draft.uniques = [...draft.uniques, { name: unquote(unique), columns: namesIn(columns) }];
    return true;
  }
  const [, name, own, target, others, actions = ''] = FOREIGN.exec(rest) ?? [];
  if (name === undefined || own === undefined || target === undefined || others === undefined) return false;
  const said = new Map(
    [...actions.matchAll(ACTION)].map(([, event = '', action = '']) => [
      event.toLowerCase(),
      action.toLowerCase(),
    ]),
  );
  const key: PlainKey = {
    name: unquote(name),
    columns: namesIn(own),
    target: namesIn(target),
    targetColumns: namesIn(others),
    onUpdate: said.get('update') ?? 'no action',
    onDelete: said.get('delete') ?? 'no action',
  };
  draft.foreignKeys = [...draft.foreignKeys, key];
  return true;
}

function addIndex(draft: Draft, sql: string, quoted: string): boolean {
  const [head, unique, name] = INDEX.exec(sql) ?? [];
  if (head === undefined || name === undefined || !sql.startsWith(quoted, head.length)) return false;
  const columns = ON_COLUMNS.exec(sql.slice(head.length + quoted.length))?.[1];
  if (columns === undefined) return false;
  draft.indexes = [
    ...draft.indexes,
    { name: unquote(name), columns: namesIn(columns), unique: unique !== undefined },
  ];
  return true;
}

function addComment(draft: Draft, sql: string, quoted: string, comments: Map<string, string>): boolean {
  const onTable = `comment on table ${quoted}`;
  const onColumn = `comment on column ${quoted}.`;
  if (sql.startsWith(onTable)) {
    draft.comment = TEXT.exec(sql.slice(onTable.length))?.[1]?.replaceAll("''", "'");
    return draft.comment !== undefined;
  }
  const [, column, text] =
    new RegExp(`^(${NAME}) is '((?:[^']|'')*)'$`).exec(sql.slice(onColumn.length)) ?? [];
  if (!sql.startsWith(onColumn) || column === undefined || text === undefined) return false;
  comments.set(unquote(column), text.replaceAll("''", "'"));
  return true;
}

/** Reads the statements of a table by their very words; undefined where one says anything else. */
export function parsePlain({ object, statements }: Piece, schema: string): PlainTable | undefined {
  const quoted = `${quoteName(schema)}.${quoteName(object.name)}`;
  const comments = new Map<string, string>();
  const draft: Draft = {
    columns: [],
    primaryKey: undefined,
    uniques: [],
    indexes: [],
    foreignKeys: [],
    comment: undefined,
    comments,
    metadata: new Set(statements.flatMap(({ hookColumns }) => hookColumns ?? [])),
    stamps: undefined,
  };
  const isRead = statements.every(({ sql, output, bindings = [], stamps }) => {
    if (output !== undefined || bindings.length > 0) return false;
    if (stamps !== undefined) {
      draft.stamps = stamps ?? undefined;
      return true;
    }
    // Escapes, and what Knex takes for a binding.
    if (/[\\?]/.test(sql)) return false;
    if (sql.startsWith('create table ')) return addCreate(draft, sql, `create table ${quoted}`);
    if (sql.startsWith(`alter table ${quoted} `))
      return addConstraint(draft, sql.slice(`alter table ${quoted}`.length));
    return sql.startsWith('comment on ')
      ? addComment(draft, sql, quoted, comments)
      : addIndex(draft, sql, quoted);
  });
  return isRead ? draft : undefined;
}
