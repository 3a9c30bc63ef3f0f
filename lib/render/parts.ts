import { sqlName } from '../operations/sqlName.js';
import type { Check, ForeignKey, KeyConstraint } from '../schema/constraints.js';
import type { ObjectName } from '../schema/names.js';
import type { Index } from '../schema/tableIndex.js';
import { isPlainForeignKey, isPlainKey, keyPartSql, optionsSql, tableText } from './constraints.js';
import type { ImpliedColumn } from './metadata.js';
import { isSayable, saidName } from './names.js';
import { bare, codeText, literal, quote, sqlNames, sqlObject, sqlText } from './text.js';
import type { Wording } from './wording.js';

/** What rendering knows besides the operations. */
export interface RenderContext {
  readonly wording: Wording;
  /** The schema that needs no saying. */
  readonly defaultSchema: string | undefined;
  /** The metadata columns that a table gets when nothing is said; the standard ones where this is left out. */
  readonly metadata?: readonly ImpliedColumn[];
}

const list = (names: readonly string[]) => literal(names);

/** `'deferred'` as the builder takes it. */
function deferrable(deferral: KeyConstraint['deferral']): string | undefined {
  if (deferral === 'not deferrable') return undefined;
  return deferral === 'initially deferred' ? 'deferred' : 'immediate';
}

/** A primary key or unique constraint in the builder's words; undefined when it has none. */
export function keyLine(
  kind: 'primary' | 'unique',
  table: ObjectName,
  key: KeyConstraint,
  { wording }: RenderContext,
): string | undefined {
  if (!isPlainKey(key) || !isSayable(key.name, ...key.columns)) return undefined;
  // There the builder's unique() makes an index.
  if (kind === 'unique' && wording.uniqueIsIndex) return undefined;
  const name = saidName(kind, table, key.columns, key.name, wording);
  const when = deferrable(key.deferral);
  if (name === undefined && when === undefined) return `t.${kind}(${list(key.columns)});`;
  if (kind === 'primary' && when === undefined && name !== undefined)
    return `t.primary(${list(key.columns)}, ${quote(name)});`;
  const options =
    kind === 'primary' ? { constraintName: name, deferrable: when } : { indexName: name, deferrable: when };
  return `t.${kind}(${list(key.columns)}, ${literal(options)});`;
}

export function dropKeyLine(
  kind: 'primary' | 'unique',
  table: ObjectName,
  key: KeyConstraint,
  { wording }: RenderContext,
): string | undefined {
  if (kind === 'unique' && wording.uniqueIsIndex) return undefined;
  if (!isSayable(key.name, ...key.columns)) return undefined;
  const name = saidName(kind, table, key.columns, key.name, wording);
  const said = name === undefined ? '' : quote(name);
  if (kind === 'primary') return `t.dropPrimary(${said});`;
  return `t.dropUnique(${list(key.columns)}${said === '' ? '' : `, ${said}`});`;
}

export function foreignKeyLine(
  table: ObjectName,
  key: ForeignKey,
  { wording, defaultSchema }: RenderContext,
): string | undefined {
  const { columns, target, targetColumns, onDelete, onUpdate } = key;
  if (!isPlainForeignKey(key) || targetColumns === undefined) return undefined;
  if (!isSayable(key.name, target.name, target.schema, ...columns, ...targetColumns)) return undefined;
  const name = saidName('foreign', table, columns, key.name, wording);
  const [only] = columns;
  const subject = columns.length === 1 && only !== undefined ? quote(only) : list(columns);
  const [onlyTarget] = targetColumns;
  const refers =
    targetColumns.length === 1 && onlyTarget !== undefined ? quote(onlyTarget) : list(targetColumns);
  const when = deferrable(key.deferral);
  if (when !== undefined && !wording.defersKeys) return undefined;
  return [
    `t.foreign(${subject}${name === undefined ? '' : `, ${quote(name)}`})`,
    `.references(${refers}).inTable(${quote(tableText(target, defaultSchema))})`,
    onDelete === 'no action' ? '' : `.onDelete(${quote(onDelete.toUpperCase())})`,
    onUpdate === 'no action' ? '' : `.onUpdate(${quote(onUpdate.toUpperCase())})`,
    when === undefined ? '' : `.deferrable(${quote(when)})`,
    ';',
  ].join('');
}

export function dropForeignKeyLine(
  table: ObjectName,
  key: ForeignKey,
  { wording }: RenderContext,
): string | undefined {
  if (!isSayable(key.name, ...key.columns)) return undefined;
  const name = saidName('foreign', table, key.columns, key.name, wording);
  return `t.dropForeign(${list(key.columns)}${name === undefined ? '' : `, ${quote(name)}`});`;
}

/** Knex writes the names of checks as they are: one that needs quotes is for SQL. */
export function checkLine(check: Check, { wording }: RenderContext): string | undefined {
  const isPlain = check.isInheritable && check.isEnforced && check.isValid && !check.expression.includes('?');
  if (!isPlain || (check.name !== undefined && sqlName(check.name) !== check.name)) return undefined;
  const name = check.name === undefined ? '' : `, {}, ${quote(check.name)}`;
  const listed = wording.keepsExpressions ? undefined : wording.enumCheck(check.expression);
  const expression =
    listed === undefined
      ? bare(check.expression)
      : `${sqlName(listed.column)} in (${listed.values.map(sqlText).join(', ')})`;
  return `t.check(${codeText(expression)}${name});`;
}

/** An index in the builder's words; undefined when it has none. */
export function indexLine(table: ObjectName, index: Index, { wording }: RenderContext): string | undefined {
  const { keys, include, nullsNotDistinct, options, method, unique, predicate } = index;
  const columns = keys.flatMap((key) =>
    key.column !== undefined && keyPartSql(key, wording) === sqlName(key.column) ? [key.column] : [],
  );
  const isPlain =
    columns.length === keys.length && include.length === 0 && !nullsNotDistinct && options.length === 0;
  const isMethodSaid = method !== wording.indexMethod;
  // `whereRaw` is of a query, which takes no `?` and no line comment.
  if (!isPlain || (unique && isMethodSaid) || predicate?.includes('?')) return undefined;
  if (!isSayable(index.name, ...columns)) return undefined;
  const name = saidName(unique ? 'unique' : 'index', table, columns, index.name, wording);
  const where = predicate === undefined ? '' : `knex.whereRaw(${codeText(bare(predicate))})`;
  const object = (entries: readonly (readonly [string, string])[]) =>
    `{ ${entries.map(([key, value]) => `${key}: ${value}`).join(', ')} }`;
  const predicates = where === '' ? [] : [['predicate', where] as const];
  if (unique) {
    const entries = [
      ...(name === undefined ? [] : [['indexName', quote(name)] as const]),
      ...(wording.uniqueIsIndex ? [] : [['useConstraint', 'false'] as const]),
      ...predicates,
    ];
    return `t.unique(${list(columns)}${entries.length === 0 ? '' : `, ${object(entries)}`});`;
  }
  const entries = [
    ...(isMethodSaid ? [['storageEngineIndexType', quote(method)] as const] : []),
    ...predicates,
  ];
  const more = entries.length === 0 ? '' : `, ${object(entries)}`;
  const said = name === undefined ? (more === '' ? '' : ', undefined') : `, ${quote(name)}`;
  return `t.index(${list(columns)}${said}${more});`;
}

export function indexSql(table: ObjectName, index: Index, { wording, defaultSchema }: RenderContext): string {
  const { keys, include, nullsNotDistinct, options, method, unique, predicate } = index;
  return [
    `create ${unique ? 'unique ' : ''}index ${sqlName(index.name)} on ${sqlObject(table, defaultSchema)}`,
    method === wording.indexMethod ? '' : ` using ${method}`,
    ` (${keys.map((key) => keyPartSql(key, wording)).join(', ')})`,
    include.length === 0 ? '' : ` include (${sqlNames(include)})`,
    nullsNotDistinct ? ' nulls not distinct' : '',
    optionsSql(options),
    predicate === undefined ? '' : ` where ${bare(predicate)}`,
  ].join('');
}

/** There `unique()` makes an index, and `dropUnique()` takes it away. */
function dropUniqueLine(
  table: ObjectName,
  index: Index,
  columns: readonly string[],
  wording: Wording,
): string {
  const name = saidName('unique', table, columns, index.name, wording);
  return `t.dropUnique(${list(columns)}${name === undefined ? '' : `, ${quote(name)}`});`;
}

export function dropIndexLine(
  table: ObjectName,
  index: Index,
  { wording }: RenderContext,
): string | undefined {
  const columns = index.keys.flatMap(({ column }) => column ?? []);
  if (!isSayable(index.name, ...columns)) return undefined;
  // The builder would name some of its columns only, or none.
  if (columns.length < index.keys.length) return undefined;
  if (index.unique && wording.uniqueIsIndex) return dropUniqueLine(table, index, columns, wording);
  const isNamed = saidName('index', table, columns, index.name, wording) !== undefined;
  return isNamed ? `t.dropIndex(${list(columns)}, ${quote(index.name)});` : `t.dropIndex(${list(columns)});`;
}
