import type { ColumnChange } from '../operations/operation.js';
import { sqlName } from '../operations/sqlName.js';
import type { Column } from '../schema/column.js';
import type { ObjectName } from '../schema/names.js';
import {
  columnLine,
  defaultCall,
  isPlainComment,
  isPlainSerial,
  sequenceOptions,
  typeCall,
} from './column.js';
import { differences, nullabilityPieces } from './columnDifferences.js';
import { isSayable } from './names.js';
import { numberingPieces } from './numberingPieces.js';
import type { RenderContext } from './parts.js';
import { alter, builder, type Piece, sql } from './piece.js';
import { columnSql } from './tableSql.js';
import { bare, quote, sqlObject, sqlText } from './text.js';

/** An action that an engine may have for itself only. */
function alone(table: ObjectName, action: string, { defaultSchema }: RenderContext): Piece {
  return sql(`alter table ${sqlObject(table, defaultSchema)} ${action}`);
}

function commentPiece({ table, to }: ColumnChange, { defaultSchema }: RenderContext): Piece {
  const text = to?.comment === undefined ? 'null' : sqlText(to.comment);
  return sql(`comment on column ${sqlObject(table, defaultSchema)}.${sqlName(to?.name ?? '')} is ${text}`);
}

/** Another type, in one ALTER TABLE: the default of before need not be one of the new type. */
function typePieces(change: ColumnChange, from: Column, to: Column): readonly Piece[] {
  const { table, isAssigned } = change;
  const using = change.using ?? (isAssigned ? undefined : `${sqlName(to.name)}::${to.type}`);
  const column = `alter column ${sqlName(to.name)}`;
  const nullability =
    from.nullable === to.nullable ? [] : [`${column} ${to.nullable ? 'drop' : 'set'} not null`];
  const collation = to.collation === undefined ? '' : ` collate ${to.collation}`;
  // The server drops before it changes types, and sets defaults behind that.
  return [
    alter(
      table,
      ...(from.defaultTo === undefined ? [] : [`${column} drop default`]),
      `${column} type ${to.type}${collation}${using === undefined ? '' : ` using ${using}`}`,
      ...(to.defaultTo === undefined ? [] : [`${column} set default ${to.defaultTo}`]),
      ...nullability,
    ),
  ];
}

/** What of a column changes beside its type. */
function attributePieces({ table }: ColumnChange, from: Column, to: Column): readonly Piece[] {
  const column = `alter column ${sqlName(to.name)}`;
  const actions = [
    ...(from.nullable === to.nullable ? [] : [`${column} ${to.nullable ? 'drop' : 'set'} not null`]),
    ...(from.defaultTo === to.defaultTo
      ? []
      : [`${column} ${to.defaultTo === undefined ? 'drop default' : `set default ${to.defaultTo}`}`]),
  ];
  return actions.length === 0 ? [] : [alter(table, ...actions)];
}

function isOnlyOf(changed: ReadonlySet<keyof Column>, ...keys: readonly (keyof Column)[]): boolean {
  return [...changed].every((key) => keys.includes(key));
}

function alteredPieces(
  change: ColumnChange,
  from: Column,
  to: Column,
  context: RenderContext,
): readonly Piece[] {
  const { wording } = context;
  const { table, using, isAssigned } = change;
  const all = differences(from, to);
  const changed = new Set([...all].filter((key) => key !== 'comment' && key !== 'userType'));
  const comment = all.has('comment') && !wording.altersWhole ? [commentPiece(change, context)] : [];
  if (changed.size === 0) return comment;
  if (
    wording.altersWhole &&
    (changed.has('numbering') || changed.has('generated') || changed.has('notNullConflict'))
  )
    return [alter(table, `modify column ${sqlName(to.name)} ${definition(from, to)}`)];
  if (changed.has('numbering') || to.numbering?.kind === 'serial')
    return [...numberingPieces(change, from, to, context), ...comment];
  if (changed.has('generated') && to.generated === undefined) {
    const rest: ColumnChange = { ...change, from: { ...from, generated: undefined } };
    const gone = alter(table, `alter column ${sqlName(to.name)} drop expression`);
    return [gone, ...alteredPieces(rest, { ...from, generated: undefined }, to, context), ...comment];
  }
  if (isOnlyOf(changed, 'nullable') && isSayable(to.name))
    return [...nullabilityPieces(change, from, to), ...comment];
  if (!wording.altersWhole) {
    const isTyped = changed.has('type') || changed.has('collation') || using !== undefined || isAssigned;
    return [...(isTyped ? typePieces(change, from, to) : attributePieces(change, from, to)), ...comment];
  }
  if (!isSayable(to.name)) return [alter(table, `modify column ${sqlName(to.name)} ${definition(from, to)}`)];
  const isCollationGone = to.collation === undefined && from.collation !== undefined;
  const said = isCollationGone ? { ...to, collation: 'binary' } : to;
  const line = [
    `t.${typeCall(said, wording)}`,
    to.nullable ? '' : '.notNullable()',
    defaultCall(to, wording),
    '.alter();',
  ].join('');
  return [builder(table, line)];
}

/** All behind a column's name; a key only where it is another one. */
function definition(from: Column, to: Column): string {
  const { type, collation, generated, nullable, defaultTo, numbering, notNullConflict } = to;
  const reuses = (column: Column) => column.numbering?.kind !== 'rowid' || column.numbering.reuses;
  const isKey = numbering?.kind === 'rowid' && reuses(from) !== reuses(to);
  return [
    type,
    isKey ? `primary key${reuses(to) ? '' : ' autoincrement'}` : '',
    collation === undefined ? '' : `collate ${collation}`,
    generated === undefined ? '' : `generated always as (${bare(generated.expression)}) ${generated.kind}`,
    // The number of a row is never NULL, and needs not say so.
    nullable || numbering?.kind === 'rowid'
      ? ''
      : `not null${notNullConflict === undefined ? '' : ` on conflict ${notNullConflict}`}`,
    defaultTo === undefined ? '' : `default (${defaultTo})`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** A new column, numbered by a sequence of its own kind in rows that are there too. */
function numberedPieces(change: ColumnChange, to: Column, context: RenderContext): readonly Piece[] {
  if (to.numbering?.kind !== 'serial') return [];
  const { table } = change;
  const { sequence } = to.numbering;
  const name = sqlObject({ schema: table.schema, name: sequence.name }, context.defaultSchema);
  const plain: Column = { ...to, numbering: undefined, defaultTo: `nextval(${sqlText(name)}::regclass)` };
  const owner = `${sqlObject(table, context.defaultSchema)}.${sqlName(to.name)}`;
  return [
    sql([`create sequence ${name}`, ...sequenceOptions(sequence, true)].join(' ')),
    ...columnPieces({ ...change, to: plain }, context),
    sql(`alter sequence ${name} owned by ${owner}`),
  ];
}

export function columnPieces(change: ColumnChange, context: RenderContext): readonly Piece[] {
  const { table, from, to } = change;
  if (
    from === undefined &&
    to?.numbering?.kind === 'serial' &&
    !isPlainSerial({ ...table, partitionOf: undefined }, to, context.wording)
  )
    return numberedPieces(change, to, context);
  if (from === undefined && to !== undefined) {
    const isSaid = isSayable(to.name);
    const isQuoted = to.comment !== undefined && (!isSaid || !isPlainComment(to.comment));
    const line = !isSaid
      ? alone(table, `add column ${columnSql(to)}`, context)
      : builder(table, `${columnLine(to, context.wording)};`);
    return [line, ...(isQuoted ? [commentPiece(change, context)] : [])];
  }
  if (to === undefined)
    return from === undefined
      ? []
      : [
          isSayable(from.name)
            ? builder(table, `t.dropColumn(${quote(from.name)});`)
            : alone(table, `drop column ${sqlName(from.name)}`, context),
        ];
  return from === undefined ? [] : alteredPieces(change, from, to, context);
}
