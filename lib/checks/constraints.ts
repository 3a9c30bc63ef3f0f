import type { Column } from '../schema/column.js';
import type { ForeignKey } from '../schema/constraints.js';
import type { Table } from '../schema/table.js';
import type { Finding } from './finding.js';
import { nameOf } from './migration.js';

/** A constraint with what kind of one it is. */
export type Constraint =
  | { readonly kind: 'primary key' | 'unique'; readonly of: Table['uniques'][number] }
  | { readonly kind: 'foreign key'; readonly of: ForeignKey }
  | { readonly kind: 'check'; readonly of: Table['checks'][number] }
  | { readonly kind: 'exclusion'; readonly of: Table['exclusions'][number] };

/** What an engine has to say where tables are compared. */
export interface ConstraintRules {
  readonly foldName: (name: string) => string;
  readonly foldExpression: (sql: string) => string;
  readonly foldType: (type: string) => string;
  /** Whether an expression names a column. */
  readonly mentions: (expression: string, column: string) => boolean;
  /** A constraint as a statement says it. */
  readonly sqlOf: (constraint: Constraint) => string;
  readonly addSql: (table: Table, constraint: Constraint) => readonly string[];
  readonly alterSql: (table: Table, from: Column, to: Column) => readonly string[];
}

function constraintsOf({
  primaryKey,
  uniques,
  foreignKeys,
  checks,
  exclusions,
}: Table): readonly Constraint[] {
  return [
    ...(primaryKey === undefined ? [] : [{ kind: 'primary key' as const, of: primaryKey }]),
    ...uniques.map((of) => ({ kind: 'unique' as const, of })),
    ...checks.filter(({ isInherited }) => !isInherited).map((of) => ({ kind: 'check' as const, of })),
    ...exclusions.map((of) => ({ kind: 'exclusion' as const, of })),
    // What they refer to is unique by then.
    ...foreignKeys.map((of) => ({ kind: 'foreign key' as const, of })),
  ];
}

/** What a constraint holds, whatever it is called: the same text for two that hold the same. */
function meaningOf(constraint: Constraint, { foldName, foldExpression }: ConstraintRules): string {
  const { kind } = constraint;
  const names = (all: readonly string[]): readonly string[] => all.map(foldName);
  if (constraint.kind === 'check') return JSON.stringify([kind, foldExpression(constraint.of.expression)]);
  if (constraint.kind === 'exclusion')
    return JSON.stringify([kind, foldExpression(constraint.of.definition)]);
  if (constraint.kind === 'foreign key') {
    const { columns, target, onDelete, onUpdate } = constraint.of;
    return JSON.stringify([kind, names(columns), foldName(nameOf(target)), onDelete, onUpdate]);
  }
  // An order of its own makes a key no other one.
  return JSON.stringify([kind, [...names(constraint.of.columns)].sort()]);
}

function isOn(constraint: Constraint, column: string, { foldName, mentions }: ConstraintRules): boolean {
  if (constraint.kind === 'check') return mentions(constraint.of.expression, column);
  if (constraint.kind === 'exclusion') return mentions(constraint.of.definition, column);
  return constraint.of.columns.some((name) => foldName(name) === foldName(column));
}

/** Unique indexes hold what a unique constraint does. */
function uniqueIndexes({ indexes }: Table, { foldName }: ConstraintRules): readonly string[] {
  return indexes.flatMap(({ unique, isValid, predicate, keys }) => {
    const columns = keys.flatMap(({ column }) => (column === undefined ? [] : [foldName(column)]));
    const isWhole = unique && isValid && predicate === undefined && columns.length === keys.length;
    return isWhole ? [JSON.stringify(['unique', columns.sort()])] : [];
  });
}

function constraintFindings(expected: Table, actual: Table, rules: ConstraintRules): readonly Finding[] {
  const there = constraintsOf(actual).map((each) => meaningOf(each, rules));
  const indexes = uniqueIndexes(actual, rules);
  const columns = new Set(actual.columns.map(({ name }) => rules.foldName(name)));
  const gone = expected.columns.map(({ name }) => name).filter((name) => !columns.has(rules.foldName(name)));
  return constraintsOf(expected).flatMap((constraint): readonly Finding[] => {
    const meaning = meaningOf(constraint, rules);
    const place = there.indexOf(meaning);
    // Two of the same meaning are two.
    if (place >= 0) {
      there.splice(place, 1);
      return [];
    }
    if (indexes.includes(meaning)) return [];
    // A column that is gone takes its constraints along, and is told by itself.
    if (gone.some((name) => isOn(constraint, name, rules))) return [];
    const table = nameOf(expected);
    return [
      {
        code: 'CONSTRAINT_ABSENT',
        table,
        message: `${table} has not the constraint that the applied migrations make: ${rules.sqlOf(constraint)}`,
        remedy:
          'Was it dropped or changed by hand? Rows that break it may have come since: the statement then fails, and says so. One that only differs has to be dropped first.',
        mend: rules.addSql(actual, constraint),
      },
    ];
  });
}

const wordsOf = ({ type, nullable }: Column): string => `${type || 'no type'}${nullable ? '' : ' not null'}`;

function columnFindings(expected: Table, actual: Table, rules: ConstraintRules): readonly Finding[] {
  const there = new Map(actual.columns.map((column) => [rules.foldName(column.name), column]));
  return expected.columns.flatMap((to): readonly Finding[] => {
    const from = there.get(rules.foldName(to.name));
    // Metadata columns are another check's.
    if (from === undefined || to.isMetadata || from.isMetadata) return [];
    const isSame = rules.foldType(from.type) === rules.foldType(to.type) && from.nullable === to.nullable;
    if (isSame) return [];
    const table = nameOf(expected);
    const mend = rules.alterSql(actual, from, to);
    return [
      {
        code: 'COLUMN_DIFFERS',
        table,
        message: `${table}.${from.name} is ${wordsOf(from)}, and the applied migrations make it ${wordsOf(to)}`,
        remedy:
          'Was it changed by hand? Values that do not fit stand in the way: look at them before. Or write what it is now as a migration.',
        ...(mend.length === 0 ? {} : { mend }),
      },
    ];
  });
}

/**
 * Constraints, types and NULLs of columns that applied migrations make, in a database that has the tables. What is there
 * beyond that is no matter of these.
 */
export function compareConstraints(
  expected: readonly Table[],
  actual: readonly Table[],
  rules: ConstraintRules,
): readonly Finding[] {
  const key = (table: Table): string => rules.foldName(nameOf(table));
  const there = new Map(actual.map((table) => [key(table), table]));
  return expected.flatMap((table) => {
    const found = there.get(key(table));
    if (found === undefined) return [];
    return [...columnFindings(table, found, rules), ...constraintFindings(table, found, rules)];
  });
}
