import { textOf } from '../../operations/hazards/hazard.js';
import { SAFE_WAYS } from '../../operations/hazards/safeWays.js';
import type { LintRule } from '../rule.js';
import { rowsWhere } from './words.js';

/** What takes rows or values away. */
export const DESTRUCTIVE: readonly LintRule[] = [
  {
    code: 'DROP_TABLE',
    harm: 'data loss',
    severity: 'warning',
    finds: 'a table is dropped',
    reason: 'Its rows are gone, also after a rollback, and code that still uses it fails.',
    remedy: SAFE_WAYS.dropTable,
    on: {
      dropTable: ({ table }, around) =>
        around.known.isNew(table)
          ? undefined
          : {
              table,
              message: `The table ${textOf(table)} is dropped with its rows.`,
              evidence: rowsWhere(around, table, undefined, 'rows in it'),
            },
    },
  },
  {
    code: 'DROP_COLUMN',
    harm: 'data loss',
    severity: 'warning',
    finds: 'a column is dropped',
    reason: 'Its values are gone, also after a rollback, and code that still reads it fails.',
    remedy: SAFE_WAYS.dropColumn,
    on: {
      dropColumn: ({ table, name }, around) =>
        around.known.isNew(table)
          ? undefined
          : {
              table,
              message: `The column ${textOf(table)}.${name} is dropped with its values.`,
              evidence: rowsWhere(
                around,
                table,
                `${around.quote(name)} is not null`,
                'rows with a value in it',
              ),
            },
    },
  },
  {
    code: 'DROP_DATABASE',
    harm: 'data loss',
    severity: 'error',
    finds: 'a database or schema is dropped',
    reason: 'All that is in it is gone.',
    remedy: 'Take it out of the migration: an administrator drops it by hand, after a backup.',
    on: {
      dropObject: ({ what, name }) =>
        what === 'database' || what === 'schema' ? { message: `The ${what} ${name} is dropped.` } : undefined,
    },
  },
  {
    code: 'DROP_CASCADE',
    harm: 'data loss',
    severity: 'warning',
    finds: '`DROP … CASCADE` of a type, view, function or other object',
    reason: 'What depends on it is dropped too, columns with their values among it, and nobody says which.',
    remedy: 'Drop what depends on it by name first, and then it without CASCADE.',
    on: {
      dropObject: ({ what, name, isCascade }) =>
        isCascade && what !== 'database' && what !== 'schema'
          ? { message: `The ${what} ${name} is dropped with all that depends on it.` }
          : undefined,
    },
  },
  {
    code: 'TRUNCATE',
    harm: 'data loss',
    severity: 'warning',
    finds: '`TRUNCATE`, above all with CASCADE',
    reason: 'All rows are gone; CASCADE empties the tables that refer to it too.',
    remedy: 'Delete the rows that are meant, in batches; name each table, without CASCADE.',
    on: {
      truncate: ({ table, isCascade }, around) =>
        around.known.isNew(table)
          ? undefined
          : {
              table,
              message: `${textOf(table)} is emptied${isCascade ? ', and with it every table that refers to it' : ''}.`,
              evidence: isCascade ? undefined : rowsWhere(around, table, undefined, 'rows in it'),
            },
    },
  },
  {
    code: 'DELETE_ALL',
    harm: 'data loss',
    severity: 'warning',
    finds: '`DELETE` without WHERE',
    reason: 'All rows are gone, also after a rollback of the migration.',
    remedy: 'Say in a WHERE which rows are meant.',
    on: {
      deleteRows: ({ table, hasWhere }, around) =>
        hasWhere || around.known.isNew(table)
          ? undefined
          : {
              table,
              message: `All rows of ${textOf(table)} are deleted.`,
              evidence: rowsWhere(around, table, undefined, 'rows in it'),
            },
    },
  },
  {
    code: 'DROP_CONSTRAINT',
    harm: 'incompatible',
    severity: 'note',
    finds: 'a constraint is dropped',
    reason: 'From now on rows are accepted that it refused, and a way back has to find them.',
    remedy: 'Make sure that the code checks it, or that nothing counts on it.',
    on: {
      dropConstraint: ({ table, name }, { known }) =>
        known.isNew(table)
          ? undefined
          : { table, message: `The constraint ${name} of ${textOf(table)} is dropped.` },
    },
  },
  {
    code: 'DROP_NOT_NULL',
    harm: 'incompatible',
    severity: 'note',
    finds: 'a column may be NULL from now on',
    reason: 'Code that reads it and counts on a value fails.',
    remedy:
      'Let the code take NULL first. After Knex’s `.alter()` write `.notNullable()` again: it drops it.',
    on: {
      dropNotNull: ({ table, name }, { known, isRaw }) =>
        known.isNew(table) || known.column(table, name)?.isNullable === true
          ? undefined
          : {
              table,
              message: `${textOf(table)}.${name} may be NULL from now on${isRaw ? '' : ', perhaps because `.alter()` drops NOT NULL when it is not written again'}.`,
            },
    },
  },
  {
    code: 'BACKFILL',
    harm: 'long lock',
    severity: 'warning',
    finds: '`UPDATE` of all rows in a migration',
    reason: 'Every row is written and locked until the transaction ends; the table grows by its own size.',
    remedy: 'Update in batches, in a migration of its own with `transaction: false`.',
    on: {
      updateRows: ({ table, hasWhere }, around) =>
        hasWhere || around.known.isNew(table)
          ? undefined
          : {
              table,
              message: `All rows of ${textOf(table)} are updated in one statement.`,
              evidence: rowsWhere(around, table, undefined, 'rows to write'),
            },
    },
  },
];
