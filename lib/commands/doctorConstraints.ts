import { type Constraint, compareConstraints } from '../checks/constraints.js';
import type { CheckReport } from '../checks/finding.js';
import { engineOf } from '../cli/project.js';
import type { Engine } from '../engines/contract.js';
import { mentions } from '../engines/tokens.js';
import { isKnexMetaError } from '../errors.js';
import { isAdoption } from '../migrator/capture.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import { checkSql, exclusionSql, foreignKeySql, keySql } from '../render/constraints.js';
import { sqlObject } from '../render/text.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { said } from '../verify/diagnose.js';
import type { Context } from './command.js';
import { rehearsalOf } from './rehearsal.js';

/** What is applied, and what of it is known to go beyond an empty database. */
interface Applied {
  readonly entries: readonly KnownEntry[];
  /** The schema of what names none. */
  readonly home: string | undefined;
  /** Migrations of which a note says already that they were not compared. */
  readonly known: ReadonlyMap<string, Error>;
}

const SILENT = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} };

/** What the applied migrations make of an empty database, and those that do not run in one. */
async function runApplied(context: Context, entries: readonly KnownEntry[]) {
  // What the hook says of these tables it says elsewhere.
  const { engine, open } = await rehearsalOf(context, { log: SILENT });
  const signal = context.signal();
  const stage = await open();
  const failed = new Map<KnownEntry, Error>();
  try {
    for (const entry of entries) {
      const { error } = await stage.step('up', entry.name, signal);
      if (error !== undefined) failed.set(entry, error);
    }
    const home = await engine.homeSchema(stage.plain);
    return { tables: (await engine.introspect(stage.plain)).tables, home, failed };
  } finally {
    await stage.end();
  }
}

/** A search path may be a setting of the database: in another one the same names are in another schema. */
function atHome(
  tables: readonly Table[],
  from: string | undefined,
  to: string | undefined,
): readonly Table[] {
  if (from === to) return tables;
  const moved = <Of extends ObjectName>(object: Of): Of =>
    object.schema === from ? { ...object, schema: to } : object;
  return tables.map((table) => ({
    ...moved(table),
    foreignKeys: table.foreignKeys.map((key) => ({ ...key, target: moved(key.target) })),
  }));
}

/** A constraint in SQL. */
function sqlOf({ kind, of }: Constraint, { changes }: Engine, home: string | undefined): string {
  if (kind === 'check') return checkSql(of);
  if (kind === 'exclusion') return exclusionSql(of);
  return kind === 'foreign key' ? foreignKeySql(of, home) : keySql(kind, of, changes.wording);
}

/** Without tables that a migration names which did not run: nobody knows what it does to them. */
async function toldTables(
  tables: readonly Table[],
  failed: ReadonlyMap<KnownEntry, Error>,
): Promise<readonly Table[]> {
  // An adoption only adds.
  const others = [...failed].filter(([, error]) => ![error, error.cause].some(isAdoption));
  const texts = await Promise.all(others.map(async ([entry]) => (await entry.text()) ?? ''));
  return tables.filter(({ name }) => !texts.some((text) => text.includes(name)));
}

/**
 * Constraints, types and NULLs as the applied migrations make them, in a throwaway database, beside those that there
 * are. Where none can be made a note says so.
 */
export async function checkConstraints(
  context: Context,
  actual: DatabaseSchema,
  { entries, home, known }: Applied,
): Promise<CheckReport> {
  if (entries.length === 0 || context.args.constraints === false) return { findings: [], notes: [] };
  const { config } = await context.project();
  const engine = engineOf(config);
  try {
    const { tables: made, home: there, failed } = await runApplied(context, entries);
    const own = ownTables(recordTables(config.migrations ?? {}));
    const tables = atHome(made, there, home).filter(({ name }) => !own.includes(name));
    const { foldName, foldExpression, foldType } = engine.changes.comparison;
    const findings = compareConstraints(await toldTables(tables, failed), actual.tables, {
      foldName,
      foldExpression,
      foldType,
      mentions,
      sqlOf: (constraint) => sqlOf(constraint, engine, home),
      addSql: (table, constraint) => [
        `alter table ${sqlObject(table, home)} add ${sqlOf(constraint, engine, home)}`,
      ],
      alterSql: engine.checks.alterColumn,
    });
    const notes = [...failed]
      .filter(([{ name }]) => !known.has(name))
      .map(([{ name }, error]) => `constraints of what ${name} names are not compared: ${said(error)}`);
    return { findings, notes };
  } catch (error) {
    if (isKnexMetaError(error) && error.code === 'INTERRUPTED') throw error;
    const reason = said(error as Error);
    return { findings: [], notes: [`constraints and types of columns are not compared: ${reason}`] };
  }
}
