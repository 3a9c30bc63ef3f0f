import type { TableFacts, TriggerTrial } from '../engines/contract.js';
import type { CheckReport, Finding } from './finding.js';

/** A table with what it should have. */
export interface CheckedTable {
  readonly facts: TableFacts;
  /** Names of the metadata columns that the configuration asks for, as the database spells them. */
  readonly wanted: readonly string[];
  readonly updatedAt: string | undefined;
  /** Whether the type of the table's updated_at is one that a trigger can keep. */
  readonly canStamp: boolean;
  /** Undefined when the trigger was not tried: there is none, or no column for it. */
  readonly trial: TriggerTrial | undefined;
}

const ADD =
  'Add what is missing in a migration of your own, or exclude the table with `meta.tables.exclude`.';

function nameOf({ schema, name }: TableFacts): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

function missingColumns({ facts, wanted }: CheckedTable, fold: (name: string) => string): readonly Finding[] {
  const names = new Set(facts.columns.map(({ name }) => fold(name)));
  const table = nameOf(facts);
  const missing = wanted.filter((name) => !names.has(fold(name)));
  // One line for a table that was made past the hook, or with `t.metadata(false)`.
  if (missing.length > 1 && missing.length === wanted.length) {
    return [
      {
        code: 'METADATA_MISSING',
        table,
        message: `${table} has none of the metadata columns`,
        remedy: `${ADD} A table with \`t.metadata(false)\` is excluded there too.`,
      },
    ];
  }
  return missing.map((name) => ({
    code: 'COLUMN_MISSING',
    table,
    message: `${table} has no column ${name}`,
    remedy: ADD,
  }));
}

function triggerFindings(
  { facts, updatedAt, canStamp, trial }: CheckedTable,
  fold: (name: string) => string,
): CheckReport {
  const table = nameOf(facts);
  const column = facts.columns.find(({ name }) => updatedAt !== undefined && fold(name) === fold(updatedAt));
  if (updatedAt === undefined || column === undefined) return { findings: [], notes: [] };
  const found = (code: string, message: string, remedy: string): CheckReport => ({
    findings: [{ code, table, message, remedy }],
    notes: [],
  });
  if (facts.trigger === undefined) {
    // A column of the project's own may be of a type that no trigger keeps.
    return canStamp
      ? found('TRIGGER_MISSING', `${table} has no update trigger`, ADD)
      : {
          findings: [],
          notes: [`${table} has a column ${column.name} of its own (${column.type}) and no update trigger`],
        };
  }
  if (!facts.trigger.enabled) {
    return found(
      'TRIGGER_DISABLED',
      `the trigger ${facts.trigger.name} on ${table} is disabled`,
      `alter table ${table} enable trigger ${facts.trigger.name}`,
    );
  }
  if (trial?.outcome === 'still') {
    return found(
      'TRIGGER_STILL',
      `an update of a row of ${table} does not move ${column.name}`,
      'Look at the triggers of the table, and at the function of the trigger.',
    );
  }
  if (trial?.outcome === 'failed') {
    return found(
      'TRIGGER_FAILED',
      `an update of a row of ${table} fails: ${trial.message}`,
      'Look at the triggers and constraints of the table.',
    );
  }
  return { findings: [], notes: trial === undefined ? [] : notExercised(table, trial) };
}

function notExercised(table: string, trial: TriggerTrial): readonly string[] {
  if (trial.outcome === 'no-rows') return [`${table} has no rows: its trigger was not exercised`];
  return trial.outcome === 'not-tried' ? [`the trigger of ${table} was not exercised: ${trial.reason}`] : [];
}

/** Whether each table has its metadata columns, and a trigger that works. */
export function checkTables(tables: readonly CheckedTable[], fold: (name: string) => string): CheckReport {
  const reports = tables.map((table) => {
    const trigger = triggerFindings(table, fold);
    return { findings: [...missingColumns(table, fold), ...trigger.findings], notes: trigger.notes };
  });
  return {
    findings: reports.flatMap(({ findings }) => findings),
    notes: tables.length === 0 ? ['there is no table to check'] : reports.flatMap(({ notes }) => notes),
  };
}
