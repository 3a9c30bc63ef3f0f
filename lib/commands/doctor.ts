import { indexFindings, searchPathFinding } from '../checks/doctor.js';
import type { CheckReport, Finding } from '../checks/finding.js';
import { absentFile, engineOf } from '../cli/project.js';
import { isKnexMetaError } from '../errors.js';
import { recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import type { DatabaseSchema } from '../schema/database.js';
import { findMissingFile } from './absent.js';
import { runCheckMigration } from './checkMigration.js';
import { reportCheck } from './checkReport.js';
import { runCheckVersion } from './checkVersion.js';
import type { Command, Context } from './command.js';
import { checkPresence } from './doctorPresence.js';
import { otherRun, readPending } from './migrateInspect.js';

const NOTHING: CheckReport = { findings: [], notes: [] };

/** Commands that mend what is wrong before there is a database to look at. */
function mendOf(code: string, remedy: string): readonly string[] {
  if (code === 'CONFIG_NOT_FOUND') return ['npx knex-meta init'];
  if (code === 'MIGRATIONS_DIRECTORY_MISSING') return ['npx knex-meta migrate:make first'];
  return /^npm (install|rebuild) \S+$/.test(remedy) ? [remedy] : [];
}

/** What stands in the way of a look at the database is a finding itself. */
async function orFinding(act: () => Promise<CheckReport>): Promise<CheckReport> {
  try {
    return await act();
  } catch (error) {
    if (!isKnexMetaError(error)) throw error;
    const { code, message, remedy } = error;
    const mend = mendOf(code, remedy);
    return { findings: [{ code, message, remedy, ...(mend.length === 0 ? {} : { mend }) }], notes: [] };
  }
}

/** The record in a schema where the configuration does not look for it. */
async function checkSearchPath(context: Context, actual: DatabaseSchema): Promise<Finding | undefined> {
  const { config } = await context.project();
  const { record } = await readPending(context);
  const engine = engineOf(config);
  const { tableName } = recordTables(config.migrations ?? {});
  const there = actual.tables.filter(({ name }) => name === tableName);
  const [other] = there;
  if (record.exists || !engine.hasSchemas || other?.schema === undefined) return undefined;
  const { db } = await context.database();
  const isSet = config.searchPath !== undefined || config.migrations?.schemaName !== undefined;
  const { database } = (db.client as { connectionSettings: { readonly database?: string } })
    .connectionSettings;
  const name = database ?? String((db.client as { database?: () => string }).database?.() ?? '');
  const mend =
    isSet || there.length > 1 || name === '' ? [] : engine.checks.setSearchPath(name, other.schema);
  const looked = config.migrations?.schemaName ?? (await engine.homeSchema(plainView(db)));
  return searchPathFinding(other.schema, looked ?? '', mend);
}

/** A pending migration is no trouble; of an unfinished one the comparison says more. */
function withoutOrdinary(report: CheckReport, others: readonly Finding[]): CheckReport {
  const said = new Set(others.map(({ migration }) => migration));
  const pending = report.findings.filter(({ code }) => code === 'PENDING');
  const open = pending.filter(({ migration }) => !said.has(migration));
  const findings = report.findings.filter(
    ({ code, migration }) =>
      !/^(PENDING|OUT_OF_ORDER)$/.test(code) && !(said.has(migration) && code === 'UNFINISHED'),
  );
  const note = `${open.length} pending: npx knex-meta migrate:latest`;
  return { findings, notes: [...report.notes, ...(open.length === 0 ? [] : [note])] };
}

/** A report, and whether all was compared. */
interface Looked extends CheckReport {
  readonly isWhole: boolean;
}

async function lookAtDatabase(context: Context): Promise<Looked> {
  const { config } = await context.project();
  const engine = engineOf(config);
  const missing = await findMissingFile(context);
  if (missing !== undefined) return { findings: [missing], notes: [], isWhole: true };
  const { db } = await context.database();
  const actual = await engine.introspect(plainView(db));
  const path = await checkSearchPath(context, actual);
  if (path !== undefined) return { findings: [path], notes: [], isWhole: true };
  const other = await otherRun(context);
  const presence =
    other === undefined
      ? await orFinding(() => checkPresence(context, actual))
      : { findings: [], notes: [`a run is under way (${other.holder}): migrations were not compared`] };
  const version = await orFinding(async () => (await runCheckVersion(context)).report);
  const migration = await orFinding(async () => (await runCheckMigration(context)).report);
  // What is gone is told migration by migration.
  const isToldBetter = presence.findings.length > 0;
  const parts = [
    withoutOrdinary(version, presence.findings),
    presence,
    { findings: indexFindings(actual, engine.checks.mendIndex), notes: [] },
    migration,
  ];
  // The same index is not told twice.
  const seen = new Set<string>();
  const findings = parts
    .flatMap((part) => part.findings)
    .filter(({ code, table, message }) => {
      if (isToldBetter && code === 'TABLES_MISSING') return false;
      const key = code === 'INDEX_INVALID' ? `${code} ${table}` : `${code} ${message}`;
      return !seen.has(key) && seen.add(key);
    });
  return {
    findings,
    notes: parts.flatMap(({ notes }) => notes),
    // Each of its notes is about something that was not compared.
    isWhole: presence.notes.length === 0,
  };
}

export const doctor: Command = {
  command: 'doctor',
  describe:
    'Explain what is wrong with configuration, record and database, and what mends it; changes nothing',
  flags: {
    constraints: {
      type: 'boolean',
      describe:
        'run the applied migrations in a throwaway database, to compare constraints and types; --no-constraints leaves that out',
    },
    shadow: { type: 'string', describe: 'a database on the server where the throwaway one is made' },
  },
  examples: [['knex-meta doctor', '"already exists", a column that is gone, a lock that stays: what to do']],
  run: async (context) => {
    const opened = await orFinding(async () => {
      const { config } = await context.project();
      if (absentFile(config) === undefined) await context.database();
      return NOTHING;
    });
    let isWhole = true;
    const report =
      opened.findings.length > 0
        ? opened
        : await orFinding(async () => {
            const { isWhole: all, ...looked } = await lookAtDatabase(context);
            isWhole = all;
            return looked;
          });
    const allIsWell = isWhole ? 'nothing is wrong' : 'nothing is wrong in what was compared';
    return reportCheck(context, { report, allIsWell, data: { compared: isWhole ? 'all' : 'in part' } });
  },
};
