import type { Operation } from '../operations/operation.js';
import { sqlName } from '../operations/sqlName.js';
import { columnPieces } from './columnPieces.js';
import { checkSql, dropSql, exclusionSql, foreignKeySql, keyColumns, keySql } from './constraints.js';
import { comments, createTable } from './createTable.js';
import { isSayable } from './names.js';
import { objectPieces } from './objectPieces.js';
import {
  checkLine,
  dropForeignKeyLine,
  dropIndexLine,
  dropKeyLine,
  foreignKeyLine,
  indexLine,
  indexSql,
  keyLine,
  type RenderContext,
} from './parts.js';
import { alter, builder, type Piece, sql } from './piece.js';
import { isBeyondBuilder, tableSql } from './tableSql.js';
import { quote, sqlNames, sqlObject } from './text.js';

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;

function tablePieces({ from, to, isWithParent }: Of<'table'>, context: RenderContext): readonly Piece[] {
  if (to === undefined)
    return from === undefined || isWithParent
      ? []
      : isBeyondBuilder(from)
        ? [sql(`drop table ${sqlObject(from, context.defaultSchema)}`)]
        : [{ form: 'call', schema: from.schema, call: `dropTable(${quote(from.name)})` }];
  if (isBeyondBuilder(to)) return [...tableSql(to, context), ...comments(to, context, true)].map(sql);
  const { lines, actions, statements } = createTable(to, context);
  return [
    { form: 'create', table: to, lines },
    ...(actions.length === 0 ? [] : [alter(to, ...actions)]),
    ...statements.map(sql),
  ];
}

/** A rename within a schema is the builder's; a move to another is SQL. */
function renameTablePieces(
  { from, to }: Of<'renameTable'>,
  { defaultSchema }: RenderContext,
): readonly Piece[] {
  const moved = { schema: to.schema, name: from.name };
  return [
    ...(from.schema === to.schema
      ? []
      : [alter(from, `set schema ${sqlName(to.schema ?? defaultSchema ?? '')}`)]),
    ...(from.name === to.name
      ? []
      : [
          {
            form: 'call' as const,
            schema: moved.schema,
            call: `renameTable(${quote(from.name)}, ${quote(to.name)})`,
          },
        ]),
  ];
}

function keyPieces(
  { kind, table, from, to }: Of<'primaryKey'> | Of<'unique'>,
  context: RenderContext,
): readonly Piece[] {
  const word = kind === 'primaryKey' ? 'primary' : 'unique';
  const what = kind === 'primaryKey' ? 'primary key' : 'unique';
  // The one takes the place of the other in one statement.
  if (from !== undefined && to !== undefined)
    return [
      alter(
        table,
        dropSql(from, what, keyColumns(from, context.wording)),
        `add ${keySql(what, to, context.wording)}`,
      ),
    ];
  if (from !== undefined) {
    const line = dropKeyLine(word, table, from, context);
    return [
      line === undefined
        ? alter(table, dropSql(from, what, keyColumns(from, context.wording)))
        : builder(table, line),
    ];
  }
  if (to === undefined) return [];
  const line = keyLine(word, table, to, context);
  return [
    line === undefined ? alter(table, `add ${keySql(what, to, context.wording)}`) : builder(table, line),
  ];
}

function foreignKeyPieces({ table, from, to }: Of<'foreignKey'>, context: RenderContext): readonly Piece[] {
  if (from !== undefined) {
    const line = dropForeignKeyLine(table, from, context);
    return [
      line === undefined
        ? alter(table, dropSql(from, 'foreign key', sqlNames(from.columns)))
        : builder(table, line),
    ];
  }
  if (to === undefined) return [];
  const line = foreignKeyLine(table, to, context);
  return [
    line === undefined
      ? alter(table, `add ${foreignKeySql(to, context.defaultSchema)}`)
      : builder(table, line),
  ];
}

function checkPieces({ table, from, to }: Of<'check'>, context: RenderContext): readonly Piece[] {
  if (from !== undefined) {
    const isPlain = from.name !== undefined && sqlName(from.name) === from.name;
    return [
      isPlain
        ? builder(table, `t.dropChecks(${quote(from.name ?? '')});`)
        : alter(table, dropSql(from, 'check', from.expression)),
    ];
  }
  if (to === undefined) return [];
  // Without a name the builder would give it one.
  const line = to.name === undefined ? undefined : checkLine(to, context);
  return [line === undefined ? alter(table, `add ${checkSql(to)}`) : builder(table, line)];
}

function indexPieces({ table, from, to }: Of<'index'>, context: RenderContext): readonly Piece[] {
  if (from !== undefined) {
    const line = dropIndexLine(table, from, context);
    const name = { schema: table.schema, name: from.name };
    return [
      line === undefined ? sql(`drop index ${sqlObject(name, context.defaultSchema)}`) : builder(table, line),
    ];
  }
  if (to === undefined) return [];
  const line = indexLine(table, to, context);
  return [line === undefined ? sql(indexSql(table, to, context)) : builder(table, line)];
}

function renamePartPieces(
  { table, what, from, to }: Of<'renamePart'>,
  { defaultSchema }: RenderContext,
): readonly Piece[] {
  if (what === 'constraint')
    return [
      sql(
        `alter table ${sqlObject(table, defaultSchema)} rename constraint ${sqlName(from)} to ${sqlName(to)}`,
      ),
    ];
  return [
    sql(
      `alter index ${sqlObject({ schema: table.schema, name: from }, defaultSchema)} rename to ${sqlName(to)}`,
    ),
  ];
}

/** The comment on a constraint or index that comes: no builder has words for it. */
function partComment(operation: Operation, context: RenderContext): readonly Piece[] {
  switch (operation.kind) {
    case 'primaryKey':
    case 'unique':
    case 'foreignKey':
    case 'check':
    case 'exclusion':
    case 'index': {
      const { kind, table, to } = operation;
      if (to?.comment === undefined || to.name === undefined) return [];
      const name = { schema: table.schema, name: to.name };
      const on = kind === 'index' ? 'index' : 'constraint';
      return objectPieces({ kind: 'comment', on, name, table, from: undefined, to: to.comment }, context);
    }
    default:
      return [];
  }
}

/** An operation as pieces of a migration: the builder's words where it has them, SQL where it has none. */
export function piecesOf(operation: Operation, context: RenderContext): readonly Piece[] {
  return [...ownPieces(operation, context), ...partComment(operation, context)];
}

function ownPieces(operation: Operation, context: RenderContext): readonly Piece[] {
  switch (operation.kind) {
    case 'table':
      return tablePieces(operation, context);
    case 'renameTable':
      return renameTablePieces(operation, context);
    case 'renameColumn': {
      const { table, from, to } = operation;
      return [
        isSayable(from, to)
          ? builder(table, `t.renameColumn(${quote(from)}, ${quote(to)});`)
          : alter(table, `rename column ${sqlName(from)} to ${sqlName(to)}`),
      ];
    }
    case 'renameRelation': {
      const { what, from, to } = operation;
      return [sql(`alter ${what} ${sqlObject(from, context.defaultSchema)} rename to ${sqlName(to.name)}`)];
    }
    case 'renamePart':
      return renamePartPieces(operation, context);
    case 'column':
      return columnPieces(operation, context);
    case 'primaryKey':
    case 'unique':
      return keyPieces(operation, context);
    case 'foreignKey':
      return foreignKeyPieces(operation, context);
    case 'check':
      return checkPieces(operation, context);
    case 'exclusion': {
      const { table, from, to } = operation;
      return [
        alter(
          table,
          from === undefined ? `add ${to === undefined ? '' : exclusionSql(to)}` : dropSql(from, '', ''),
        ),
      ];
    }
    case 'index':
      return indexPieces(operation, context);
    default:
      return objectPieces(operation, context);
  }
}
