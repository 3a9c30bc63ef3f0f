import type { MigrationStatus } from '../migrator/status.js';
import type { CheckReport, Finding } from './finding.js';

const finding = (code: string, migration: string, message: string, remedy: string): Finding => ({
  code,
  migration,
  message,
  remedy,
});

/** Names that are recorded more than once. */
function repeated(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** Compares the record of applied migrations with the files. */
export function checkRecord(status: MigrationStatus): CheckReport {
  const { applied, pending, missing, edited, unfinished, record } = status;
  const names = applied.map(({ name }) => name);
  const newest = [...names].sort().at(-1);
  const older = pending.filter((name) => newest !== undefined && name < newest);
  const findings: readonly Finding[] = [
    ...pending.map((name) =>
      finding('PENDING', name, `${name} is not applied`, 'npx knex-meta migrate:latest'),
    ),
    ...older.map((name) =>
      finding(
        'OUT_OF_ORDER',
        name,
        `${name} is pending, and ${newest}, which comes after it, is applied`,
        'Rename the file with a new time stamp, or apply it as it is when nothing depends on the order.',
      ),
    ),
    ...missing.map((name) =>
      finding(
        'MISSING',
        name,
        `${name} is recorded as applied, and there is no such file`,
        'Bring the file back: another branch may have it.',
      ),
    ),
    ...edited.map((name) =>
      finding(
        'EDITED',
        name,
        `${name} says something else than when it was applied`,
        'Put the file back as it was, and write the change as a new migration.',
      ),
    ),
    ...unfinished.map((name) =>
      finding(
        'UNFINISHED',
        name,
        `${name} was begun without a transaction, and did not say that it ended`,
        'Compare the database with the file, then: npx knex-meta migrate:resolve <revision> --applied or --undone',
      ),
    ),
    ...repeated(names).map((name) =>
      finding(
        'DUPLICATE',
        name,
        `${name} is recorded more than once`,
        'Delete all but one of its rows from the table of migrations.',
      ),
    ),
    ...(record.isLocked
      ? [
          finding(
            'LOCKED',
            '',
            'the migrations are locked',
            'Wait for the run that is under way; if there is none: npx knex-meta migrate:unlock',
          ),
        ]
      : []),
    ...(record.lockRows > 1
      ? [
          finding(
            'LOCK_ROWS',
            '',
            `the lock table has ${record.lockRows} rows, and Knex expects one`,
            'npx knex-meta migrate:unlock',
          ),
        ]
      : []),
  ];
  return { findings, notes: record.exists ? [] : ['the database has no table of migrations yet'] };
}
