import { sqlName } from '../operations/sqlName.js';
import type { Column } from '../schema/column.js';
import type { Table } from '../schema/table.js';
import { identityClause, numberedApart, SERIALS, sequenceOptions } from './column.js';
import { checkSql, exclusionSql, foreignKeySql, keySql } from './constraints.js';
import { isSayable } from './names.js';
import { indexSql, type RenderContext } from './parts.js';
import { bare, sqlObject } from './text.js';

/** Whether a table can only be made in SQL. */
export function isBeyondBuilder({ name, columns, partitionedBy, partitionOf, inherits }: Table): boolean {
  return (
    partitionedBy !== undefined ||
    partitionOf !== undefined ||
    inherits.length > 0 ||
    !isSayable(name, ...columns.map((column) => column.name))
  );
}

/** A column in SQL, where the builder would read its name as something else. */
export function columnSql(column: Column): string {
  const { name, type, collation, generated, numbering, defaultTo, nullable, notNullConflict } = column;
  const isSerial = numbering?.kind === 'serial';
  return [
    sqlName(name),
    isSerial ? (SERIALS[type] ?? type) : type,
    numbering?.kind === 'rowid' && !numbering.reuses ? 'primary key autoincrement' : '',
    collation === undefined ? '' : `collate ${collation}`,
    generated === undefined ? '' : `generated always as (${bare(generated.expression)}) ${generated.kind}`,
    numbering?.kind === 'identity'
      ? identityClause(numbering.always, sequenceOptions(numbering.sequence))
      : '',
    defaultTo === undefined || isSerial
      ? ''
      : `default ${/^[\w.]+$|^'(?:[^']|'')*'$/.test(defaultTo) ? defaultTo : `(${defaultTo})`}`,
    // The number of a row is never NULL, and says so only where it did.
    nullable || (numbering?.kind === 'rowid' && numbering.isRequired !== true) ? '' : 'not null',
    notNullConflict === undefined ? '' : `on conflict ${notNullConflict}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function constraintsOf(table: Table, { wording, defaultSchema }: RenderContext): readonly string[] {
  const { primaryKey, uniques, checks, exclusions, foreignKeys, columns } = table;
  const isNumbered = columns.some(({ numbering }) => numbering?.kind === 'rowid' && !numbering.reuses);
  return [
    ...(primaryKey === undefined || isNumbered ? [] : [keySql('primary key', primaryKey, wording)]),
    ...uniques.map((key) => keySql('unique', key, wording)),
    ...checks.filter(({ isInherited, isValid }) => !isInherited && isValid).map(checkSql),
    ...exclusions.map(exclusionSql),
    // Elsewhere a key waits for the table that it refers to.
    ...(wording.namesKeys ? [] : foreignKeys.map((key) => foreignKeySql(key, defaultSchema))),
  ];
}

function creation(table: Table, context: RenderContext): string {
  const { defaultSchema } = context;
  const { partitionOf, partitionedBy, inherits, columns, isUnlogged, options } = table;
  const head = `create ${isUnlogged ? 'unlogged ' : ''}table ${sqlObject(table, defaultSchema)}`;
  const own =
    partitionOf === undefined ? columns.filter(({ isInherited }) => !isInherited).map(columnSql) : [];
  const parts = [...own, ...constraintsOf(table, context)];
  const list = parts.length === 0 ? '' : ` (\n  ${parts.join(',\n  ')}\n)`;
  const body =
    partitionOf === undefined
      ? `${list === '' ? ' ()' : list}${inherits.length === 0 ? '' : ` inherits (${inherits.map((parent) => sqlObject(parent, defaultSchema)).join(', ')})`}`
      : ` partition of ${sqlObject(partitionOf.parent, defaultSchema)}${list} ${partitionOf.bounds}`;
  const by = partitionedBy === undefined ? '' : ` partition by ${partitionedBy}`;
  const strict = [table.isStrict ? 'strict' : '', table.isWithoutRowid ? 'without rowid' : '']
    .filter(Boolean)
    .join(', ');
  return `${head}${body}${by}${options.length === 0 ? '' : ` with (${options.join(', ')})`}${strict === '' ? '' : ` ${strict}`}`;
}

/** A table in SQL alone, with what is on it but triggers and comments. */
export function tableSql(table: Table, context: RenderContext): readonly string[] {
  const { wording, defaultSchema } = context;
  const alter = `alter table ${sqlObject(table, defaultSchema)}`;
  const { columns, statements } = numberedApart(table, table.columns, context);
  return [
    creation({ ...table, columns }, context),
    ...statements,
    // A default of its own on a column of the parent's.
    ...(table.inherits.length === 0 ? [] : table.columns)
      .filter(({ isInherited, defaultTo }) => isInherited && defaultTo !== undefined)
      .map(({ name, defaultTo }) => `${alter} alter column ${sqlName(name)} set default ${defaultTo}`),
    ...table.checks
      .filter(({ isInherited, isValid }) => !isInherited && !isValid)
      .map((check) => `${alter} add ${checkSql(check)}`),
    ...(wording.namesKeys
      ? table.foreignKeys.map((key) => `${alter} add ${foreignKeySql(key, defaultSchema)}`)
      : []),
    ...table.indexes.map((index) => indexSql(table, index, context)),
    ...(table.rowSecurity === 'off' ? [] : [`${alter} enable row level security`]),
    ...(table.rowSecurity === 'forced' ? [`${alter} force row level security`] : []),
  ];
}
