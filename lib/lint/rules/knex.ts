import { JOIN_REMEDY } from '../../checks/joins.js';
import { textOf } from '../../operations/hazards/hazard.js';
import type { LintRule } from '../rule.js';

/** What is special to Knex and to knex-meta. */
export const KNEX: readonly LintRule[] = [
  {
    code: 'RAW_TABLE',
    harm: 'practice',
    severity: 'warning',
    finds: 'a table is created by SQL of one’s own',
    reason: 'Raw SQL goes past the hook: the table gets no metadata columns and no update trigger.',
    remedy: '`knex.schema.createTable`, with `t.specificType` and `knex.raw` for what the builder lacks.',
    on: {
      createTable: ({ table, isTemporary }, { isRaw }) =>
        isRaw && !isTemporary
          ? { table, message: `${textOf(table)} gets no metadata columns and no update trigger.` }
          : undefined,
    },
  },
  {
    code: 'SEVERAL_CHANGES',
    harm: 'practice',
    severity: 'note',
    finds: 'a migration without a transaction changes several tables',
    reason: 'When it fails in the middle, nobody knows which half is there.',
    remedy: 'One change a migration.',
    atEnd: ({ isTransaction, touched }) =>
      !isTransaction && touched.length > 1
        ? `It changes ${touched.length} tables, and what fails in the middle stays: ${touched.join(', ')}.`
        : undefined,
  },
  {
    code: 'NOT_READ',
    harm: 'can fail',
    severity: 'error',
    finds: 'a statement that the engine’s parser does not understand',
    reason: 'It will fail, or is written for another engine; no other rule has looked at it.',
    remedy: 'Correct it.',
    on: { unread: ({ reason }) => ({ message: `It cannot be parsed: ${reason}.` }) },
  },
];

/** Rules about files and their order, which are found beside the statements. */
export const FILES: readonly LintRule[] = [
  {
    code: 'NOT_FOLLOWED',
    harm: 'can fail',
    severity: 'warning',
    finds: 'a migration that cannot be followed to its end',
    reason:
      'It asks the database for what only running it tells, or fails on a database without rows: the rest of it was not looked at.',
    remedy: 'Look at it with `npx knex-meta migrate:plan`, and switch this off in the file when it is meant.',
  },
  {
    code: 'FAILS',
    harm: 'can fail',
    severity: 'error',
    finds: 'a pending migration that fails when it is tried on what the database has',
    reason: 'It will fail like this when it is run; the rest of it was not looked at.',
    remedy: 'Correct the migration, or the rows that it stumbles over.',
  },
  {
    code: 'AMBIGUOUS_COLUMN',
    harm: 'can fail',
    severity: 'error',
    finds: 'a column without its table, in a join or a view, that metadata columns make ambiguous',
    reason:
      'The metadata columns have the same names in every table: a name that one of the joined tables had before is now in each of them.',
    remedy: JOIN_REMEDY,
  },
  {
    code: 'EDITED',
    harm: 'practice',
    severity: 'warning',
    finds: 'an applied migration whose file was edited',
    reason: 'Databases where it ran do not get the change, and new ones do.',
    remedy: 'Put the file back, and write a new migration.',
  },
  {
    code: 'OUT_OF_ORDER',
    harm: 'practice',
    severity: 'warning',
    finds: 'a pending migration that is older than an applied one',
    reason: 'A new database runs them in another order than this one.',
    remedy: 'Rename the file with a new time stamp when it is on no other database.',
  },
  {
    code: 'SEVERAL_HEADS',
    harm: 'practice',
    severity: 'warning',
    finds: 'a history with more than one head',
    reason: 'Two people have written migrations beside each other, and nobody has looked at both.',
    remedy: 'npx knex-meta migrate:merge',
  },
  {
    code: 'UNUSED_IGNORE',
    harm: 'practice',
    severity: 'note',
    finds: 'a comment that switches off what is not found',
    reason: 'It hides the next finding of that kind.',
    remedy: 'Delete the comment, or correct its code.',
  },
];
