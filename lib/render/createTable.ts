import { sameObject } from '../operations/operation.js';
import type { Column } from '../schema/column.js';
import type { Check, ForeignKey, KeyConstraint } from '../schema/constraints.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Index } from '../schema/tableIndex.js';
import { columnLine, incrementsLine, isPlainComment, numberedApart } from './column.js';
import { checkSql, exclusionSql, foreignKeySql, keySql } from './constraints.js';
import { metadataOptions } from './metadata.js';
import { saidName } from './names.js';
import { checkLine, foreignKeyLine, indexLine, indexSql, keyLine, type RenderContext } from './parts.js';
import { literal, quote, sqlObject } from './text.js';
import type { Wording } from './wording.js';

/** A table in the builder's words, and in SQL what it has no words for. */
interface CreatedTable {
  readonly lines: readonly string[];
  /** What ALTER TABLE says afterwards. */
  readonly actions: readonly string[];
  readonly statements: readonly string[];
}

/** What can stand behind a column: the parts that are on it alone, with the names that Knex gives them. */
interface Inline {
  readonly primary: KeyConstraint | undefined;
  readonly unique: KeyConstraint | Index | undefined;
  readonly foreign: ForeignKey | undefined;
  readonly index: Index | undefined;
  readonly check: Check | undefined;
}

function isOnly(columns: readonly string[] | undefined, column: Column): boolean {
  return columns?.length === 1 && columns[0] === column.name;
}

/** Whether a check is the one that `enu()` gives its column. */
function isEnumCheck(table: ObjectName, { name, type }: Column, check: Check, wording: Wording): boolean {
  const implied = wording.namesKeys ? `${table.name}_${name}_check` : undefined;
  return (
    wording.columnCall(type)?.method === 'text' &&
    check.name === implied &&
    check.isInheritable &&
    check.isEnforced &&
    wording.enumCheck(check.expression)?.column === name
  );
}

function inlineOf(table: Table, column: Column, context: RenderContext): Inline {
  const { wording } = context;
  const isShort = (line: string | undefined, call: string, [name]: readonly string[] = [column.name]) =>
    line === `t.${call}(['${name}']);`;
  const primary = table.primaryKey;
  const isInColumn =
    primary !== undefined && isShort(keyLine('primary', table, primary, context), 'primary', primary.columns);
  const uniques: readonly (KeyConstraint | Index)[] = wording.uniqueIsIndex
    ? table.indexes.filter((index) => index.unique && isShort(indexLine(table, index, context), 'unique'))
    : table.uniques.filter((key) => isShort(keyLine('unique', table, key, context), 'unique'));
  return {
    primary: isInColumn && isOnly(primary?.columns, column) ? primary : undefined,
    unique: uniques[0],
    foreign: table.foreignKeys.find(
      (key) =>
        isOnly(key.columns, column) &&
        key.targetColumns?.length === 1 &&
        // Its own key has to be there by then.
        (!wording.namesKeys ||
          !sameObject(key.target, table) ||
          (isInColumn && primary?.columns[0] === key.targetColumns[0])) &&
        foreignKeyLine(table, key, context) !== undefined &&
        saidName('foreign', table, key.columns, key.name, wording) === undefined,
    ),
    check: table.checks.find((check) => isEnumCheck(table, column, check, wording)),
    index: table.indexes.find((index) => isShort(indexLine(table, index, context), 'index')),
  };
}

/** `.references('id').inTable('users').onDelete('CASCADE')` */
function foreignCall(table: ObjectName, key: ForeignKey, context: RenderContext): string {
  const line = foreignKeyLine(table, key, context) ?? '';
  return line.slice(line.indexOf('.references('), -1);
}

function lineOf(table: Table, column: Column, inline: Inline, context: RenderContext): string {
  const { wording } = context;
  const increments = inline.primary === undefined ? undefined : incrementsLine(column, wording);
  const { primary, unique, foreign, index, check } = inline;
  const values = check && wording.enumCheck(check.expression)?.values;
  // A primary key says NOT NULL where it has a name of its own.
  const said = primary !== undefined && wording.namesKeys ? { ...column, nullable: true } : column;
  const start =
    increments === undefined
      ? `${columnLine(said, wording, values)}${primary === undefined ? '' : '.primary()'}`
      : increments;
  return [
    start,
    unique === undefined ? '' : '.unique()',
    foreign === undefined ? '' : foreignCall(table, foreign, context),
    index === undefined ? '' : '.index()',
    ';',
  ].join('');
}

/** Whether a table refers to columns of its own of which only an index says that they are unique. */
function isToIndex({ primaryKey, uniques }: Table, { targetColumns = [] }: ForeignKey): boolean {
  const keys = [...(primaryKey === undefined ? [] : [primaryKey]), ...uniques];
  const isOf = (columns: readonly string[]) =>
    columns.length === targetColumns.length && columns.every((column) => targetColumns.includes(column));
  return targetColumns.length > 0 && !keys.some(({ columns }) => isOf(columns));
}

/** What is said of the whole table in SQL. */
function settings(table: Table): readonly string[] {
  return [
    ...(table.isUnlogged ? ['set unlogged'] : []),
    ...(table.options.length === 0 ? [] : [`set (${table.options.join(', ')})`]),
    ...(table.rowSecurity === 'off' ? [] : ['enable row level security']),
    ...(table.rowSecurity === 'forced' ? ['force row level security'] : []),
    ...(table.isStrict ? ['set strict'] : []),
    ...(table.isWithoutRowid ? ['set without rowid'] : []),
  ];
}

/** Renders CREATE TABLE: metadata columns, their indexes and the trigger come from the hook and are not said. */
export function createTable(table: Table, context: RenderContext): CreatedTable {
  const { lines, ...rest } = tableBody(table, context);
  const metadata = metadataOptions(table, context.metadata);
  return {
    lines: metadata === undefined ? lines : [...lines, `t.metadata(${literal(metadata)});`],
    ...rest,
  };
}

/** A table but for what it says of metadata. */
export function tableBody(table: Table, context: RenderContext): CreatedTable {
  const { wording, defaultSchema } = context;
  const { columns: own, statements: numbering } = numberedApart(
    table,
    table.columns.filter(({ isMetadata }) => !isMetadata),
    context,
  );
  const inlines = new Map(own.map((column) => [column, inlineOf(table, column, context)]));
  const said = new Set<unknown>([...inlines.values()].flatMap((inline) => Object.values(inline)));
  const lines = own.map((column) => lineOf(table, column, inlines.get(column)!, context));
  const actions: string[] = [];
  const statements: string[] = [...numbering];
  const say = (line: string | undefined, fallback: () => string, into: string[]) =>
    line === undefined ? into.push(fallback()) : lines.push(line);
  const keyAction = (kind: 'primary key' | 'unique', key: KeyConstraint) =>
    `add ${keySql(kind, key, wording)}`;
  const { primaryKey } = table;
  if (primaryKey !== undefined && !said.has(primaryKey))
    say(keyLine('primary', table, primaryKey, context), () => keyAction('primary key', primaryKey), actions);
  for (const key of table.uniques.filter((each) => !said.has(each)))
    say(keyLine('unique', table, key, context), () => keyAction('unique', key), actions);
  for (const check of table.checks.filter((each) => !said.has(each)))
    say(checkLine(check, context), () => `add ${checkSql(check)}`, actions);
  const hasLateKeys = actions.length > 0;
  const left = table.foreignKeys.filter((each) => !said.has(each));
  const isOwn = (key: ForeignKey) => wording.namesKeys && sameObject(key.target, table);
  const late = left.filter((key) => isOwn(key) && isToIndex(table, key));
  for (const key of left.filter((each) => !late.includes(each)))
    say(
      hasLateKeys && isOwn(key) ? undefined : foreignKeyLine(table, key, context),
      () => `add ${foreignKeySql(key, defaultSchema)}`,
      actions,
    );
  for (const index of table.indexes.filter((each) => !said.has(each)))
    say(indexLine(table, index, context), () => indexSql(table, index, context), statements);
  for (const key of late)
    statements.push(
      `alter table ${sqlObject(table, defaultSchema)} add ${foreignKeySql(key, defaultSchema)}`,
    );
  actions.push(...table.exclusions.map((each) => `add ${exclusionSql(each)}`), ...settings(table));
  if (table.comment !== undefined) {
    if (!isPlainComment(table.comment))
      statements.push(
        `comment on table ${sqlObject(table, defaultSchema)} is '${table.comment.replaceAll("'", "''")}'`,
      );
    else lines.push(`t.comment(${quote(table.comment)});`);
  }
  return { lines, actions, statements: [...statements, ...comments(table, context)] };
}

/** Comments that the builder cannot say; of a table that it cannot make, all of them. */
export function comments(table: Table, { defaultSchema }: RenderContext, isAll = false): readonly string[] {
  const text = (comment: string) => `'${comment.replaceAll("'", "''")}'`;
  const object = sqlObject(table, defaultSchema);
  const constraints = [
    table.primaryKey,
    ...table.uniques,
    ...table.checks,
    ...table.foreignKeys,
    ...table.exclusions,
  ];
  return [
    ...(isAll && table.comment !== undefined ? [`comment on table ${object} is ${text(table.comment)}`] : []),
    ...table.columns.flatMap(({ name, comment, isMetadata }) =>
      !isMetadata && comment !== undefined && (isAll || !isPlainComment(comment))
        ? [
            `comment on column ${object}.${sqlObject({ schema: undefined, name }, undefined)} is ${text(comment)}`,
          ]
        : [],
    ),
    ...constraints.flatMap((each) =>
      each?.comment === undefined || each.name === undefined
        ? []
        : [
            `comment on constraint ${sqlObject({ schema: undefined, name: each.name }, undefined)} on ${object} is ${text(each.comment)}`,
          ],
    ),
    ...table.indexes.flatMap(({ name, comment }) =>
      comment === undefined
        ? []
        : [
            `comment on index ${sqlObject({ schema: table.schema, name }, defaultSchema)} is ${text(comment)}`,
          ],
    ),
  ];
}
