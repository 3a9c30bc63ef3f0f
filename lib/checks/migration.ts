import type { Examination, ExaminedTable, Mending, TriggerTrial } from '../engines/checks.js';
import { columnFindings } from './columns.js';
import type { CheckReport, Finding } from './finding.js';
import { triggerReport } from './trigger.js';

/** A table with what was found of it. */
export interface CheckedTable {
  readonly table: ExaminedTable;
  /** Names of the metadata columns that the configuration asks for, as the database spells them. */
  readonly wanted: readonly string[];
  /** Those of them that are to have an index. */
  readonly indexed: readonly string[];
  /** Undefined when the trigger was not tried: there is none, or it is not as it should be. */
  readonly trial: TriggerTrial | undefined;
  readonly mending: Mending;
  /** The migration that made it with `t.metadata(false)`. */
  readonly optedOut: string | undefined;
  /** The commands that adopt it, where it has no metadata and can be adopted. */
  readonly adopting?: readonly string[] | undefined;
}

/** All that `check:migration` judges. */
export interface CheckedDatabase {
  readonly tables: readonly CheckedTable[];
  readonly locked: Examination['locked'];
  readonly silencers: Examination['silencers'];
  /** Names of tables that the configuration leaves out. */
  readonly excluded: readonly string[];
  readonly fold: (name: string) => string;
}

/** A table as findings name it. */
export function nameOf({
  schema,
  name,
}: {
  readonly schema?: string | undefined;
  readonly name: string;
}): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** Whether the table was made without metadata, by a migration that says so. */
function isWithout({ table, wanted, optedOut }: CheckedTable, fold: (name: string) => string): boolean {
  const names = new Set(table.columns.map(({ name }) => fold(name)));
  return (
    optedOut !== undefined && table.trigger === undefined && !wanted.every((name) => names.has(fold(name)))
  );
}

function tableReport(checked: CheckedTable, fold: (name: string) => string): CheckReport {
  const table = nameOf(checked.table);
  if (isWithout(checked, fold)) {
    return { findings: [], notes: [`${table} has t.metadata(false) in ${checked.optedOut}: not checked`] };
  }
  const trigger = triggerReport(checked, table);
  // An adoption makes the trigger too.
  const triggers = trigger.findings.filter(
    ({ code }) => checked.adopting === undefined || code !== 'TRIGGER_MISSING',
  );
  const columns = columnFindings(checked, table, fold);
  return {
    findings: [...columns.findings, ...triggers],
    notes: [...columns.notes, ...trigger.notes],
  };
}

function databaseFindings({ locked, silencers }: CheckedDatabase): readonly Finding[] {
  return [
    ...silencers.map(({ message, mend }) => ({
      code: 'TRIGGERS_SILENT',
      message,
      remedy: 'End the setting: it is meant for sessions that load or replicate data.',
      mend: [mend],
    })),
    ...locked.map((id) => ({
      code: 'NOT_CHECKED',
      table: nameOf(id),
      message: `${nameOf(id)} was not checked: another session has locked it`,
      remedy: 'Run the check again when that session has ended its transaction.',
      mend: ['npx knex-meta check:migration'],
    })),
  ];
}

/** Whether each table has its metadata columns as they should be, and a trigger that works. */
export function checkTables(database: CheckedDatabase): CheckReport {
  const { tables, excluded, fold } = database;
  const reports = tables.map((table) => tableReport(table, fold));
  const left =
    excluded.length === 0 ? [] : [`left out by meta.tables, and not checked: ${excluded.join(', ')}`];
  return {
    findings: [...databaseFindings(database), ...reports.flatMap(({ findings }) => findings)],
    notes: [...left, ...reports.flatMap(({ notes }) => notes)],
  };
}
