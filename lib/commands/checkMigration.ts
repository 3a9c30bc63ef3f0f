import { checkTables } from '../checks/migration.js';
import { type Checked, reportCheck } from './checkReport.js';
import type { Command, Context } from './command.js';
import { examineDatabase } from './examine.js';

/** Whether each table has its metadata, and a trigger that works. */
export async function runCheckMigration(context: Context): Promise<Checked> {
  const database = await examineDatabase(context);
  const tables = database.tables.map(({ table: { schema, name } }) => ({ schema, name }));
  return {
    report: checkTables(database),
    allIsWell: `${tables.length} ${tables.length === 1 ? 'table has' : 'tables have'} the metadata columns and an update trigger that works`,
    data: { tables },
  };
}

export const checkMigration: Command = {
  command: 'check:migration',
  describe: 'Check that each table has the metadata columns and a trigger that works; changes nothing',
  examples: [['knex-meta check:migration --json', 'for CI: exit code 3 when something is found']],
  run: async (context) => reportCheck(context, await runCheckMigration(context)),
};
