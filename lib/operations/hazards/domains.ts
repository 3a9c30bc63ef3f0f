import { mentions } from '../../engines/tokens.js';
import type { Column } from '../../schema/column.js';
import type { Domain } from '../../schema/database.js';
import type { ObjectName } from '../../schema/names.js';
import { type ColumnFacts, count, type Hazard, type HazardFacts, quoting, textOf } from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';
import { typeHazards } from './types.js';

/** A column of a domain that changes. */
interface User {
  readonly table: ObjectName;
  readonly column: Column;
  readonly from: Domain;
  readonly to: Domain;
}

/** The check of a domain, asked of a column. */
const checkOf = (expression: string, name: string): string =>
  expression.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\bVALUE\b/g, (found) =>
    found === 'VALUE' ? name : found,
  );

/** What can go wrong with the values of a column when its domain is another one. */
export function domainHazards(
  { table, column, from, to }: User,
  facts: HazardFacts,
  types: ColumnFacts,
): readonly Hazard[] {
  const q = quoting(facts);
  const isArray = column.type.endsWith('[]');
  const name = q.name(column.name);
  const typed = (domain: Domain): Column => ({
    ...column,
    type: `${domain.type}${isArray ? '[]' : ''}`,
    userType: undefined,
    collation: domain.collation,
  });
  const subject = { table, from: typed(from), to: typed(to), now: undefined, types };
  const had = from.checks.map(({ expression }) => expression);
  const checks = to.checks.filter(({ expression, isValid }) => isValid && !had.includes(expression));
  const isRequired = from.nullable && !to.nullable;
  const isAsked = (sql: string) => !isArray && (from.type === to.type || !mentions(sql, to.name));
  return [
    ...typeHazards(subject, facts),
    ...checks.map(({ name: check, expression }): Hazard => {
      const asked = checkOf(expression, name);
      return {
        kind: 'can fail',
        message: `CAN FAIL: every ${textOf(table)}.${column.name} has to fulfil the check ${check} of the domain ${textOf(to)}.`,
        remedy: SAFE_WAYS.domain,
        evidence: isAsked(asked) ? count(q.table(table), `not (${asked})`, 'rows against it') : undefined,
      };
    }),
    ...(isRequired
      ? [
          {
            kind: 'can fail' as const,
            message: `CAN FAIL: ${textOf(table)}.${column.name} becomes NOT NULL with the domain ${textOf(to)}.`,
            remedy: SAFE_WAYS.notNull,
            evidence: isArray ? undefined : count(q.table(table), `${name} is null`, 'rows with NULL in it'),
          },
        ]
      : []),
  ];
}
