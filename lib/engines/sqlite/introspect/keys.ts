import type { KeyConstraint } from '../../../schema/constraints.js';
import type { KeyPart } from '../../../schema/tableIndex.js';
import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import type { TableDefinition } from '../ddl/createTable.js';
import { fold } from './read.js';
import { conflictOf, lineOf } from './text.js';

/** A column's spelling and collation, by its name in lower case. */
export type KnownColumns = ReadonlyMap<
  string,
  { readonly name: string; readonly collation: string | undefined }
>;

/** A part that is a column and no more. */
const COLUMN: KeyPart = {
  column: undefined,
  expression: undefined,
  opclass: undefined,
  opclassOptions: [],
  collation: undefined,
  descending: false,
  // To this engine NULL is less than everything.
  nulls: 'first',
};

/** One part of an index or key: a column or an expression, a collation, a direction. */
function keyPartOf(part: readonly Token[], columns: KnownColumns): KeyPart {
  const tokens = significant(part);
  let end = tokens.length;
  // `primary key ("id" autoincrement)`: the column says how it is numbered.
  if (isWord(tokens[end - 1], 'AUTOINCREMENT')) end -= 1;
  const descending = isWord(tokens[end - 1], 'DESC');
  if (descending || isWord(tokens[end - 1], 'ASC')) end -= 1;
  const named = isWord(tokens[end - 2], 'COLLATE') ? tokens[end - 1] : undefined;
  if (named !== undefined) end -= 2;
  const [first] = tokens;
  // A string in place of a name is one to the engine.
  const column = end === 1 && first !== undefined ? columns.get(fold(identifierOf(first))) : undefined;
  const last = tokens[end - 1];
  const collation = named === undefined ? undefined : identifierOf(named);
  const isImplied = column !== undefined && fold(column.collation ?? 'binary') === fold(collation ?? '');
  return {
    ...COLUMN,
    column: column?.name,
    expression:
      column === undefined ? lineOf(part.filter(({ start }) => start < (last?.end ?? 0))) : undefined,
    collation: isImplied ? undefined : collation,
    descending,
    nulls: descending ? 'last' : COLUMN.nulls,
  };
}

const NAME = '(?:`(?:[^`]|``)+`|"(?:[^"]|"")+")';
const PLAIN = new RegExp(`^create (unique )?index ${NAME} on ${NAME} \\((${NAME}(?:, ${NAME})*)\\)$`, 'i');
const NAMES = new RegExp(NAME, 'g');

/** The parts of an index on columns and nothing else, which most are: it is read without its tokens. */
export function plainIndex(
  sql: string,
  columns: KnownColumns,
): { readonly unique: boolean; readonly keys: readonly KeyPart[] } | undefined {
  const [, unique, list = ''] = PLAIN.exec(sql) ?? [];
  const names = list.match(NAMES) ?? [];
  const keys = names.flatMap((text) => {
    const column = columns.get(fold(identifierOf({ kind: 'name', text })));
    return column === undefined ? [] : [{ ...COLUMN, column: column.name }];
  });
  return names.length > 0 && keys.length === names.length
    ? { unique: unique !== undefined, keys }
    : undefined;
}

/** The parts in the parenthesis that opens at this position. */
export function keyPartsAt(
  tokens: readonly Token[],
  open: number,
  columns: KnownColumns,
): readonly KeyPart[] {
  return splitAtCommas(tokens.slice(open + 1, closingOf(tokens, open))).map((part) =>
    keyPartOf(part, columns),
  );
}

function keyConstraint(name: string | undefined, text: string, parts: readonly KeyPart[]): KeyConstraint {
  const isPlain = parts.every(({ collation, descending }) => collation === undefined && !descending);
  return {
    name,
    comment: undefined,
    columns: parts.map(({ column, expression }) => column ?? expression ?? ''),
    parts: isPlain ? undefined : parts,
    include: [],
    deferral: 'not deferrable',
    nullsNotDistinct: false,
    withoutOverlaps: false,
    options: [],
    conflict: conflictOf(text),
  };
}

/** The keys of a kind in their order: those in columns' definitions, then those of the table. */
export function keysOf(
  table: TableDefinition,
  wanted: 'primary' | 'unique',
  columns: KnownColumns,
): readonly KeyConstraint[] {
  const inColumns = table.columns.flatMap((column) =>
    column.constraints
      .filter(({ kind }) => kind === wanted)
      .map(({ name, text }) => {
        const tokens = significant(tokenize(text));
        const descending = wanted === 'primary' && tokens.some((token) => isWord(token, 'DESC'));
        const direction = descending ? ' desc' : '';
        const part = keyPartOf(tokenize(`${column.nameText}${direction}`), columns);
        return keyConstraint(name, text, [part]);
      }),
  );
  const ofTable = table.constraints
    .filter(({ kind }) => kind === wanted)
    .map(({ name, text }) => {
      const tokens = tokenize(text);
      const open = tokens.findIndex((token) => token.text === '(');
      return keyConstraint(name, text, keyPartsAt(tokens, open, columns));
    });
  return [...inColumns, ...ofTable];
}
