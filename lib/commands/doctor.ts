import { indexFindings, presenceFindings, searchPathFinding } from '../checks/doctor.js';
import type { CheckReport, Finding } from '../checks/finding.js';
import { engineOf, missingFile } from '../cli/project.js';
import type { Engine } from '../engines/contract.js';
import { isKnexMetaError } from '../errors.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { resolveMeta } from '../metadata/resolve.js';
import { appliedRevisions } from '../migrator/applied.js';
import { captureOffline } from '../migrator/capture.js';
import type { Thing } from '../migrator/effects.js';
import { ownTables } from '../migrator/journal.js';
import { compareWithDatabase } from '../migrator/presence.js';
import { readRecordFacts } from '../migrator/recordFacts.js';
import { configOf, recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import type { DatabaseSchema } from '../schema/database.js';
import { findMissingFile } from './absent.js';
import { runCheckMigration } from './checkMigration.js';
import { reportCheck } from './checkReport.js';
import { runCheckVersion } from './checkVersion.js';
import type { Command, Context } from './command.js';
import { databaseForReading, readFiles } from './migrateHistory.js';
import { readPending, readStatus } from './migrateInspect.js';

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

function homeOf(engine: Engine, { searchPath, migrations }: KnexMetaConfig): string | undefined {
  if (!engine.hasSchemas) return undefined;
  const [first] = [searchPath ?? []].flat().filter((name) => !/^"?\$user"?$/.test(name));
  return first ?? migrations?.schemaName ?? engine.changes.defaultSchema;
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
  return searchPathFinding(other.schema, homeOf(engine, config) ?? '', mend);
}

/** What the migrations make beside what there is. */
async function checkPresence(context: Context, actual: DatabaseSchema): Promise<CheckReport> {
  const { config, extension } = await context.project();
  const engine = engineOf(config);
  const { db } = await context.database();
  const status = await readStatus(context);
  const { settings } = await databaseForReading(context);
  const { history } = await readFiles(context);
  const { planned, adopting, stopped } = await captureOffline(
    engine,
    { ...configOf(db), migrations: { ...config.migrations, extension } },
    history.revisions,
  );
  const meta = resolveMeta(config.meta, process.env);
  const names = new Set(meta.columns.map(({ name }) => name));
  const own = new Set(ownTables(recordTables(config.migrations ?? {})));
  const isOurs = ({ kind, table, name }: Thing): boolean =>
    own.has(table) ||
    kind === 'trigger' ||
    (kind !== 'table' && [...names].some((each) => each === name || name === `${table}_${each}_index`));
  const applied = appliedRevisions(status.applied);
  const presences = compareWithDatabase(
    planned,
    applied,
    actual,
    homeOf(engine, config),
    engine.metadata.foldName,
    isOurs,
  );
  const { record } = await readRecordFacts(db, settings);
  return {
    findings: presenceFindings(presences, status, record).filter(
      ({ migration = '' }) => !adopting.has(migration),
    ),
    notes: [
      ...[...adopting.values()].map(
        ({ message }) => `not compared with the database: ${message.split('\n')[0]}`,
      ),
      ...(stopped === undefined
        ? []
        : [`not compared with the database from here on: ${stopped.message.split('\n')[0]}`]),
    ],
  };
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

async function lookAtDatabase(context: Context): Promise<CheckReport> {
  const { config } = await context.project();
  const engine = engineOf(config);
  const missing = await findMissingFile(context);
  if (missing !== undefined) return { findings: [missing], notes: [] };
  const { db } = await context.database();
  const actual = await engine.introspect(plainView(db));
  const path = await checkSearchPath(context, actual);
  if (path !== undefined) return { findings: [path], notes: [] };
  const presence = await orFinding(() => checkPresence(context, actual));
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
  return { findings, notes: parts.flatMap(({ notes }) => notes) };
}

export const doctor: Command = {
  command: 'doctor',
  describe:
    'Explain what is wrong with configuration, record and database, and what mends it; changes nothing',
  examples: [['knex-meta doctor', '"already exists", a column that is gone, a lock that stays: what to do']],
  run: async (context) => {
    const opened = await orFinding(async () => {
      const { config } = await context.project();
      if (missingFile(config) === undefined) await context.database();
      return NOTHING;
    });
    const report = opened.findings.length > 0 ? opened : await orFinding(() => lookAtDatabase(context));
    return reportCheck(context, { report, allIsWell: 'nothing is wrong', data: {} });
  },
};
