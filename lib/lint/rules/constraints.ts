import { duplicatesOf, orphansOf } from '../../operations/hazards/evidence.js';
import { textOf } from '../../operations/hazards/hazard.js';
import { SAFE_WAYS } from '../../operations/hazards/safeWays.js';
import type { ObjectName } from '../../schema/names.js';
import type { ConstraintWords } from '../action.js';
import type { Around, Hit, LintRule } from '../rule.js';
import { quotingOf } from './words.js';

/** Duplicates that would stop a unique constraint or index. */
const duplicates = (
  around: Around,
  table: ObjectName,
  columns: readonly string[],
  nullsNotDistinct: boolean,
) => {
  const isKnown = columns.every((name) => around.known.columns(table)?.has(name) !== false);
  return columns.length === 0 || !isKnown
    ? undefined
    : duplicatesOf(quotingOf(around), {
        table,
        keys: columns.map((name) => around.quote(name)),
        where: [],
        nullsNotDistinct,
      });
};

function onAdd(
  kinds: readonly ConstraintWords['kind'][],
  message: (table: string, name: string) => string,
  evidence: (around: Around, table: ObjectName, constraint: ConstraintWords) => Hit['evidence'] = () =>
    undefined,
): NonNullable<LintRule['on']> {
  return {
    addConstraint: ({ table, constraint }, around) => {
      const { kind, isNotValid, usesIndex } = constraint;
      if (!kinds.includes(kind) || isNotValid || usesIndex || around.known.isNew(table)) return undefined;
      const name = constraint.name ?? (constraint.columns.join(', ') || 'without a name');
      return {
        table,
        message: message(textOf(table), name),
        evidence: evidence(around, table, constraint),
        breaks: true,
      };
    },
  };
}

/** Constraints and indexes of tables that have rows. */
export const CONSTRAINTS: readonly LintRule[] = [
  {
    code: 'CHECK_VALIDATES',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a CHECK is added without NOT VALID',
    reason:
      'Every row is read while nobody reads or writes the table, and one that breaks it stops the migration.',
    remedy: `${SAFE_WAYS.notValid} The second in a migration of its own.`,
    on: onAdd(['check'], (table, name) => `Every row of ${table} is checked for ${name}.`),
  },
  {
    code: 'FOREIGN_KEY_VALIDATES',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a foreign key is added without NOT VALID',
    reason: 'Every row is read while nobody writes either table, and an orphan stops the migration.',
    remedy: `${SAFE_WAYS.notValid} The second in a migration of its own.`,
    on: {
      ...onAdd(
        ['foreign key'],
        (table, name) => `Every row of ${table} is checked for the foreign key ${name}.`,
        (around, table, { target, columns, targetColumns }) =>
          target === undefined || targetColumns.length !== columns.length || around.known.isNew(target)
            ? undefined
            : orphansOf(quotingOf(around), table, target, columns, targetColumns, 'simple'),
      ),
      // A new column of NULLs has no orphans; the two locks are taken all the same.
      addColumn: ({ table, column }, { known }) =>
        column.references === undefined || column.defaultTo === 'none' || known.isNew(table)
          ? undefined
          : {
              table,
              message: `Every row of ${textOf(table)} is checked for the foreign key of ${column.name}.`,
            },
    },
  },
  {
    code: 'VALIDATE_IN_SAME_TRANSACTION',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a constraint is added NOT VALID and validated in one transaction',
    reason: 'The lock of the first is held while the second reads every row: nothing is won.',
    remedy: 'VALIDATE CONSTRAINT in a migration of its own, run with `--transaction each`.',
    on: {
      validateConstraint: ({ table, name }, { known, isTransaction }) =>
        isTransaction && !known.isNew(table) && known.isUnvalidated(table, name)
          ? { table, message: `${name} of ${textOf(table)} is validated in the transaction that adds it.` }
          : undefined,
    },
  },
  {
    code: 'UNIQUE_BUILDS_INDEX',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a unique constraint or primary key is added and builds its index',
    reason: 'Nobody reads or writes the table while the index is built, and a duplicate stops the migration.',
    remedy: 'CREATE UNIQUE INDEX CONCURRENTLY without a transaction, then ADD CONSTRAINT … USING INDEX.',
    on: {
      ...onAdd(
        ['unique', 'primary key'],
        (table, name) => `${table} is locked while the index of ${name} is built.`,
        (around, table, { columns, nullsNotDistinct }) =>
          duplicates(around, table, columns, nullsNotDistinct),
      ),
      addColumn: ({ table, column }, { known }) =>
        (column.isUnique || column.isKey) && !known.isNew(table)
          ? { table, message: `${textOf(table)} is locked while the index of ${column.name} is built.` }
          : undefined,
    },
  },
  {
    code: 'EXCLUSION_BUILDS_INDEX',
    harm: 'long lock',
    severity: 'warning',
    finds: 'an exclusion constraint is added',
    reason: 'Nobody reads or writes the table while its index is built, and there is no way around that.',
    remedy: 'Add it while the table is small, or in a maintenance window with a lock timeout.',
    on: onAdd(['exclusion'], (table, name) => `${table} is locked while the index of ${name} is built.`),
  },
  {
    code: 'INDEX_LOCKS',
    harm: 'long lock',
    severity: 'warning',
    finds: 'an index is made without CONCURRENTLY',
    reason: 'The table takes no writes while it is made.',
    remedy: SAFE_WAYS.concurrently,
    on: {
      createIndex: ({ table, name, isConcurrent }, { known }) =>
        isConcurrent || known.isNew(table)
          ? undefined
          : { table, message: `${textOf(table)} takes no writes while the index ${name} is made.` },
    },
  },
  {
    code: 'UNIQUE_INDEX',
    harm: 'can fail',
    severity: 'note',
    finds: 'a unique index is made on a table that has rows',
    reason: 'A duplicate stops it; made CONCURRENTLY it leaves an invalid index behind.',
    remedy: SAFE_WAYS.duplicates,
    on: {
      createIndex: ({ table, name, isUnique, isPartial, columns, size, nullsNotDistinct }, around) =>
        !isUnique || around.known.isNew(table)
          ? undefined
          : {
              table,
              message: `No two rows of ${textOf(table)} may be the same to the index ${name}.`,
              evidence:
                isPartial || columns.length !== size
                  ? undefined
                  : duplicates(around, table, columns, nullsNotDistinct),
              breaks: true,
            },
    },
  },
  {
    code: 'DROP_INDEX_LOCKS',
    harm: 'long lock',
    severity: 'warning',
    finds: 'an index is dropped without CONCURRENTLY',
    reason:
      'It waits for every query of the table, and all others wait behind it; queries that used it get slow.',
    remedy: 'DROP INDEX CONCURRENTLY, in a migration with `transaction: false`.',
    on: {
      dropIndex: ({ index, isConcurrent }, { known }) =>
        isConcurrent || known.isNewIndex(index.name)
          ? undefined
          : { message: `The table of the index ${textOf(index)} is locked while it is dropped.` },
    },
  },
  {
    code: 'WIDE_INDEX',
    harm: 'practice',
    severity: 'note',
    finds: 'an index over more than three columns that is not unique',
    reason: 'It is large, slow to keep, and seldom better than one over the first columns.',
    remedy: 'Start with the columns that tell rows apart best.',
    on: {
      createIndex: ({ table, name, size, isUnique }) =>
        size > 3 && !isUnique ? { table, message: `The index ${name} has ${size} columns.` } : undefined,
    },
  },
];
