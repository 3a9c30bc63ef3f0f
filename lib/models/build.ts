import { relative } from 'node:path';
import type { Knex } from 'knex';
import type { ScratchObject } from '../engines/scratchObject.js';
import type { ClientInternals, TableBuilderInternals } from '../metadata/knexInternals.js';
import { type RenamedColumn, renamedColumnsOf } from '../metadata/renamedFrom.js';
import { wrapName } from '../metadata/target.js';
import { callColumns } from './columns.js';
import {
  type AnyModel,
  type EnumModel,
  type FunctionModel,
  type Model,
  titleOf,
  type ViewModel,
} from './definition.js';

type Quote = (...names: readonly (string | undefined)[]) => string;

/** Quotes names as the project's Knex does, joined by dots. */
function quoteWith(db: Knex): Quote {
  const client = db.client as ClientInternals;
  return (...names) =>
    names.flatMap((name) => (name === undefined ? [] : [client.wrapIdentifier(name)])).join('.');
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const withoutSemicolon = (sql: string): string => sql.trim().replace(/;$/, '');

function comment(kind: string, quoted: string, text: string | undefined): readonly string[] {
  return text === undefined ? [] : [`comment on ${kind} ${quoted} is ${literal(text)}`];
}

function buildTable(
  model: Model,
  onRenamed: (columns: readonly RenamedColumn[]) => void,
): ScratchObject['build'] {
  return (db, schema) => {
    const builder = schema === undefined ? db.schema : db.schema.withSchema(schema);
    return [
      builder.createTable(model.name, (table) => {
        callColumns(model, table, db);
        if (model.metadata !== undefined) table.metadata(model.metadata);
        onRenamed(renamedColumnsOf(table as unknown as TableBuilderInternals));
      }),
      ...model.sql.map(withoutSemicolon),
    ];
  };
}

function enumSql({ name, values, comment: text }: EnumModel, quote: Quote, schema: string | undefined) {
  const quoted = quote(schema, name);
  return [
    `create type ${quoted} as enum (${values.map(literal).join(', ')})`,
    ...comment('type', quoted, text),
  ];
}

function viewSql(view: ViewModel, quote: Quote, schema: string | undefined) {
  const quoted = quote(schema, view.name);
  const columns = view.columns.length === 0 ? '' : ` (${view.columns.map((name) => quote(name)).join(', ')})`;
  const options = view.options.length === 0 ? '' : ` with (${view.options.join(', ')})`;
  return [
    `create ${view.kind} ${quoted}${columns}${options} as ${withoutSemicolon(view.query)}`,
    ...view.indexes.map(withoutSemicolon),
    ...comment(view.kind, quoted, view.comment),
  ];
}

function functionSql(
  { kind, name, declaration, comment: text }: FunctionModel,
  quote: Quote,
  schema?: string,
) {
  const quoted = quote(schema, name);
  return [
    `create ${kind} ${quoted}${declaration.startsWith('(') ? '' : ' '}${declaration}`,
    ...comment(kind, quoted, text),
  ];
}

function buildSql(model: Exclude<AnyModel, Model>): ScratchObject['build'] {
  return (db, schema) => {
    const quote = quoteWith(db);
    switch (model.kind) {
      case 'enum':
        return enumSql(model, quote, schema);
      case 'view':
      case 'materialized view':
        return viewSql(model, quote, schema);
      case 'function':
      case 'procedure':
      case 'aggregate':
        return functionSql(model, quote, schema);
      case 'trigger':
        return [`create trigger ${quote(model.name)} ${withoutSemicolon(model.declaration)}`];
      case 'extension': {
        const where = model.schema === undefined ? '' : ` schema ${quote(schema)}`;
        const version = model.version === undefined ? '' : ` version ${literal(model.version)}`;
        return [`create extension if not exists ${quote(model.name)}${where}${version}`];
      }
      case 'sql':
        return model.create.map(withoutSemicolon);
    }
  };
}

/** A definition as the engine builds it, its names as the database will have them. */
export function scratchObjectOf(
  db: Knex,
  model: AnyModel,
  withSchemas: boolean,
  onRenamed: (columns: readonly RenamedColumn[]) => void,
): ScratchObject {
  const client = db.client as ClientInternals;
  const wrap = (name: string) => wrapName(client, name, undefined);
  const { place } = model;
  return {
    kind: model.kind,
    schema: model.schema === undefined || !withSchemas ? undefined : wrap(model.schema),
    name: model.kind === 'extension' ? model.name : wrap(model.name),
    version: model.kind === 'extension' ? model.version : undefined,
    title:
      place === undefined ? titleOf(model) : `${titleOf(model)} (${relative('', place.file)}:${place.line})`,
    dependsOn: model.dependsOn.map((name) => wrap(name.slice(name.indexOf('.') + 1))),
    build: model.kind === 'table' ? buildTable(model, onRenamed) : buildSql(model),
  };
}
