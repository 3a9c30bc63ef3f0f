import type { AppliedMigration } from '../migrator/record.js';
import type { RecordFacts } from '../migrator/recordFacts.js';
import type { MigrationStatus } from '../migrator/status.js';
import type { CheckReport, Finding } from './finding.js';
import { literal, shellWord } from './quote.js';
import { tableFindings } from './recordTables.js';

/** A finding of one migration. */
const finding = (
  code: string,
  migration: string,
  message: string,
  remedy: string,
  mend?: readonly string[],
): Finding => ({ code, migration, message, remedy, ...(mend === undefined ? {} : { mend }) });

/** Rows of one name but the first. */
function repeated(applied: readonly AppliedMigration[]): readonly AppliedMigration[] {
  return applied.filter((row, index) => applied.findIndex(({ name }) => name === row.name) !== index);
}

function pendingFindings(
  { applied, pending }: MigrationStatus,
  renamed: ReadonlySet<string>,
): readonly Finding[] {
  const newest = applied
    .map(({ name }) => name)
    .sort()
    .at(-1);
  const open = pending.filter((name) => !renamed.has(name));
  const older = open.filter((name) => newest !== undefined && name < newest);
  return [
    ...open.map((name) =>
      finding('PENDING', name, `${name} is not applied`, 'Apply it.', ['npx knex-meta migrate:latest']),
    ),
    ...older.map((name) =>
      finding(
        'OUT_OF_ORDER',
        name,
        `${name} is pending, and ${newest}, which comes after it, is applied`,
        'Rename the file with a new time stamp, or apply it as it is when nothing depends on the order.',
        [`npx knex-meta migrate:up ${shellWord(name)}`],
      ),
    ),
  ];
}

function fileFindings(
  { missing, edited, unfinished }: MigrationStatus,
  { record, renamed, heads, holder }: RecordFacts,
): readonly Finding[] {
  // While a run is under way it is that run's, which ends it.
  const left = holder === undefined ? unfinished : [];
  const newName = new Map(renamed);
  return [
    ...missing.map((name) => {
      const to = newName.get(name);
      return to === undefined
        ? finding(
            'MISSING',
            name,
            `${name} is recorded as applied, and there is no such file`,
            'Bring the file back: another branch may have it. Only if it is gone for good, and what it did stays, forget its row.',
            [`delete from ${record} where name = ${literal(name)}`],
          )
        : finding(
            'RENAMED',
            name,
            `${name} is recorded as applied, and its file is now ${to}`,
            'Give the file its name back, or the row the new one.',
            [`update ${record} set name = ${literal(to)} where name = ${literal(name)}`],
          );
    }),
    ...edited.map((name) =>
      finding(
        'EDITED',
        name,
        `${name} says something else than when it was applied`,
        'Put the file back as it was, and write the change as a new migration.',
      ),
    ),
    ...left.map((name) =>
      finding(
        'UNFINISHED',
        name,
        `${name} was begun without a transaction, and did not say that it ended`,
        `Compare the database with the file, then say which it is: npx knex-meta migrate:resolve ${name} --applied, or --undone. \`npx knex-meta doctor\` compares.`,
      ),
    ),
    ...(heads.length > 1
      ? [
          finding(
            'HEADS',
            heads.join(', '),
            `there are ${heads.length} heads: ${heads.join(', ')}`,
            'Join them: the file of the merge is applied like any other.',
            ['npx knex-meta migrate:merge', 'npx knex-meta migrate:latest'],
          ),
        ]
      : []),
  ];
}

/** What deletes a repeated row, and not its twin where the table has lost its key and both have one number. */
function deletion(record: string, { id, name }: AppliedMigration, first: number, free: number): string[] {
  const isIt = `id = ${id} and name = ${literal(name)}`;
  const deleting = `delete from ${record} where ${isIt}`;
  if (id !== first) return [deleting];
  return [
    `insert into ${record} (id, name, batch, migration_time) select ${free}, name, min(batch), min(migration_time) from ${record} where ${isIt} group by name`,
    deleting,
    `update ${record} set id = ${id} where id = ${free}`,
  ];
}

function rowFindings({ applied }: MigrationStatus, { record }: RecordFacts): readonly Finding[] {
  const last = Math.max(0, ...applied.map(({ id }) => id));
  const same = applied.filter(({ id, name }, index) =>
    applied.slice(0, index).some((other) => other.id === id && other.name !== name),
  );
  return [
    ...repeated(applied).map((row) => {
      const { name } = row;
      const first = applied.find((other) => other.name === name)?.id ?? row.id;
      const mend = deletion(record, row, first, last + same.length + 1);
      const remedy = 'Delete all but one of its rows.';
      return finding('DUPLICATE', name, `${name} is recorded more than once`, remedy, mend);
    }),
    ...same.map(({ id, name }, index) =>
      finding(
        'DUPLICATE_ID',
        name,
        `${name} is recorded under the number ${id}, which another row has too`,
        'Give it a number of its own; the table has lost its primary key.',
        [`update ${record} set id = ${last + index + 1} where id = ${id} and name = ${literal(name)}`],
      ),
    ),
  ];
}

/** Compares the record of applied migrations with the files, and looks whether the record itself is sound. */
export function checkRecord(status: MigrationStatus, facts: RecordFacts): CheckReport {
  const renamed = new Set(facts.renamed.map(([, to]) => to));
  return {
    findings: [
      ...pendingFindings(status, renamed),
      ...fileFindings(status, facts),
      ...rowFindings(status, facts),
      ...tableFindings(status, facts),
    ],
    notes: status.record.exists ? [] : ['the database has no table of migrations yet'],
  };
}
