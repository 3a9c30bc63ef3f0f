import type { TypedColumn, ValueTypes } from '../engines/contract.js';
import { docComment } from '../render/comments.js';
import { propertyKey, quoteSingle } from '../render/text.js';
import type { EnumCheck } from '../render/wording.js';
import type { Column } from '../schema/column.js';
import type { DatabaseSchema, View } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { typeNames } from './names.js';

/** What is known of the project and its engine. */
export interface TypeOptions {
  readonly valueTypes: (column: TypedColumn, schema: DatabaseSchema) => ValueTypes;
  readonly enumCheck: (expression: string) => EnumCheck | undefined;
  /** The schema of tables that are called by their name alone. */
  readonly home: string | undefined;
  /** Tables that are nobody's concern: the migrator's. */
  readonly ownTables: readonly string[];
  /** What the application calls what the database calls so. */
  readonly inApplication: (name: string) => string;
  /** Whether a `select *` gives the metadata columns. */
  readonly isMetadataVisible: boolean;
  /** TypeScript for types of the database, over what the driver gives. */
  readonly overrides: ReadonlyMap<string, string>;
}

/** A member of a row's type. */
interface Member {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly comment: string | undefined;
}

const HEADER = `// Written by \`knex-meta types:generate\`; changes by hand are lost.
import type { Knex } from 'knex';
`;

const byName = <T extends { readonly name: string }>(items: readonly T[]): readonly T[] =>
  [...items].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The values that a column of texts may have, where a check lists them. */
function choicesOf(table: Table, { name }: Column, { enumCheck }: TypeOptions): ValueTypes | undefined {
  const found = table.checks
    .filter(({ isValid, isEnforced }) => isValid && isEnforced)
    .map(({ expression }) => enumCheck(expression))
    .find((check) => check?.column === name && check.values.length > 0);
  if (found === undefined) return undefined;
  const union = found.values.map(quoteSingle).join(' | ');
  return { read: union, write: union };
}

/** The word for a column's type, without its length. */
export const typeWord = (type: string | undefined): string =>
  type?.toLowerCase().replace(/\([^)]*\)/, '') ?? '';

function typesOf(schema: DatabaseSchema, column: TypedColumn, options: TypeOptions): ValueTypes {
  const override = options.overrides.get(typeWord(column.type));
  if (override !== undefined) return { read: override, write: override };
  return options.valueTypes(column, schema);
}

const orNull = (type: string, nullable: boolean): string =>
  nullable && type !== 'unknown' ? `${type} | null` : type;

const isAlways = ({ generated, numbering }: Column): boolean =>
  generated !== undefined || (numbering?.kind === 'identity' && numbering.always);

function interfaceText(name: string, members: readonly Member[], text: string | undefined): string {
  const lines = byName(members).map(
    (member) =>
      `${docComment(member.comment, '  ')}  ${propertyKey(member.name)}${member.isOptional ? '?' : ''}: ${member.type};\n`,
  );
  if (lines.length === 0) return `${docComment(text, '')}export type ${name} = Record<never, never>;\n`;
  return `${docComment(text, '')}export interface ${name} {\n${lines.join('')}}\n`;
}

function tableText(schema: DatabaseSchema, table: Table, name: string, options: TypeOptions): string {
  const columns = table.columns.map((column) => {
    const types = typesOf(schema, column, options);
    const choices = types.read === 'string' ? choicesOf(table, column, options) : undefined;
    return { column, name: options.inApplication(column.name), types: choices ?? types };
  });
  const row = columns.map(({ column, name: key, types }) => ({
    name: key,
    type: orNull(types.read, column.nullable),
    // Only an answer that names it has it.
    isOptional: column.isMetadata && !options.isMetadataVisible,
    comment: column.comment,
  }));
  const insert = columns
    .filter(({ column }) => !isAlways(column))
    .map(({ column, name: key, types }) => ({
      name: key,
      type: orNull(types.write, column.nullable),
      isOptional: column.nullable || column.defaultTo !== undefined || column.numbering !== undefined,
      comment: undefined,
    }));
  return [
    interfaceText(`${name}Row`, row, table.comment),
    interfaceText(`${name}Insert`, insert, undefined),
  ].join('\n');
}

function viewText(schema: DatabaseSchema, view: View, name: string, options: TypeOptions): string {
  const row = view.columns.map((column) => ({
    name: options.inApplication(column.name),
    type: orNull(typesOf(schema, column, options).read, true),
    isOptional: false,
    comment: column.comment,
  }));
  // The engine may not say what a view's columns are.
  if (row.length === 0)
    return `${docComment(view.comment, '')}export type ${name}Row = Record<string, unknown>;\n`;
  return interfaceText(`${name}Row`, row, view.comment);
}

/**
 * The declarations of every table's rows, for `knex/types/tables`: what a select gives, and what insert and update
 * take. Sorted by name, so that databases with the same tables give the same text.
 */
export function declarations(schema: DatabaseSchema, options: TypeOptions): string {
  const keyOf = (object: ObjectName): string => {
    const name = options.inApplication(object.name);
    return object.schema === options.home ? name : `${object.schema}.${name}`;
  };
  // To Knex a dot stands between schema and name: a relation with one in its name cannot be called by that.
  const isCallable = ({ name }: ObjectName): boolean => !name.includes('.');
  const tables = schema.tables.filter(
    ({ name, extension }) => extension === undefined && !options.ownTables.includes(name),
  );
  const relations = byName([
    ...tables.filter(isCallable).map((table) => ({ name: keyOf(table), table, view: undefined })),
    ...schema.views
      .filter((view) => view.extension === undefined && isCallable(view))
      .map((view) => ({ name: keyOf(view), table: undefined, view })),
  ]);
  const names = typeNames(relations.map(({ name }) => name));
  const texts = relations.map(({ name: key, table, view }) => {
    const name = names.get(key) ?? key;
    return table === undefined
      ? viewText(schema, view, name, options)
      : tableText(schema, table, name, options);
  });
  const entries = relations.map(({ name: key, view }) => {
    const name = names.get(key) ?? key;
    const type =
      view === undefined
        ? `Knex.CompositeTableType<${name}Row, ${name}Insert>`
        : `Knex.CompositeTableType<${name}Row, never, never>`;
    return `    ${propertyKey(key)}: ${type};\n`;
  });
  const tablesText = `declare module 'knex/types/tables.js' {\n  interface Tables {\n${entries.join('')}  }\n}\n`;
  return [HEADER, ...texts, tablesText].join('\n');
}
