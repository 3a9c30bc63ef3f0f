import type { KeyConstraint } from '../../schema/constraints.js';
import type { ObjectName } from '../../schema/names.js';
import type { Table } from '../../schema/table.js';
import type { Index, KeyPart } from '../../schema/tableIndex.js';
import { type Operation, sameObject } from '../operation.js';
import { duplicatesOf, orphansOf } from './evidence.js';
import { count, type Hazard, type HazardFacts, type Quoting, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';

/** The migration that a constraint is a part of. */
interface Around {
  /** Whether a column is NULL in every row. */
  readonly isNull: (table: ObjectName, column: string) => boolean;
  readonly operations: readonly Operation[];
  /** The tables of the database, where they are known. */
  readonly tables: readonly Table[];
}

/** Whether the values of a column cannot be those of before. */
const isTouched = (
  table: ObjectName,
  columns: readonly string[],
  operations: readonly Operation[],
): boolean =>
  operations.some(
    (each) =>
      (each.kind === 'column' &&
        sameObject(each.table, table) &&
        columns.includes(each.to?.name ?? each.from?.name ?? '') &&
        (each.from === undefined ||
          each.to === undefined ||
          each.from.type !== each.to.type ||
          each.from.collation !== each.to.collation ||
          each.from.generated?.expression !== each.to.generated?.expression)) ||
      (each.kind === 'renameColumn' && sameObject(each.table, table)),
  );

/** Whether a key or index of the table as it is says the same of all rows. */
function isUniqueAlready(
  table: ObjectName,
  columns: readonly string[],
  nullsNotDistinct: boolean,
  { tables, operations }: Around,
): boolean {
  const now = tables.find((each) => sameObject(each, table));
  if (now === undefined || isTouched(table, columns, operations)) return false;
  const keys = [now.primaryKey, ...now.uniques].filter((key) => key !== undefined);
  const isPlainKey = (key: KeyConstraint) =>
    !key.withoutOverlaps && (key.parts ?? []).every(({ collation }) => collation === undefined);
  const isPlainIndex = (index: Index) =>
    index.unique && index.isValid && index.predicate === undefined && index.keys.every(isPlainPart);
  const sets = [
    ...keys.filter(isPlainKey).map((key) => ({
      names: key.columns,
      isFull: key === now.primaryKey || key.nullsNotDistinct,
    })),
    ...now.indexes.filter(isPlainIndex).map((index) => ({
      names: index.keys.flatMap(({ column }) => column ?? []),
      isFull: index.nullsNotDistinct,
    })),
  ];
  return sets.some(
    ({ names, isFull }) => names.every((name) => columns.includes(name)) && (isFull || !nullsNotDistinct),
  );
}

const isPlainPart = ({ column, collation, opclass }: KeyPart): boolean =>
  column !== undefined && collation === undefined && opclass === undefined;

/** Whether each row gets another value in a column that the migration adds. */
const isNumbered = (
  table: ObjectName,
  columns: readonly string[],
  operations: readonly Operation[],
): boolean =>
  operations.some(
    (each) =>
      each.kind === 'column' &&
      each.from === undefined &&
      each.to?.numbering !== undefined &&
      sameObject(each.table, table) &&
      columns.includes(each.to.name),
  );

/** What has to be different in each row. */
interface Key {
  readonly table: ObjectName;
  readonly columns: readonly string[];
  /** In the words of a message. */
  readonly text: string;
  /** In SQL. */
  readonly keys: readonly string[];
  readonly where?: string | undefined;
  readonly nullsNotDistinct: boolean;
  readonly isPlain: boolean;
}

function duplicates(q: Quoting, key: Key, around: Around): readonly Hazard[] {
  const { table, columns, text, keys, where, nullsNotDistinct, isPlain } = key;
  const isMet =
    isNumbered(table, columns, around.operations) ||
    (!nullsNotDistinct && columns.some((column) => around.isNull(table, column))) ||
    (isPlain && isUniqueAlready(table, columns, nullsNotDistinct, around));
  if (isMet) return [];
  const rows = where === undefined ? 'rows' : `rows with ${where}`;
  return [
    {
      kind: 'can fail',
      message: `CAN FAIL: no two ${rows} of ${textOf(table)} may have the same ${text}${nullsNotDistinct ? ', and NULL is the same as NULL' : ''}.`,
      remedy: SAFE_WAYS.duplicates,
      evidence: duplicatesOf(q, { table, keys, where: [where], nullsNotDistinct }),
    },
  ];
}

function keyOf(q: Quoting, table: ObjectName, key: KeyConstraint, isPrimary: boolean): Key {
  return {
    table,
    columns: key.columns,
    text: key.columns.join(', '),
    keys: key.columns.map(q.name),
    // NULL in a primary key is said where the column becomes NOT NULL.
    nullsNotDistinct: !isPrimary && key.nullsNotDistinct,
    isPlain: true,
  };
}

function indexKey(q: Quoting, table: ObjectName, { keys, predicate, nullsNotDistinct }: Index): Key {
  const sqlOf = ({ column, expression, collation }: KeyPart): string =>
    `${column === undefined ? `(${expression})` : q.name(column)}${collation === undefined ? '' : ` collate ${collation}`}`;
  return {
    table,
    columns: keys.flatMap(({ column }) => column ?? []),
    text: keys.map(({ column, expression }) => column ?? expression).join(', '),
    keys: keys.map(sqlOf),
    where: predicate,
    nullsNotDistinct,
    isPlain: keys.every(isPlainPart),
  };
}

function foreignKeyHazards(
  { table, to }: Extract<Operation, { readonly kind: 'foreignKey' }>,
  facts: HazardFacts,
  { isNull, operations }: Around,
): readonly Hazard[] {
  if (to === undefined || !to.isEnforced || !to.isValid) return [];
  const q = quoting(facts);
  const isSame = (a: readonly string[] | undefined, b: readonly string[] | undefined) =>
    JSON.stringify(a) === JSON.stringify(b);
  const columns = [...to.columns];
  // Only what happens with a row that goes is another.
  const holds =
    !isTouched(table, columns, operations) &&
    !isTouched(to.target, to.targetColumns ?? [], operations) &&
    operations.some(
      (each) =>
        each.kind === 'foreignKey' &&
        each.from !== undefined &&
        sameObject(each.table, table) &&
        each.from.isValid &&
        each.from.isEnforced &&
        isSame(each.from.columns, to.columns) &&
        isSame(each.from.targetColumns, to.targetColumns) &&
        sameObject(each.from.target, to.target) &&
        (each.from.match === to.match || to.columns.length === 1),
    );
  if (holds || (to.match === 'simple' && to.columns.some((column) => isNull(table, column))))
    return facts.isConcurrent ? [looksAtAll(q, table, to.target)] : [];
  return [
    {
      kind: 'can fail',
      message: `CAN FAIL: every ${to.columns.join(', ')} of ${textOf(table)} has to have its row in ${textOf(to.target)}.`,
      remedy: facts.isConcurrent ? SAFE_WAYS.notValid : '',
      evidence:
        to.targetColumns === undefined
          ? undefined
          : orphansOf(q, table, to.target, to.columns, to.targetColumns, to.match),
    },
  ];
}

/** What can go wrong with a constraint or index. */
export function constraintHazards(
  operation: Operation,
  facts: HazardFacts,
  around: Around,
): readonly Hazard[] {
  const q = quoting(facts);
  if (operation.to === undefined) return [];
  switch (operation.kind) {
    case 'primaryKey':
    case 'unique': {
      if (operation.from !== undefined || operation.to.withoutOverlaps) return [];
      const { table, to, kind } = operation;
      return duplicates(q, keyOf(q, table, to, kind === 'primaryKey'), around);
    }
    case 'index': {
      const { table, to } = operation;
      return [
        ...(to.unique ? duplicates(q, indexKey(q, table, to), around) : []),
        ...(facts.isConcurrent
          ? [
              {
                kind: 'long lock' as const,
                message: `LONG LOCK: ${textOf(table)} takes no writes while the index ${to.name} is made.`,
                remedy: SAFE_WAYS.concurrently,
                evidence: count(q.table(table), undefined, 'rows to index'),
              },
            ]
          : []),
      ];
    }
    case 'check': {
      const { table, to } = operation;
      const holds = around.operations.some(
        (each) =>
          each.kind === 'check' &&
          each.from?.expression === to.expression &&
          each.from.isValid &&
          each.from.isEnforced &&
          sameObject(each.table, table),
      );
      if (!to.isValid || !to.isEnforced || (holds && facts.isConcurrent)) return [];
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: every row of ${textOf(table)} has to fulfil the new check${to.name === undefined ? '' : ` ${to.name}`}.`,
          remedy: facts.isConcurrent ? SAFE_WAYS.notValid : '',
          evidence: count(q.table(table), `not (${to.expression})`, 'rows against it'),
        },
      ];
    }
    case 'exclusion': {
      const { table, to } = operation;
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: two rows of ${textOf(table)} that the new exclusion constraint ${to.name ?? ''} takes for a conflict stop the migration.`,
          remedy: SAFE_WAYS.duplicates,
          evidence: undefined,
        },
      ];
    }
    case 'foreignKey':
      return foreignKeyHazards(operation, facts, around);
    default:
      return [];
  }
}

/** A new key that no row can break yet. */
function looksAtAll(q: Quoting, table: ObjectName, target: ObjectName): Hazard {
  const own = textOf(table);
  const who = own === textOf(target) ? `${own} takes` : `${own} and ${textOf(target)} take`;
  return {
    kind: 'long lock',
    message: `LONG LOCK: ${who} no writes while every row of ${own} is looked at.`,
    remedy: SAFE_WAYS.notValid,
    evidence: count(q.table(table), undefined, 'rows to look at'),
  };
}
