import type { KnexMetaError } from '../../../errors.js';
import { mentions, sameName } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { columnOfTrigger, TRIGGER_MARK } from '../trigger.js';
import type { ColumnDefinition, Constraint } from './columnDefinition.js';
import { withoutIndexColumns } from './createIndex.js';
import { columnNamed, referencedTable, type TableDefinition } from './createTable.js';
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

/** A foreign key as Knex describes it. */
export interface NewForeignKey {
  readonly column: readonly string[];
  readonly keyName?: string | undefined;
  readonly references: readonly string[];
  readonly inTable: string;
  readonly onDelete?: string | undefined;
  readonly onUpdate?: string | undefined;
  readonly deferrable?: string | undefined;
}

type EditColumn = (column: ColumnDefinition) => ColumnDefinition;

function mapColumn(table: TableSchema, name: string, edit: EditColumn): TableDefinition {
  const column = columnNamed(table.definition, name);
  if (column === undefined) {
    throw refuse(table.name, `it has no column ${name}`, 'Check the name of the column.');
  }
  const columns = table.definition.columns.map((each) => (each === column ? edit(each) : each));
  return { ...table.definition, columns };
}

const unchangedIndexes = (table: TableSchema, definition: TableDefinition): Rebuilt => ({
  definition,
  indexes: table.indexes,
});

/** NOT NULL or NULL in the place, and under the constraint's name, of what the column had. */
function withNullability(column: ColumnDefinition, isNullable: boolean): ColumnDefinition {
  const kind = isNullable ? 'null' : 'not null';
  const old = column.constraints.find(
    (constraint) => constraint.kind === 'not null' || constraint.kind === 'null',
  );
  if (old?.kind === kind) return column;
  const rest = column.constraints.filter((constraint) => constraint !== old);
  if (old?.name === undefined && isNullable) return { ...column, constraints: rest };
  const named = old?.name === undefined ? '' : `constraint ${quoteName(old.name)} `;
  const fresh: Constraint = { kind, name: old?.name, text: `${named}${kind}` };
  const constraints =
    old === undefined ? [...rest, fresh] : column.constraints.map((each) => (each === old ? fresh : each));
  return { ...column, constraints };
}

export function editNullability(table: TableSchema, name: string, isNullable: boolean): Rebuilt {
  return unchangedIndexes(
    table,
    mapColumn(table, name, (column) => withNullability(column, isNullable)),
  );
}

/** The CHECK that Knex writes for an `enu` column: a list of values and nothing else. */
function isEnumCheck({ kind, text }: Constraint, column: string): boolean {
  return (
    kind === 'check' &&
    mentions(text, column) &&
    /^(?:constraint\s+\S+\s+)?check\s*\(\s*\S+\s+in\s*\([^()]*\)\s*\)$/i.test(text.trim())
  );
}

function alterOne(column: ColumnDefinition, altered: AlteredColumn): ColumnDefinition {
  // Knex's type of an enu brings its own CHECK: the old list of values must go.
  const [, type = altered.type, check] = /^(.*?)\s+(check\s*\(.*)$/is.exec(altered.type) ?? [];
  const kept = column.constraints.filter(
    (constraint) =>
      constraint.kind !== 'default' && !(check !== undefined && isEnumCheck(constraint, column.name)),
  );
  const added: readonly Constraint[] = [
    ...(altered.defaultTo === null
      ? []
      : [{ kind: 'default' as const, name: undefined, text: `default ${altered.defaultTo}` }]),
    ...(check === undefined ? [] : [{ kind: 'check' as const, name: undefined, text: check }]),
  ];
  return withNullability({ ...column, type, constraints: [...kept, ...added] }, !altered.notNull);
}

export function editColumns(table: TableSchema, altered: readonly AlteredColumn[]): Rebuilt {
  let current = table;
  for (const one of altered) {
    const definition = mapColumn(current, one.name, (column) => alterOne(column, one));
    current = { ...current, definition };
  }
  return unchangedIndexes(table, current.definition);
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
    for (const { kind, text } of table.definition.constraints) {
      if (kind === 'check' && mentions(text, name)) throw depends('a CHECK', name);
    }
  }
}

export function editDropColumns(table: TableSchema, dropped: readonly string[]): Rebuilt {
  const isDropped = (name: string): boolean => dropped.some((each) => sameName(each, name));
  const { definition } = table;
  for (const name of dropped) mapColumn(table, name, (column) => column);
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

export function editForeign(table: TableSchema, key: NewForeignKey): Rebuilt {
  const list = (names: readonly string[]): string => names.map(quoteName).join(', ');
  const named = key.keyName ? `constraint ${quoteName(key.keyName)} ` : '';
  const text = [
    `${named}foreign key (${list(key.column)}) references ${quoteName(key.inTable)} (${list(key.references)})`,
    ...(key.onDelete ? [`on delete ${key.onDelete}`] : []),
    ...(key.onUpdate ? [`on update ${key.onUpdate}`] : []),
    ...(key.deferrable && key.deferrable !== 'not deferrable'
      ? [`deferrable initially ${key.deferrable}`]
      : []),
  ].join(' ');
  const constraint = {
    kind: 'foreign' as const,
    name: key.keyName || undefined,
    before: ' ',
    text,
    columns: key.column,
    references: key.inTable,
    referencedColumns: key.references,
  };
  return unchangedIndexes(table, {
    ...table.definition,
    constraints: [...table.definition.constraints, constraint],
  });
}

/** Without the foreign key of that name, or else without those that these columns have. Undefined: there is none. */
export function editDropForeign(
  table: TableSchema,
  columns: readonly string[],
  name: string | undefined,
): Rebuilt | undefined {
  const { definition } = table;
  const isNamed = (constraint: Constraint): boolean =>
    name !== undefined && constraint.name !== undefined && sameName(constraint.name, name);
  const inline = definition.columns.flatMap(({ constraints }) =>
    constraints.filter((each) => referencedTable(each) !== undefined),
  );
  const byName = [...definition.constraints, ...inline].some(isNamed);
  const isOf = (owned: readonly string[]): boolean =>
    owned.some((own) => columns.some((column) => sameName(own, column)));
  const goes = (constraint: Constraint, owned: readonly string[]): boolean =>
    byName ? isNamed(constraint) : isOf(owned) && (name === undefined || constraint.name === undefined);
  const next: TableDefinition = {
    ...definition,
    columns: definition.columns.map((column) => ({
      ...column,
      constraints: column.constraints.filter(
        (each) => referencedTable(each) === undefined || !goes(each, [column.name]),
      ),
    })),
    constraints: definition.constraints.filter(
      (each) => each.kind !== 'foreign' || !goes(each, each.columns),
    ),
  };
  const count = (table: TableDefinition): number =>
    table.constraints.length + table.columns.reduce((sum, column) => sum + column.constraints.length, 0);
  return count(next) === count(definition) ? undefined : unchangedIndexes(table, next);
}

/** Without its primary key, inline or not; `name` spares a key of another name. Undefined: there is none. */
export function editDropPrimary(table: TableSchema, name: string | undefined): Rebuilt | undefined {
  const goes = ({ kind, name: own }: Constraint): boolean =>
    kind === 'primary' && (name === undefined || own === undefined || sameName(own, name));
  const { definition } = table;
  const has =
    definition.constraints.some(goes) || definition.columns.some(({ constraints }) => constraints.some(goes));
  if (!has) return undefined;
  return unchangedIndexes(table, {
    ...definition,
    columns: definition.columns.map((column) => ({
      ...column,
      constraints: column.constraints.filter((each) => !goes(each)),
    })),
    constraints: definition.constraints.filter((each) => !goes(each)),
  });
}

export function editPrimary(
  table: TableSchema,
  columns: readonly string[],
  name: string | undefined,
): Rebuilt {
  const { definition } = editDropPrimary(table, undefined) ?? table;
  const named = name ? `constraint ${quoteName(name)} ` : '';
  const constraint = {
    kind: 'primary' as const,
    name: name || undefined,
    before: ' ',
    text: `${named}primary key (${columns.map(quoteName).join(', ')})`,
    columns,
    references: undefined,
    referencedColumns: [],
  };
  return unchangedIndexes(table, { ...definition, constraints: [...definition.constraints, constraint] });
}
