import type { ColumnChange } from '../operations/operation.js';
import { sqlName } from '../operations/sqlName.js';
import type { Column } from '../schema/column.js';
import { isSayable } from './names.js';
import { alter, builder, type Piece } from './piece.js';
import { quote } from './text.js';

/** The keys of a column in which two differ. */
export function differences(from: Column, to: Column): ReadonlySet<keyof Column> {
  const keys = Object.keys(to) as (keyof Column)[];
  return new Set(keys.filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key])));
}

/** NOT NULL comes or goes, where it does. */
export function nullabilityPieces({ table }: ColumnChange, from: Column, to: Column): readonly Piece[] {
  if (from.nullable === to.nullable) return [];
  return [
    isSayable(to.name)
      ? builder(table, `t.${to.nullable ? 'setNullable' : 'dropNullable'}(${quote(to.name)});`)
      : alter(table, `alter column ${sqlName(to.name)} ${to.nullable ? 'drop' : 'set'} not null`),
  ];
}
