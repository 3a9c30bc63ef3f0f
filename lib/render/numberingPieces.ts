import { asideName } from '../operations/aside.js';
import type { ColumnChange } from '../operations/operation.js';
import { sqlName } from '../operations/sqlName.js';
import type { Column, Numbering } from '../schema/column.js';
import { explicitOptions, identityClause, sequenceOptions } from './column.js';
import { differences, nullabilityPieces } from './columnDifferences.js';
import type { RenderContext } from './parts.js';
import { alter, type Piece, sql } from './piece.js';
import { sqlObject, sqlText } from './text.js';

/** The next number is behind all that are there. */
function advance(table: string, column: string, sequence: string): Piece {
  return sql(
    `select setval(${sqlText(sequence)}, coalesce((select max(${column}) from ${table}), 0) + 1, false)`,
  );
}

type Sequenced = Extract<Numbering, { readonly kind: 'serial' | 'identity' }>;

/**
 * From serial to identity and back: the new sequence goes on where the old one is, also where the last rows are gone.
 * The old one keeps its position under a temporary name for as long as it takes.
 */
function exchangedSequence(
  { table }: ColumnChange,
  [from, had]: readonly [Column, Sequenced],
  [to, has]: readonly [Column, Sequenced],
  { defaultSchema }: RenderContext,
): readonly Piece[] {
  const name = sqlName(to.name);
  const column = `alter column ${name}`;
  const { sequence: old } = had;
  const temporary = asideName(old.name, new Set([has.sequence.name]));
  const oldName = sqlObject({ schema: old.schema, name: temporary }, defaultSchema);
  const newName = sqlObject({ schema: table.schema, name: has.sequence.name }, defaultSchema);
  const typed = from.type === to.type ? [] : [`${column} type ${to.type}`];
  const rename = sql(`alter sequence ${sqlObject(old, defaultSchema)} rename to ${sqlName(temporary)}`);
  const takeOver = sql(`select setval(${sqlText(newName)}, last_value, is_called) from ${oldName}`);
  if (has.kind === 'identity') {
    const required = from.nullable ? [`${column} set not null`] : [];
    const options = [`sequence name ${newName}`, ...sequenceOptions(has.sequence)];
    return [
      rename,
      alter(
        table,
        `${column} drop default`,
        ...typed,
        ...required,
        `${column} add ${identityClause(has.always, options)}`,
      ),
      takeOver,
      sql(`drop sequence ${oldName}`),
    ];
  }
  const options = sequenceOptions(has.sequence, true);
  const owner = `${sqlObject(table, defaultSchema)}.${name}`;
  return [
    rename,
    sql([`create sequence ${newName}`, ...options, `owned by ${owner}`].join(' ')),
    takeOver,
    alter(
      table,
      `${column} drop identity`,
      ...typed,
      `${column} set default nextval(${sqlText(newName)}::regclass)`,
    ),
  ];
}

const isSequenced = (numbering: Numbering | undefined): numbering is Sequenced =>
  numbering?.kind === 'serial' || numbering?.kind === 'identity';

/** Changes what numbers a column. */
export function numberingPieces(
  change: ColumnChange,
  from: Column,
  to: Column,
  context: RenderContext,
): readonly Piece[] {
  const { table } = change;
  const { defaultSchema } = context;
  const [had, has] = [from.numbering, to.numbering];
  const name = sqlName(to.name);
  const column = `alter column ${name}`;
  if (had?.kind === 'identity' && has?.kind === 'identity') {
    const options = sequenceOptions(has.sequence);
    const old = sequenceOptions(had.sequence);
    const settings =
      options.join() === old.join() ? [] : explicitOptions(has.sequence).map((option) => `set ${option}`);
    const always = had.always === has.always ? [] : [`set generated ${has.always ? 'always' : 'by default'}`];
    const typed = from.type === to.type ? [] : [`${column} type ${to.type}`];
    const said = [...always, ...settings];
    return [alter(table, ...typed, ...(said.length === 0 ? [] : [`${column} ${said.join(' ')}`]))];
  }
  const pieces: Piece[] = [];
  const quoted = sqlObject(table, defaultSchema);
  if (isSequenced(had) && isSequenced(has) && had.kind !== has.kind) {
    const nullability = has.kind === 'identity' ? [] : nullabilityPieces(change, from, to);
    return [...exchangedSequence(change, [from, had], [to, has], context), ...nullability];
  }
  if (had?.kind === 'serial' && has?.kind === 'serial') {
    // The builder's word for the type would make a sequence, and its `.alter()` takes the default away.
    if (from.type !== to.type) pieces.push(alter(table, `${column} type ${to.type}`));
    if (differences(from, to).has('numbering')) {
      const options = [`as ${has.sequence.type}`, ...explicitOptions(has.sequence)].join(' ');
      pieces.push(sql(`alter sequence ${sqlObject(had.sequence, defaultSchema)} ${options}`));
    }
    return [...pieces, ...nullabilityPieces(change, from, to)];
  }
  if (had?.kind === 'identity') pieces.push(alter(table, `${column} drop identity`));
  if (from.type !== to.type && had?.kind !== 'serial') pieces.push(alter(table, `${column} type ${to.type}`));
  if (had?.kind === 'serial') {
    pieces.push(alter(table, `${column} drop default`));
    pieces.push(sql(`drop sequence ${sqlObject(had.sequence, defaultSchema)}`));
    if (from.type !== to.type) pieces.push(alter(table, `${column} type ${to.type}`));
  }
  if (has?.kind === 'identity' || has?.kind === 'serial') {
    const sequence = { schema: table.schema, name: has.sequence.name };
    const sequenceName = sqlObject(sequence, defaultSchema);
    if (has.kind === 'identity') {
      if (from.nullable) pieces.push(alter(table, `${column} set not null`));
      if (from.defaultTo !== undefined) pieces.push(alter(table, `${column} drop default`));
      const options = [`sequence name ${sequenceName}`, ...sequenceOptions(has.sequence)];
      pieces.push(alter(table, `${column} add ${identityClause(has.always, options)}`));
    } else {
      const options = sequenceOptions(has.sequence, true);
      pieces.push(
        sql([`create sequence ${sequenceName}`, ...options, `owned by ${quoted}.${name}`].join(' ')),
      );
      pieces.push(alter(table, `${column} set default nextval(${sqlText(sequenceName)}::regclass)`));
    }
    pieces.push(advance(quoted, name, sequenceName));
  } else if (to.defaultTo !== undefined) {
    pieces.push(alter(table, `${column} set default ${to.defaultTo}`));
  }
  if (has?.kind !== 'identity') pieces.push(...nullabilityPieces(change, from, to));
  return pieces;
}
