import { textOf } from '../../operations/hazards/hazard.js';
import type { LintRule } from '../rule.js';
import { rowsWhere } from './words.js';

/** Types that take the instants of a metadata column by a copy, and those that hold the same values. */
const OTHER_INSTANT = /^(timestamp|date)/;
const SAME_INSTANT = /^timestamp(\([3-6]\))? with time zone$|^timestamptz(\([3-6]\))?$/;

/** Locks, rewrites and transactions. */
export const LOCKS: readonly LintRule[] = [
  {
    code: 'CONCURRENTLY_IN_TRANSACTION',
    harm: 'can fail',
    severity: 'error',
    finds: '`CONCURRENTLY`, `VACUUM`, `CREATE DATABASE` and the like in a transaction',
    reason: 'The server refuses it, and the migration fails.',
    remedy: 'Export `config = { transaction: false }` from the migration, and leave it this one statement.',
    on: {
      createIndex: ({ table, name, isConcurrent }, { isTransaction }) =>
        isConcurrent && isTransaction
          ? { table, message: `CREATE INDEX CONCURRENTLY ${name} cannot run in a transaction.` }
          : undefined,
      dropIndex: ({ index, isConcurrent }, { isTransaction }) =>
        isConcurrent && isTransaction
          ? { message: `DROP INDEX CONCURRENTLY ${index.name} cannot run in a transaction.` }
          : undefined,
      reindex: ({ table, isConcurrent }, { isTransaction }) =>
        isConcurrent && isTransaction
          ? { table, message: 'REINDEX CONCURRENTLY cannot run in a transaction.' }
          : undefined,
      detachPartition: ({ table, isConcurrent }, { isTransaction }) =>
        isConcurrent && isTransaction
          ? { table, message: 'DETACH PARTITION CONCURRENTLY cannot run in a transaction.' }
          : undefined,
      alone: ({ what }, { isTransaction }) =>
        isTransaction ? { message: `${what} cannot run in a transaction.` } : undefined,
    },
  },
  {
    code: 'REINDEX_LOCKS',
    harm: 'long lock',
    severity: 'warning',
    finds: '`REINDEX` without CONCURRENTLY',
    reason: 'The table takes no writes meanwhile, and queries that want the index wait.',
    remedy: 'REINDEX … CONCURRENTLY, in a migration with `transaction: false`.',
    on: {
      reindex: ({ table, isConcurrent }, { known }) =>
        isConcurrent || known.isNew(table)
          ? undefined
          : { table, message: 'Indexes are made again under a lock.' },
    },
  },
  {
    code: 'DETACH_LOCKS',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a partition is detached without CONCURRENTLY',
    reason: 'Nobody reads or writes the partitioned table meanwhile.',
    remedy: 'DETACH PARTITION … CONCURRENTLY, in a migration with `transaction: false`.',
    on: {
      detachPartition: ({ table, partition, isConcurrent }, { known }) =>
        isConcurrent || known.isNew(table)
          ? undefined
          : { table, message: `${textOf(table)} is locked while ${textOf(partition)} is detached.` },
    },
  },
  {
    code: 'ATTACH_SCANS',
    harm: 'long lock',
    severity: 'note',
    finds: 'a table that has rows is attached as a partition',
    reason: 'Every row of it is read under a lock, unless a valid CHECK says what the partition says.',
    remedy: 'Add that CHECK first (NOT VALID, then VALIDATE CONSTRAINT), attach, and drop it.',
    on: {
      attachPartition: ({ table, partition }, { known }) =>
        known.isNew(partition)
          ? undefined
          : {
              table: partition,
              message: `${textOf(partition)} is read whole to be a partition of ${textOf(table)}.`,
            },
    },
  },
  {
    code: 'REWRITES_TABLE',
    harm: 'long lock',
    severity: 'warning',
    finds: '`VACUUM FULL`, `CLUSTER`, `SET LOGGED`, `SET TABLESPACE`, `SET ACCESS METHOD`',
    reason: 'The table is written anew, and nobody reads or writes it meanwhile.',
    remedy: 'A tool that repacks it while others work, or a maintenance window.',
    on: {
      rewrite: ({ table, how }, { known }) =>
        known.isNew(table) ? undefined : { table, message: `${how} writes ${textOf(table)} anew.` },
    },
  },
  {
    code: 'LOCK_TABLE',
    harm: 'long lock',
    severity: 'warning',
    finds: '`LOCK TABLE`',
    reason: 'It holds until the transaction ends, and others wait for all of that time.',
    remedy: 'Leave it to the statements themselves, or take the weakest mode that is enough.',
    on: {
      lockTable: ({ table, mode }, { known }) =>
        known.isNew(table) ? undefined : { table, message: `${textOf(table)} is locked (${mode}) by hand.` },
    },
  },
  {
    code: 'REFRESH_LOCKS',
    harm: 'long lock',
    severity: 'warning',
    finds: '`REFRESH MATERIALIZED VIEW` without CONCURRENTLY',
    reason: 'Nobody reads the view meanwhile.',
    remedy: 'REFRESH … CONCURRENTLY, with a unique index on the view.',
    on: {
      refreshView: ({ view, isConcurrent }, { known }) =>
        isConcurrent || known.isNew(view)
          ? undefined
          : { table: view, message: `${textOf(view)} cannot be read while it is refreshed.` },
    },
  },
  {
    code: 'CREATE_TRIGGER',
    harm: 'long lock',
    severity: 'note',
    finds: 'a trigger is made on a table that is there',
    reason: 'It waits for every writer of the table, and from then on works with each of their rows.',
    remedy: 'Run it with `--lock-timeout`, so that it does not stop the others.',
    on: {
      createTrigger: ({ table, name }, { known }) =>
        known.isNew(table) ? undefined : { table, message: `${textOf(table)} gets the trigger ${name}.` },
    },
  },
  {
    code: 'SEVERAL_LOCKS',
    harm: 'long lock',
    severity: 'note',
    finds: 'one transaction alters several tables that are in use',
    reason: 'Each lock is held until the last statement has run, and two such runs can deadlock.',
    remedy: 'One change a migration, run with `--transaction each`.',
    atEnd: ({ isTransaction, touched }) =>
      isTransaction && touched.length > 1
        ? `It holds the locks of ${touched.length} tables at once: ${touched.join(', ')}.`
        : undefined,
  },
  {
    code: 'TIMEOUT_MISSING',
    harm: 'long lock',
    severity: 'note',
    finds: 'a table in use is altered without `lock_timeout`',
    reason: 'While it waits for one long query, every other query of the table waits behind it.',
    remedy:
      'npx knex-meta migrate:latest --lock-timeout 2s --statement-timeout 1m (it tries again by itself)',
    atEnd: ({ actions, touched }) =>
      touched.length > 0 &&
      !actions.some((action) => action.kind === 'setting' && action.name === 'lock_timeout')
        ? `It waits without end for the lock of ${touched.join(', ')}.`
        : undefined,
  },
  {
    code: 'TRANSACTION_WORD',
    harm: 'can fail',
    severity: 'error',
    finds: '`BEGIN`, `COMMIT` or `ROLLBACK` in a migration',
    reason:
      'Knex does not know of it: COMMIT makes half a migration stay when the other half fails, and BEGIN without an end leaves a lock.',
    remedy: 'Leave it out. Without Knex’s transaction (`transaction: false`) use `knex.transaction`.',
    on: {
      boundary: ({ word }) => ({ message: `The migration says ${word} itself.` }),
    },
  },
  {
    code: 'COPIES_METADATA',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a column takes the name of a metadata column, and its values have to be copied',
    reason: 'knex-meta updates every row, and nobody reads or writes the table meanwhile.',
    remedy:
      'No row is updated where the new column is a `t.timestamp(name)` with a time zone and at least milliseconds, has no index or constraint in the same alteration, and stands behind no other column that was added after the metadata columns. To drop the metadata values instead, drop the metadata column in the same alteration first.',
    on: {
      copyMetadata: ({ table, name, isSure }, around) => {
        if (around.known.isNew(table)) return undefined;
        const { type = '', isAdded } = around.known.column(table, name) ?? {};
        const isOtherType = OTHER_INSTANT.test(type) && !SAME_INSTANT.test(type);
        if (!isSure && (isAdded !== true || !isOtherType)) return undefined;
        return {
          table,
          message: `The values of ${textOf(table)}.${name} are copied in every row.`,
          evidence: rowsWhere(around, table, undefined, 'rows to write'),
        };
      },
    },
  },
];
