import { mentions, significant, tokenize } from '../engines/tokens.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';

/** Values that a check may want, as they stand in it: its texts, and its numbers with their neighbours. */
function literalsOf(expression: string): readonly string[] {
  return significant(tokenize(expression)).flatMap((token) => {
    if (token.kind === 'string') return [token.text];
    const number = token.kind === 'number' ? Number(token.text) : Number.NaN;
    if (!Number.isFinite(number)) return [];
    return [number, number + 1, number - 1].map((value) => `'${value}'`);
  });
}

const isThis = (a: ObjectName, b: ObjectName | undefined): boolean =>
  a.name === b?.name && a.schema === b?.schema;

/** What conditions of a table, of its partitions and of its domains say of a column. */
export function hintsOf(table: Table, column: string, schema: DatabaseSchema): readonly string[] {
  const { userType } = table.columns.find(({ name }) => name === column) ?? {};
  const expressions = [
    ...table.checks.map(({ expression }) => expression).filter((expression) => mentions(expression, column)),
    ...schema.domains
      .filter((domain) => isThis(domain, userType))
      .flatMap(({ checks }) => checks.map(({ expression }) => expression)),
    ...(table.partitionedBy !== undefined && mentions(table.partitionedBy, column)
      ? schema.tables.flatMap(({ partitionOf }) =>
          isThis(table, partitionOf?.parent) ? [partitionOf?.bounds ?? ''] : [],
        )
      : []),
  ];
  return [...new Set(expressions.flatMap(literalsOf))];
}

/** Whether a condition of any kind is about the column, so that one value may do and another not. */
export function isConditional(table: Table, column: string, schema: DatabaseSchema): boolean {
  const { userType } = table.columns.find(({ name }) => name === column) ?? {};
  return (
    table.checks.some(({ expression }) => mentions(expression, column)) ||
    schema.domains.some((domain) => isThis(domain, userType) && domain.checks.length > 0) ||
    (table.partitionedBy !== undefined && mentions(table.partitionedBy, column))
  );
}

/** Combinations of choices, those that begin alike first, no more than `limit`. */
export function* combinations(
  choices: readonly (readonly string[])[],
  limit: number,
): Generator<readonly string[]> {
  const total = choices.reduce((product, each) => Math.min(product * each.length, limit), 1);
  for (let index = 0; index < total; index += 1) {
    let rest = index;
    yield choices.map((each) => {
      const value = each[rest % each.length] ?? '';
      rest = Math.floor(rest / each.length);
      return value;
    });
  }
}
