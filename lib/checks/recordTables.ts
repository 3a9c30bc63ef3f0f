import type { OddTable, RecordFacts } from '../migrator/recordFacts.js';
import type { MigrationStatus } from '../migrator/status.js';
import type { Finding } from './finding.js';

const UNLOCK = ['npx knex-meta migrate:unlock'];

function lockFindings(
  { record }: MigrationStatus,
  { lock, hasLock, holder, ownFlag }: RecordFacts,
): readonly Finding[] {
  const findings: Finding[] = [];
  if (holder !== undefined) {
    findings.push({
      code: 'LOCKED',
      message: `a run is under way: ${holder.holder}`,
      remedy: 'Wait for it to end. Its lock ends with its process.',
      mend: ['npx knex-meta check:version'],
    });
  } else if (record.isLocked) {
    const isOwn = record.flags.every((flag) => flag === 0 || flag === ownFlag);
    findings.push({
      code: 'LOCK_STALE',
      message: isOwn
        ? 'a run of knex-meta was killed and left its flag in the lock table; the next run takes it over'
        : 'the lock table says that stock Knex runs migrations: it does, or it was killed',
      remedy: isOwn ? 'Free it, or run migrations.' : 'Wait for that run. If there is none, free the lock.',
      mend: UNLOCK,
    });
  }
  if (record.lockRows > 1) {
    findings.push({
      code: 'LOCK_ROWS',
      message: `the lock table has ${record.lockRows} rows, and Knex expects one`,
      remedy: 'Leave one.',
      mend: UNLOCK,
    });
  }
  // Without the record nobody has looked into the lock's table.
  if (hasLock && record.exists && record.lockRows === 0) {
    findings.push({
      code: 'LOCK_ROW_MISSING',
      message: 'the lock table has no row: stock Knex takes that for locked',
      remedy: 'Put the row back.',
      mend: [`insert into ${lock} (is_locked) values (0)`],
    });
  }
  return findings;
}

function oddFinding({ table, kind, unknown, missing }: OddTable): Finding {
  const parts = [
    ...(unknown.length === 0 ? [] : [`columns that this version does not know: ${unknown.join(', ')}`]),
    ...(missing.length === 0 ? [] : [`not the columns: ${missing.join(', ')}`]),
  ];
  const isNewer = kind === 'journal' && missing.length === 0;
  return {
    code: isNewer ? 'RECORD_NEWER' : 'RECORD_COLUMNS',
    table,
    message: `${table} has ${parts.join('; it has ')}`,
    remedy: isNewer
      ? 'A newer version of knex-meta has written it: use that one.'
      : 'Is it the right table? `migrations.tableName` names it. What a project adds to it, other tools may not bear.',
    ...(isNewer ? { mend: ['npm install knex-meta@latest'] } : {}),
  };
}

/** Whether the tables of the record are as both tools expect them. */
export function tableFindings(status: MigrationStatus, facts: RecordFacts): readonly Finding[] {
  const odd = facts.odd.map(oddFinding);
  const isSaid = odd.some(({ code }) => code === 'RECORD_NEWER');
  const newer: readonly Finding[] =
    facts.newerTool === undefined || isSaid
      ? []
      : [
          {
            code: 'RECORD_NEWER',
            message: `the journal was written by ${facts.newerTool}, which is newer than this version`,
            remedy: 'Use that version, or a newer one.',
            mend: [`npm install ${facts.newerTool.replace(' ', '@')}`],
          },
        ];
  return [...lockFindings(status, facts), ...odd, ...newer];
}
