import { closingOf, identifierOf, isWord, significant, tokenize } from '../../../tokens.js';

/** A key, constraint or index on columns. */
export interface NamedColumns {
  /** Undefined where the server gives the name. */
  readonly name: string | undefined;
  readonly columns: readonly string[];
}

/** What a definition of a column has that the server does not keep with the column alone. */
const NOT_PLAIN = ['CONSTRAINT', 'UNIQUE', 'REFERENCES', 'GENERATED', 'DEFERRABLE', 'EXCLUDE', 'LIKE'];

/** A column with its definition as it is written, without PRIMARY KEY: one object for each text. */
export interface ColumnPart {
  readonly name: string;
  readonly definition: string;
  readonly isKey: boolean;
}

/** What stands between two commas of a CREATE TABLE. */
type Part = ColumnPart | { readonly primaryKey: NamedColumns };

function readPart(sql: string): Part | undefined {
  const tokens = significant(tokenize(sql));
  const [first] = tokens;
  const last = tokens.at(-1);
  if (first === undefined || last === undefined) return undefined;
  if (isWord(first, 'CONSTRAINT') && isWord(tokens[2], 'PRIMARY')) {
    const [name = '', ...columns] = tokens.filter(({ kind }) => kind === 'name').map(identifierOf);
    return closingOf(tokens, 4) === tokens.length - 1 ? { primaryKey: { name, columns } } : undefined;
  }
  if (first.kind !== 'name' || tokens.some((token) => isWord(token, ...NOT_PLAIN))) return undefined;
  const name = identifierOf(first);
  const key = tokens.findIndex((token, at) => isWord(token, 'PRIMARY') && isWord(tokens[at + 1], 'KEY'));
  const definition = sql.slice(first.end, last.end);
  if (key < 0) return { name, definition, isKey: false };
  const from = (tokens[key]?.start ?? 0) - first.end;
  const to = (tokens[key + 1]?.end ?? 0) - first.end;
  return { name, definition: definition.slice(0, from) + definition.slice(to), isKey: true };
}

/** By their text: a schema has the same few columns in every table. */
const parts = new Map<string, Part | undefined>();

/** Reads one part; undefined where it is not plain. */
export function partOf(sql: string): Part | undefined {
  if (!parts.has(sql)) parts.set(sql, readPart(sql));
  return parts.get(sql);
}
