import { checkRecord } from '../checks/version.js';
import { reportCheck } from './checkReport.js';
import type { Command } from './command.js';
import { readStatus } from './migrateInspect.js';

export const checkVersion: Command = {
  command: 'check:version',
  describe: 'Check the record of applied migrations against the files; writes nothing',
  examples: [['knex-meta check:version', 'exit code 3 when a migration is pending, missing or out of order']],
  run: async (context) => {
    const status = await readStatus(context);
    for (const { id, name, batch, appliedAt } of status.applied) {
      context.output.line(`${id}\t${name}\tbatch ${batch}\t${appliedAt?.toISOString() ?? ''}`);
    }
    const report = checkRecord(status);
    const allIsWell = `${status.applied.length} migrations are applied, none is pending`;
    return reportCheck(context, { report, allIsWell, data: { applied: status.applied } });
  },
};
