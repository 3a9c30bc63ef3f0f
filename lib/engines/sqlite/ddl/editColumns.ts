import type { KnexMetaError } from '../../../errors.js';
import { closingOf, identifierOf, isWord, mentions, sameName, significant, tokenize } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { columnOfTrigger, TRIGGER_MARK } from '../trigger.js';
import { type ColumnDefinition, type Constraint, changed, parseColumn } from './columnDefinition.js';
import { withoutIndexColumns } from './createIndex.js';
import { columnNamed, type TableDefinition } from './createTable.js';
import type { Rebuilt } from './rebuild.js';
import { refuse, type TableSchema } from './schema.js';

/** A column as Knex wants it after `.alter()`. */
export interface AlteredColumn {
  readonly name: string;
  readonly type: string;
  /** SQL of the default; null takes the old one away. */
  readonly defaultTo: string | null;
  readonly notNull: boolean;
}

/** The column of that name. @throws KnexMetaError ALTER_REFUSED when there is none */
export function requireColumn(table: TableSchema, name: string): ColumnDefinition {
  const column = columnNamed(table.definition, name);
  if (column === undefined)
    throw refuse(table.name, `it has no column ${name}`, 'Check the name of the column.');
  return column;
}

function replaceColumn(
  table: TableSchema,
  name: string,
  edit: (column: ColumnDefinition) => ColumnDefinition,
): TableDefinition {
  const column = requireColumn(table, name);
  const columns = table.definition.columns.map((each) => (each === column ? edit(each) : each));
  return { ...table.definition, columns };
}

/** NOT NULL or NULL in the place, and under the constraint's name, of what the column had. */
function withNullability(column: ColumnDefinition, isNullable: boolean): ColumnDefinition {
  const kind = isNullable ? 'null' : 'not null';
  const [old, ...more] = column.constraints.filter(
    (constraint) => constraint.kind === 'not null' || constraint.kind === 'null',
  );
  if ((old === undefined && isNullable) || (old?.kind === kind && more.length === 0)) return column;
  const named = old?.name === undefined ? '' : `constraint ${quoteName(old.name)} `;
  const fresh: Constraint = { kind, name: old?.name, text: `${named}${kind}` };
  const isGone = old?.name === undefined && isNullable;
  const constraints = column.constraints
    .filter((each) => !more.includes(each) && !(each === old && isGone))
    .map((each) => (each === old ? fresh : each));
  return changed(column, { constraints: old === undefined ? [...constraints, fresh] : constraints });
}

export function editNullability(table: TableSchema, name: string, isNullable: boolean): Rebuilt {
  const definition = replaceColumn(table, name, (column) => withNullability(column, isNullable));
  return { definition, indexes: table.indexes };
}

/** The CHECK that Knex writes for an `enu` column: the column, a list of values and nothing else. */
function isEnumCheck({ kind, text }: Constraint, column: string): boolean {
  if (kind !== 'check') return false;
  const all = significant(tokenize(text));
  const tokens = all.slice(isWord(all[0], 'CONSTRAINT') ? 2 : 0);
  const [check, outer, name, isIn, inner] = tokens;
  if (!isWord(check, 'CHECK') || outer?.text !== '(' || inner?.text !== '(' || name === undefined)
    return false;
  const isList = tokens
    .slice(5, closingOf(tokens, 4))
    .every(({ kind: each, text: value }) => (value === ',' ? true : each === 'string' || each === 'number'));
  return (
    isWord(isIn, 'IN') &&
    sameName(identifierOf(name), column) &&
    isList &&
    closingOf(tokens, 4) === tokens.length - 2
  );
}

/** Knex's type of an `enu` or of `increments` brings constraints of its own: they take the place of the old ones. */
function alterOne(column: ColumnDefinition, altered: AlteredColumn): ColumnDefinition {
  const { type, constraints: brought } = parseColumn(`x ${altered.type}`);
  const brings = new Set(brought.map(({ kind }) => kind));
  const isReplaced = (constraint: Constraint): boolean =>
    constraint.kind === 'default' ||
    (constraint.kind === 'check'
      ? brings.has('check') && isEnumCheck(constraint, column.name)
      : constraint.kind !== 'not null' && brings.has(constraint.kind));
  const isRequired = altered.notNull || brings.has('not null');
  const nullable = withNullability(
    changed(column, { type, constraints: column.constraints.filter((each) => !isReplaced(each)) }),
    !isRequired,
  );
  const defaults: readonly Constraint[] = altered.defaultTo
    ? [{ kind: 'default', name: undefined, text: `default ${altered.defaultTo}` }]
    : [];
  const added = brought.filter(({ kind }) => kind !== 'not null');
  return changed(nullable, { constraints: [...nullable.constraints, ...defaults, ...added] });
}

export function editColumns(table: TableSchema, altered: readonly AlteredColumn[]): Rebuilt {
  let current = table;
  for (const one of altered) {
    const definition = replaceColumn(current, one.name, (column) => alterOne(column, one));
    current = { ...current, definition };
  }
  return { definition: current.definition, indexes: table.indexes };
}

/** Constraints of other columns, of the table and of indexes that a dropped column would take along unasked. */
function refuseDependents(
  table: TableSchema,
  kept: readonly ColumnDefinition[],
  dropped: readonly string[],
): void {
  const depends = (what: string, name: string): KnexMetaError =>
    refuse(table.name, `${what} names the column ${name}`, 'Drop that first, or change it.');
  for (const name of dropped) {
    for (const column of kept) {
      for (const { kind, text } of column.constraints) {
        if ((kind === 'check' || kind === 'generated') && mentions(text, name)) {
          throw depends(
            kind === 'check' ? `a CHECK of ${column.name}` : `the generated column ${column.name}`,
            name,
          );
        }
      }
    }
    for (const { kind, text, name: own } of table.definition.constraints) {
      if (kind === 'check' && mentions(text, name))
        throw depends(own === undefined ? 'a CHECK' : `the CHECK ${own}`, name);
    }
  }
}

export function editDropColumns(table: TableSchema, dropped: readonly string[]): Rebuilt {
  const isDropped = (name: string): boolean => dropped.some((each) => sameName(each, name));
  const { definition } = table;
  for (const name of dropped) requireColumn(table, name);
  const columns = definition.columns.filter(({ name }) => !isDropped(name));
  if (columns.length === 0)
    throw refuse(table.name, 'Unable to drop last column from table', 'Drop the table.');
  refuseDependents(table, columns, dropped);
  const constraints = definition.constraints.filter(
    ({ columns: named, references, referencedColumns }) =>
      !named.some(isDropped) &&
      !(references !== undefined && sameName(references, table.name) && referencedColumns.some(isDropped)),
  );
  const indexes = table.indexes.flatMap((index) => {
    const left = withoutIndexColumns(index, dropped);
    if (left === 'depends') {
      throw refuse(
        table.name,
        `the index ${index.name} names the column in an expression or its WHERE`,
        'Drop the index first.',
      );
    }
    return left === undefined ? [] : [left];
  });
  // Our own trigger goes with the column that it keeps; a trigger of the project's own is its author's to drop.
  const triggers = table.triggers.filter(
    ({ sql }) => !(sql.includes(TRIGGER_MARK) && isDropped(columnOfTrigger(sql))),
  );
  return { definition: { ...definition, columns, constraints }, indexes, triggers };
}
