import type { OtherObject, View } from '../../../schema/database.js';
import type { Dependency } from '../../../schema/names.js';
import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import { fold, type MasterRow, type TableRow } from './read.js';
import { triggerOf } from './tables.js';

/** Tables and views of the database by their names in lower case. */
export type KnownRelations = ReadonlyMap<string, { readonly name: string; readonly kind: 'table' | 'view' }>;

/** What stands before a relation in a query. */
const isLead = (token: Token | undefined): boolean =>
  isWord(token, 'FROM', 'JOIN', 'IN') || token?.text === ',' || token?.text === '(';

/**
 * The relations whose names a query has in a place where one can stand. A column or alias of the same name may be
 * taken for one: the engine does not say what a view needs, and one more thing to come first does no harm.
 */
function relationsIn(query: readonly Token[], self: string, known: KnownRelations): readonly Dependency[] {
  const tokens = significant(query);
  const found = new Map<string, Dependency>();
  tokens.forEach((token, place) => {
    const isName = token.kind === 'word' || token.kind === 'name' || token.kind === 'string';
    const relation = isName ? known.get(fold(identifierOf(token))) : undefined;
    const isQualified = tokens[place - 1]?.text === '.' && isWord(tokens[place - 2], 'MAIN');
    if (relation === undefined || relation.name === self || !isLead(tokens[place - (isQualified ? 3 : 1)]))
      return;
    found.set(relation.name, { ...relation, schema: undefined, identity: undefined });
  });
  return [...found.values()];
}

/** The names that a view gives its columns itself. */
function columnNames(head: readonly Token[]): readonly string[] {
  const open = head.findIndex(({ text }) => text === '(');
  if (open < 0) return [];
  return splitAtCommas(head.slice(open + 1, closingOf(head, open))).flatMap((part) =>
    significant(part).slice(0, 1).map(identifierOf),
  );
}

export function viewOf({ name, sql }: MasterRow, on: readonly MasterRow[], known: KnownRelations): View {
  const tokens = tokenize(sql);
  const as = tokens.findIndex((token) => isWord(token, 'AS'));
  const query = tokens.slice(as + 1);
  return {
    schema: undefined,
    name,
    comment: undefined,
    extension: undefined,
    isMaterialized: false,
    columns: columnNames(tokens.slice(0, as)).map((column) => ({
      name: column,
      type: undefined,
      comment: undefined,
    })),
    definition: query
      .map(({ text }) => text)
      .join('')
      .trim(),
    options: [],
    isPopulated: true,
    indexes: [],
    triggers: on.filter(({ type }) => type === 'trigger').map(triggerOf),
    dependsOn: relationsIn(query, name, known),
  };
}

/** A virtual table, a table in which one keeps its own data, or a table whose text was not understood. */
export function otherOf(
  row: MasterRow,
  table: TableRow | undefined,
  virtual: readonly string[],
): OtherObject {
  const isShadow = table?.kind === 'shadow';
  const owner = virtual
    .filter((name) => fold(row.name).startsWith(`${fold(name)}_`))
    .sort((a, b) => b.length - a.length)[0];
  return {
    kind: isShadow ? 'shadow table' : table?.kind === 'table' ? 'table' : 'virtual table',
    schema: undefined,
    name: row.name,
    table: isShadow ? owner : undefined,
    extension: undefined,
    definition: row.sql,
    // The tables in which a virtual one keeps its data come and go with it.
    drop: table?.kind === 'virtual' ? `drop table "${row.name.replaceAll('"', '""')}"` : undefined,
  };
}
