import { checkRecord } from '../checks/version.js';
import { readRecordFacts } from '../migrator/recordFacts.js';
import type { MigrationStatus } from '../migrator/status.js';
import { findMissingFile } from './absent.js';
import { type Checked, reportCheck } from './checkReport.js';
import type { Command, Context } from './command.js';
import { databaseForReading } from './migrateHistory.js';
import { readStatus } from './migrateInspect.js';

/** The record of applied migrations against the files. */
export async function runCheckVersion(context: Context, known?: MigrationStatus): Promise<Checked> {
  const status = known ?? (await readStatus(context));
  const { db, settings } = await databaseForReading(context);
  const missing = await findMissingFile(context);
  const report = checkRecord(status, await readRecordFacts(db, settings));
  return {
    report: missing === undefined ? report : { findings: [missing, ...report.findings], notes: [] },
    allIsWell: `${status.applied.length} migrations are applied, none is pending`,
    data: { applied: status.applied },
  };
}

export const checkVersion: Command = {
  command: 'check:version',
  describe: 'Check the record of applied migrations against the files; writes nothing',
  examples: [['knex-meta check:version', 'exit code 3 when a migration is pending, missing or out of order']],
  run: async (context) => {
    const status = await readStatus(context);
    const checked = await runCheckVersion(context, status);
    for (const { id, name, batch, appliedAt } of status.applied) {
      context.output.line(`${id}\t${name}\tbatch ${batch}\t${appliedAt?.toISOString() ?? ''}`);
    }
    return reportCheck(context, checked);
  },
};
