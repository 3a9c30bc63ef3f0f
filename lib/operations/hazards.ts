import type { Column } from '../schema/column.js';
import type { ObjectName } from '../schema/names.js';
import type { ColumnChange, Operation } from './operation.js';

export type HazardKind = 'data loss' | 'can fail' | 'long lock' | 'incompatible';

/** A read-only query of one number, and what a number above zero says. */
export interface Evidence {
  readonly sql: string;
  readonly counts: string;
}

/** What can go wrong when an operation runs on a database that is in use. */
export interface Hazard {
  readonly kind: HazardKind;
  readonly message: string;
  /** The safe way. */
  readonly remedy: string;
  readonly evidence: Evidence | undefined;
}

/** What hazards depend on besides the operation. */
export interface HazardFacts {
  /** A table or column in SQL. */
  readonly quote: (name: string) => string;
  /** Whether every value of one type is one of the other. */
  readonly isSafeCast: (from: string, to: string) => boolean;
  /** Whether the change of type leaves the table's file as it is. */
  readonly isInPlace: (from: Column, to: Column) => boolean;
  /** True where an index or constraint can be made while others write. */
  readonly isConcurrent: boolean;
  /** A condition that is true of values which cannot be cast; undefined where SQL cannot say it. */
  readonly failsCast: (column: string, from: Column, to: Column) => string | undefined;
}

interface Quoting {
  readonly table: (name: ObjectName) => string;
  readonly name: (name: string) => string;
}

function quoting({ quote }: HazardFacts): Quoting {
  return {
    table: ({ schema, name }) => (schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`),
    name: quote,
  };
}

const textOf = ({ schema, name }: ObjectName) =>
  schema === undefined || schema === 'public' ? name : `${schema}.${name}`;

function count(table: string, where: string | undefined, counts: string): Evidence {
  return {
    sql: `select count(*) as count from ${table}${where === undefined ? '' : ` where ${where}`}`,
    counts,
  };
}

function columnHazards(operation: ColumnChange, facts: HazardFacts): readonly Hazard[] {
  const { table, from, to } = operation;
  const q = quoting(facts);
  const target = q.table(table);
  const subject = `${textOf(table)}.${(to ?? from)?.name}`;
  if (to === undefined && from !== undefined)
    // What is computed is nobody's loss.
    return from.generated !== undefined
      ? []
      : [
          {
            kind: 'data loss',
            message: `DATA LOSS: the values of ${subject} are gone, also after a rollback.`,
            remedy: 'Stop using the column in a release before, and keep a copy of what may be wanted.',
            evidence: count(target, `${q.name(from.name)} is not null`, 'rows have a value in it'),
          },
        ];
  if (to === undefined) return [];
  if (from === undefined) {
    const hasValue =
      to.nullable || to.defaultTo !== undefined || to.numbering !== undefined || to.generated !== undefined;
    if (hasValue) return [];
    return [
      {
        kind: 'can fail',
        message: `CAN FAIL: ${subject} is NOT NULL without a default, which a table with rows refuses.`,
        remedy: 'Give it a default, or add it nullable, fill it, and then set NOT NULL.',
        evidence: count(target, undefined, 'rows would have no value'),
      },
    ];
  }
  return [
    ...(from.nullable && !to.nullable
      ? [
          {
            kind: 'can fail' as const,
            message: `CAN FAIL: ${subject} becomes NOT NULL.`,
            remedy: 'Fill the rows without a value first.',
            evidence: count(target, `${q.name(to.name)} is null`, 'rows have NULL in it'),
          },
        ]
      : []),
    ...typeHazards(from, to, subject, target, facts),
  ];
}

function typeHazards(
  from: Column,
  to: Column,
  subject: string,
  target: string,
  facts: HazardFacts,
): readonly Hazard[] {
  if (from.type === to.type) return [];
  const change = `${subject} changes from ${from.type} to ${to.type}`;
  const failing = facts.failsCast(facts.quote(to.name), from, to);
  const cast: readonly Hazard[] = facts.isSafeCast(from.type, to.type)
    ? []
    : [
        {
          kind: 'can fail',
          message: `CAN FAIL: ${change}: a value that the new type cannot hold stops the migration, or loses what is too long or too precise for it.`,
          remedy: 'Look at the values first, and write USING as they need it.',
          evidence:
            failing === undefined
              ? count(target, `${facts.quote(to.name)} is not null`, 'rows have a value to convert')
              : count(target, failing, 'rows have a value that cannot be converted'),
        },
      ];
  const lock: readonly Hazard[] =
    !facts.isConcurrent || facts.isInPlace(from, to)
      ? []
      : [
          {
            kind: 'long lock',
            message: `LONG LOCK: ${change}: the table is rewritten, and nobody reads or writes it meanwhile.`,
            remedy: 'On a large table: a new column, filled in batches, and then a rename.',
            evidence: count(target, undefined, 'rows are rewritten'),
          },
        ];
  return [...cast, ...lock];
}

function tableHazards(operation: Operation, facts: HazardFacts): readonly Hazard[] {
  const q = quoting(facts);
  switch (operation.kind) {
    case 'table':
      if (operation.from === undefined) return [];
      return [
        {
          kind: 'data loss',
          message: `DATA LOSS: all rows of ${textOf(operation.from)} are gone, also after a rollback.`,
          remedy: 'Rename the table first, and drop it in a later release.',
          evidence: count(q.table(operation.from), undefined, 'rows are in it'),
        },
      ];
    case 'renameTable':
    case 'renameColumn':
      return [
        {
          kind: 'incompatible',
          message: `INCOMPATIBLE: code that runs with the old name fails as soon as this has run.`,
          remedy: 'Deploy it together with the code.',
          evidence: undefined,
        },
      ];
    case 'enum': {
      const { from, to, renamedValues } = operation;
      if (from === undefined || to === undefined) return [];
      const went = from.values.filter(
        (value) => !to.values.includes(value) && !renamedValues.some((each) => each.from === value),
      );
      if (went.length === 0) return [];
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: the type ${textOf(to)} loses ${went.map((value) => `'${value}'`).join(', ')}: a row that has it stops the migration.`,
          remedy: 'Give those rows another value first.',
          evidence: undefined,
        },
      ];
    }
    default:
      return [];
  }
}

function list(names: readonly string[], { name }: Quoting): string {
  return names.map(name).join(', ');
}

function constraintHazards(operation: Operation, facts: HazardFacts): readonly Hazard[] {
  const q = quoting(facts);
  if (operation.to === undefined) return [];
  switch (operation.kind) {
    case 'primaryKey':
    case 'unique': {
      if (operation.from !== undefined) return [];
      const { table, to } = operation;
      return [duplicates(q, table, to.columns, undefined)];
    }
    case 'index': {
      const { table, to } = operation;
      const columns = to.keys.flatMap(({ column }) => column ?? []);
      const isPlain = columns.length === to.keys.length;
      return [
        ...(to.unique && isPlain ? [duplicates(q, table, columns, to.predicate)] : []),
        ...(facts.isConcurrent
          ? [
              {
                kind: 'long lock' as const,
                message: `LONG LOCK: ${textOf(table)} takes no writes while the index ${to.name} is made.`,
                remedy:
                  'On a large table: CREATE INDEX CONCURRENTLY, in a migration with `transaction: false`.',
                evidence: count(q.table(table), undefined, 'rows are indexed'),
              },
            ]
          : []),
      ];
    }
    case 'check': {
      const { table, to } = operation;
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: every row of ${textOf(table)} has to fulfil the new check${to.name === undefined ? '' : ` ${to.name}`}.`,
          remedy: facts.isConcurrent ? 'On a large table: NOT VALID first, then VALIDATE CONSTRAINT.' : '',
          evidence: count(q.table(table), `not (${to.expression})`, 'rows break it'),
        },
      ];
    }
    case 'foreignKey': {
      const { table, to } = operation;
      return [
        {
          kind: 'can fail',
          message: `CAN FAIL: every row of ${textOf(table)} has to have its row in ${textOf(to.target)}.`,
          remedy: facts.isConcurrent ? 'On a large table: NOT VALID first, then VALIDATE CONSTRAINT.' : '',
          evidence:
            to.targetColumns === undefined
              ? undefined
              : orphans(q, table, to.target, to.columns, to.targetColumns),
        },
      ];
    }
    default:
      return [];
  }
}

function duplicates(
  q: Quoting,
  table: ObjectName,
  columns: readonly string[],
  where: string | undefined,
): Hazard {
  const names = list(columns, q);
  const conditions = [
    ...columns.map((column) => `${q.name(column)} is not null`),
    ...(where === undefined ? [] : [where]),
  ];
  return {
    kind: 'can fail',
    message: `CAN FAIL: no two rows of ${textOf(table)} may have the same ${columns.join(', ')}.`,
    remedy: 'Merge or correct the duplicates first.',
    evidence: {
      sql: `select count(*) as count from (select 1 as one from ${q.table(table)} where ${conditions.join(' and ')} group by ${names} having count(*) > 1) duplicates`,
      counts: 'values are there more than once',
    },
  };
}

function orphans(
  q: Quoting,
  table: ObjectName,
  target: ObjectName,
  columns: readonly string[],
  targetColumns: readonly string[],
): Evidence {
  const has = columns.map((column) => `child.${q.name(column)} is not null`);
  const matches = columns.map(
    (column, at) => `parent.${q.name(targetColumns[at] ?? '')} = child.${q.name(column)}`,
  );
  return {
    sql: `select count(*) as count from ${q.table(table)} child where ${has.join(' and ')} and not exists (select 1 from ${q.table(target)} parent where ${matches.join(' and ')})`,
    counts: 'rows refer to a row that is not there',
  };
}

/** What can go wrong with an operation. Rows that a new table does not have yet are no hazard. */
export function hazardsOf(operation: Operation, facts: HazardFacts): readonly Hazard[] {
  if (operation.kind === 'column') return columnHazards(operation, facts);
  return [...tableHazards(operation, facts), ...constraintHazards(operation, facts)];
}
