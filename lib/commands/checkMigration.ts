import type { CheckReport, Finding } from '../checks/finding.js';
import { checkTables, nameOf } from '../checks/migration.js';
import { findMissingFile, findMissingTables } from './absent.js';
import { adoptingCommands } from './adoptable.js';
import { type Checked, reportCheck } from './checkReport.js';
import type { Command, Context } from './command.js';
import { examineDatabase } from './examine.js';

const only = (finding: Finding): CheckReport => ({ findings: [finding], notes: [] });

/** Whether each table has its metadata, and a trigger that works. */
export async function runCheckMigration(context: Context): Promise<Checked> {
  const missing = await findMissingFile(context);
  if (missing !== undefined) return { report: only(missing), allIsWell: undefined, data: { tables: [] } };
  const database = await examineDatabase(context);
  const commands = await adoptingCommands(context, database);
  const checked = database.tables.map((each) => ({ ...each, adopting: commands.get(nameOf(each.table)) }));
  const report = checkTables({ ...database, tables: checked });
  const tables = database.tables.map(({ table: { schema, name } }) => ({ schema, name }));
  if (tables.length + database.locked.length + database.excluded.length > 0) {
    const have = tables.length === 1 ? 'table has' : 'tables have';
    return {
      report,
      allIsWell: `${tables.length} ${have} the metadata columns and an update trigger that works`,
      data: { tables },
    };
  }
  const none = await findMissingTables(context);
  return {
    report:
      none === undefined
        ? { ...report, notes: [...report.notes, 'there is no table to check'] }
        : { ...report, findings: [...report.findings, none] },
    allIsWell: undefined,
    data: { tables },
  };
}

export const checkMigration: Command = {
  command: 'check:migration',
  describe: 'Check that each table has the metadata columns and a trigger that works; changes nothing',
  examples: [['knex-meta check:migration --json', 'for CI: exit code 3 when something is found']],
  run: async (context) => reportCheck(context, await runCheckMigration(context)),
};
