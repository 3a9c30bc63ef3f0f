import { type Constraint, compareConstraints } from '../checks/constraints.js';
import type { CheckReport } from '../checks/finding.js';
import type { Engine } from '../engines/contract.js';
import { mentions } from '../engines/tokens.js';
import { checkSql, exclusionSql, foreignKeySql, keySql } from '../render/constraints.js';
import { sqlObject } from '../render/text.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Table } from '../schema/table.js';
import { said } from '../verify/diagnose.js';
import { type Trial, toldTables } from './doctorTrial.js';

/** What constraints are compared with. */
interface ConstraintRequest {
  readonly engine: Engine;
  readonly actual: Pick<DatabaseSchema, 'tables'>;
  readonly trial: Trial;
  /** The schema of what names none. */
  readonly home: string | undefined;
  /** Migrations of which a note says already that they were not compared. */
  readonly known: ReadonlyMap<string, Error>;
  /** Whether a table may have been there before the migration that makes it. */
  readonly mayBeFromBefore: (table: Table) => boolean;
}

/** A constraint in SQL. */
function sqlOf({ kind, of }: Constraint, { changes }: Engine, home: string | undefined): string {
  if (kind === 'check') return checkSql(of);
  if (kind === 'exclusion') return exclusionSql(of);
  return kind === 'foreign key' ? foreignKeySql(of, home) : keySql(kind, of, changes.wording);
}

/**
 * Constraints, types and NULLs as the applied migrations make them, in a throwaway database, beside those that there
 * are.
 */
export async function checkConstraints({
  engine,
  actual,
  trial,
  home,
  known,
  mayBeFromBefore,
}: ConstraintRequest): Promise<CheckReport> {
  const { foldName, foldExpression, foldType } = engine.changes.comparison;
  const told = (await toldTables(trial)).filter((table) => !mayBeFromBefore(table));
  const findings = compareConstraints(told, actual.tables, {
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
  const notes = [...trial.failed]
    .filter(([{ name }]) => !known.has(name))
    .map(([{ name }, error]) => `constraints of what ${name} names are not compared: ${said(error)}`);
  return { findings, notes };
}
