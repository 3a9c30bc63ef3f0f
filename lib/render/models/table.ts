import type { Table } from '../../schema/table.js';
import { comments, tableBody } from '../createTable.js';
import { brokenLine } from '../file.js';
import { metadataOptions } from '../metadata.js';
import type { RenderContext } from '../parts.js';
import { tableSql } from '../tableSql.js';
import { quote, sqlObject } from '../text.js';
import { optionsText, qualified, sqlDefinition } from './call.js';

/** The schema where it has to be said. */
export function saidSchema(schema: string | undefined, { defaultSchema }: RenderContext): string | undefined {
  return schema === defaultSchema ? undefined : schema;
}

/** `defineModel('users', (t) => { ... })`: a table in the builder's words, and in SQL what it has no words for. */
export function tableText(table: Table, context: RenderContext, more: readonly string[]): string {
  const { lines, actions, statements } = tableBody(table, context);
  const alter = `alter table ${sqlObject(table, context.defaultSchema)}`;
  const options = {
    schema: saidSchema(table.schema, context),
    metadata: metadataOptions(table, context.metadata),
    sql: [...actions.map((action) => `${alter} ${action}`), ...statements, ...more],
  };
  const parameters = lines.some((line) => /\bknex\./.test(line)) ? '(t, knex)' : '(t)';
  const body = (indent: string) =>
    lines.length === 0
      ? `${parameters} => {}`
      : `${parameters} => {\n${lines.map((line) => brokenLine(line, `${indent}  `)).join('\n')}\n${indent}}`;
  const said = optionsText(options, '  ');
  if (said === undefined) return `defineModel(${quote(table.name)}, ${body('')})`;
  return `defineModel(\n  ${quote(table.name)},\n  ${body('  ')},\n  ${said},\n)`;
}

/** A table that the builder cannot make, as `defineSql`. */
export function tableSqlText(table: Table, context: RenderContext, more: readonly string[]): string {
  return sqlDefinition(
    qualified(table, context.defaultSchema),
    [...tableSql(table, context), ...comments(table, context, true), ...more],
    [`drop table ${sqlObject(table, context.defaultSchema)}`],
  );
}
