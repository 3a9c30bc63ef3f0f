import { closingOf, significant, type Token, tokenize } from '../engines/tokens.js';
import { sqlName } from '../operations/sqlName.js';
import type { Check, Deferral, Exclusion, ForeignKey, KeyConstraint } from '../schema/constraints.js';
import type { ObjectName } from '../schema/names.js';
import type { KeyPart } from '../schema/tableIndex.js';
import { bare, sqlNames, sqlObject } from './text.js';
import type { Wording } from './wording.js';

/** `constraint x `, or nothing for one without a name. */
function named(name: string | undefined): string {
  return name === undefined ? '' : `constraint ${sqlName(name)} `;
}

function deferralSql(deferral: Deferral): string {
  return deferral === 'not deferrable' ? '' : ` deferrable ${deferral}`;
}

/** A constraint that is not enforced was not checked either. */
function enforcementSql({ isEnforced, isValid }: Pick<Check, 'isEnforced' | 'isValid'>): string {
  if (!isEnforced) return ' not enforced';
  return isValid ? '' : ' not valid';
}

export function optionsSql(options: readonly string[]): string {
  return options.length === 0 ? '' : ` with (${options.join(', ')})`;
}

/** One key of an index in SQL. */
export function keyPartSql(part: KeyPart, wording: Wording): string {
  const { column, expression, collation, opclass, opclassOptions, descending, nulls } = part;
  const subject = column === undefined ? expressionSql(expression ?? '') : sqlName(column);
  const opclassText = opclass === undefined ? '' : ` ${opclass}`;
  const parameters = opclassOptions.length === 0 ? '' : ` (${opclassOptions.join(', ')})`;
  return [
    subject,
    collation === undefined ? '' : ` collate ${collation}`,
    opclassText,
    parameters,
    descending ? ' desc' : '',
    nulls === wording.defaultNulls(descending) ? '' : ` nulls ${nulls}`,
  ].join('');
}

/** An expression as a key: in parentheses, unless it is a call of a function. */
function expressionSql(expression: string): string {
  const sql = bare(expression);
  const tokens = significant(tokenize(sql));
  const open = tokens.findIndex(({ text }) => text === '(');
  const isName = ({ kind, text }: Token) => kind === 'word' || kind === 'name' || text === '.';
  const isCall =
    open > 0 && tokens.slice(0, open).every(isName) && closingOf(tokens, open) === tokens.length - 1;
  return isCall ? sql : `(${sql})`;
}

/** The columns of a key in SQL. */
export function keyColumns({ columns, parts }: KeyConstraint, wording: Wording): string {
  return parts === undefined ? sqlNames(columns) : parts.map((part) => keyPartSql(part, wording)).join(', ');
}

/** A primary key or unique constraint as ADD takes it. */
export function keySql(kind: 'primary key' | 'unique', key: KeyConstraint, wording: Wording): string {
  const { include, options, deferral, nullsNotDistinct, withoutOverlaps, conflict } = key;
  const list = keyColumns(key, wording);
  return [
    named(key.name),
    kind,
    nullsNotDistinct ? ' nulls not distinct' : '',
    ` (${list}${withoutOverlaps ? ' without overlaps' : ''})`,
    include.length === 0 ? '' : ` include (${sqlNames(include)})`,
    optionsSql(options),
    conflict === undefined ? '' : ` on conflict ${conflict}`,
    deferralSql(deferral),
  ].join('');
}

export function foreignKeySql(key: ForeignKey, defaultSchema: string | undefined): string {
  const { columns, target, targetColumns, onDelete, onUpdate, onDeleteColumns, match, withPeriod } = key;
  const list = (names: readonly string[]) => {
    const parts = names.map(sqlName);
    const last = parts.pop() ?? '';
    return [...parts, withPeriod ? `period ${last}` : last].join(', ');
  };
  return [
    named(key.name),
    `foreign key (${list(columns)}) references ${sqlObject(target, defaultSchema)}`,
    targetColumns === undefined ? '' : ` (${list(targetColumns)})`,
    match === 'full' ? ' match full' : '',
    onUpdate === 'no action' ? '' : ` on update ${onUpdate}`,
    onDelete === 'no action' ? '' : ` on delete ${onDelete}`,
    onDeleteColumns.length === 0 ? '' : ` (${sqlNames(onDeleteColumns)})`,
    deferralSql(key.deferral),
    enforcementSql(key),
  ].join('');
}

export function checkSql(check: Check): string {
  return [
    named(check.name),
    `check (${bare(check.expression)})`,
    check.isInheritable ? '' : ' no inherit',
    enforcementSql(check),
  ].join('');
}

export function exclusionSql(exclusion: Exclusion): string {
  return `${named(exclusion.name)}${exclusion.definition}`;
}

/** What drops a constraint: by its name, or by what it is where it has none. */
export function dropSql(
  constraint: { readonly name: string | undefined },
  what: string,
  columns: string,
): string {
  if (constraint.name !== undefined) return `drop constraint ${sqlName(constraint.name)}`;
  return `drop ${what} (${columns})`;
}

/** Whether the builder has words for a foreign key. */
export function isPlainForeignKey(key: ForeignKey): boolean {
  return (
    key.targetColumns !== undefined &&
    key.match === 'simple' &&
    key.isEnforced &&
    key.isValid &&
    !key.withPeriod &&
    key.onDeleteColumns.length === 0
  );
}

/** Whether the builder has words for a key. */
export function isPlainKey(key: KeyConstraint): boolean {
  return (
    key.parts === undefined &&
    key.include.length === 0 &&
    key.options.length === 0 &&
    !key.nullsNotDistinct &&
    !key.withoutOverlaps &&
    key.conflict === undefined
  );
}

/** A table as the builder's `inTable` takes it. */
export function tableText({ schema, name }: ObjectName, defaultSchema: string | undefined): string {
  return schema === undefined || schema === defaultSchema ? name : `${schema}.${name}`;
}
