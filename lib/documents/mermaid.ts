import type { Column } from '../schema/column.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';

/** Words of Mermaid's own; a name that is one of them could end the diagram. */
const RESERVED =
  /^(end|one|only|many|zero|to|optionally|title|acctitle|accdescr|style|classdef|class|direction|section|default|u|o|tb|bt|lr|rl)$/i;

/** A text that no character of ends: quotes, and what Mermaid reads as a sign of its own, are made harmless. */
const label = (text: string): string =>
  text
    .replaceAll('"', "'")
    .replace(/[%\\;#{}<>|\r\n]+/g, ' ')
    .trim() || ' ';

/** A word of letters, digits and underscores. */
const word = (text: string): string => {
  const plain = text.replace(/[^\p{L}\p{N}_]+/gu, '_').replace(/^(?=\p{N})/u, '_');
  return /[A-Za-z]/.test(plain) && /^[A-Za-z0-9_]+$/.test(plain)
    ? plain
    : plain.replace(/[^A-Za-z0-9_]/g, '_').replace(/^_*$/, 'x_');
};

const isPlain = (name: string): boolean => /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !RESERVED.test(name);

/** A timeline of what happened when; a colon would begin another event. */
export function timeline(
  title: string,
  events: readonly { readonly when: string; readonly what: string }[],
): string {
  const days = new Map<string, string[]>();
  const plain = (text: string) => label(text).replaceAll(':', ' ').replace(/\s+/g, ' ').trim() || '-';
  for (const { when, what } of events) days.set(when, [...(days.get(when) ?? []), plain(what)]);
  const lines = [...days].map(([when, whats]) => `  ${plain(when)} : ${whats.join(' : ')}`);
  return ['timeline', `  title ${plain(title)}`, ...lines].join('\n');
}

/** By a constraint, or by an index, which some engines make of `unique()`. */
export const isUnique = ({ uniques, indexes }: Table, name: string): boolean =>
  uniques.some(({ columns }) => columns.length === 1 && columns[0] === name) ||
  indexes.some(
    ({ unique, predicate, keys }) =>
      unique && predicate === undefined && keys.length === 1 && keys[0]?.column === name,
  );

function keysOf(table: Table, { name }: Column): string {
  const marks = [
    ...(table.primaryKey?.columns.includes(name) ? ['PK'] : []),
    ...(table.foreignKeys.some(({ columns }) => columns.includes(name)) ? ['FK'] : []),
    ...(isUnique(table, name) ? ['UK'] : []),
  ];
  return marks.length === 0 ? '' : ` ${marks.join(', ')}`;
}

function attribute(table: Table, column: Column): string {
  const name = isPlain(column.name) ? column.name : word(column.name);
  const note = name === column.name ? '' : ` "${label(column.name)}"`;
  return `    ${word(column.type || 'any')} ${name}${keysOf(table, column)}${note}`;
}

/** An entity-relationship diagram of tables, their columns and foreign keys. */
export function entities(tables: DatabaseSchema['tables'], nameOf: (table: ObjectName) => string): string {
  const ids = new Map(
    tables.map((table, index) => {
      const name = nameOf(table);
      return [`${table.schema ?? ''}.${table.name}`, isPlain(name) ? name : `t${index + 1}_${word(name)}`];
    }),
  );
  const idOf = ({ schema, name }: ObjectName) => ids.get(`${schema ?? ''}.${name}`);
  const boxes = tables.map((table) => {
    const name = nameOf(table);
    const id = idOf(table);
    const title = id === name ? id : `${id}["${label(name)}"]`;
    return [`  ${title} {`, ...table.columns.map((column) => attribute(table, column)), '  }'].join('\n');
  });
  const lines = tables.flatMap((table) =>
    table.foreignKeys.flatMap(({ columns, target }) => {
      const to = idOf(target);
      if (to === undefined) return [];
      const isNullable = columns.some(
        (name) => table.columns.find((column) => column.name === name)?.nullable,
      );
      return [`  ${to} ${isNullable ? '|o' : '||'}--o{ ${idOf(table)} : "${label(columns.join(', '))}"`];
    }),
  );
  return ['erDiagram', ...boxes, ...lines].join('\n');
}
