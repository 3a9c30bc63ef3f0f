import type { CheckReport, Finding } from '../checks/finding.js';
import { checkTables, nameOf } from '../checks/migration.js';
import { type ResolvedColumn, resolveMeta } from '../metadata/resolve.js';
import { findMissingFile, findMissingTables } from './absent.js';
import { adoptingCommands } from './adoptable.js';
import { type Checked, reportCheck } from './checkReport.js';
import type { Command, Context } from './command.js';
import { examineDatabase } from './examine.js';

const only = (finding: Finding): CheckReport => ({ findings: [finding], notes: [] });

/** The line of a check that found nothing: it claims no more than was looked at. */
function wellWords(columns: readonly ResolvedColumn[], count: number): string | undefined {
  if (count === 0 || columns.length === 0) return undefined;
  const have = count === 1 ? 'table has' : 'tables have';
  const hasTrigger = columns.some(({ key }) => key === 'updated_at');
  return `${count} ${have} the metadata columns${hasTrigger ? ' and an update trigger that works' : ''}`;
}

const NO_COLUMNS = 'meta.columns names no metadata column: there is nothing to check in the tables';

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
    const { config } = await context.project();
    const { columns } = resolveMeta(config.meta, process.env);
    const notes = columns.length === 0 ? [...report.notes, NO_COLUMNS] : report.notes;
    return {
      report: { ...report, notes },
      allIsWell: wellWords(columns, tables.length),
      data: { tables },
    };
  }
  const { finding, note = 'there is no table to check' } = await findMissingTables(context);
  return {
    report:
      finding === undefined
        ? { ...report, notes: [...report.notes, note] }
        : { ...report, findings: [...report.findings, finding] },
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
