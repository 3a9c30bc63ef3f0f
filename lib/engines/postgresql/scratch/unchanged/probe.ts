import type { Knex } from 'knex';
import type { Column } from '../../../../schema/column.js';
import type { Check } from '../../../../schema/constraints.js';
import type { Table } from '../../../../schema/table.js';
import { execute } from '../../../execute.js';
import { groupBy } from '../../../groupBy.js';
import { quoteName } from '../../identifiers.js';
import { readColumns } from '../../introspect/columns.js';
import { readConstraints } from '../../introspect/constraints.js';
import { readRelations } from '../../introspect/relations.js';
import { readScope } from '../../introspect/scope.js';
import { readSequences } from '../../introspect/sequences.js';
import { tableOf } from '../../introspect/tables.js';
import { attempt } from '../run.js';
import type { PlainTable } from './parse.js';
import type { ColumnPart } from './part.js';

/** What the server makes of a column's definition. */
interface Probed {
  readonly column: Column;
  readonly checks: readonly Check[];
}

/** The columns that the server took. */
export type Probe = ReadonlyMap<ColumnPart, Probed>;

/** The columns of a table to be made, by their names. */
type Group = ReadonlyMap<string, ColumnPart>;

const WIDTH = 400;

/** Every different column once, in as few tables as their names allow. */
function spread(tables: readonly PlainTable[]): readonly Group[] {
  const made: Map<string, ColumnPart>[] = [];
  const firstFree = new Map<string, number>();
  for (const part of new Set(tables.flatMap(({ columns }) => columns))) {
    const { name } = part;
    let at = firstFree.get(name) ?? 0;
    while ((made[at]?.size ?? 0) >= WIDTH) at += 1;
    firstFree.set(name, at + 1);
    made[at] ??= new Map();
    made[at]?.set(name, part);
  }
  return made;
}

/** The tables of a schema, of which nothing but columns and checks is of interest. */
async function readTables(trx: Knex.Transaction, schema: string): Promise<readonly Table[]> {
  const { scope } = await readScope(trx, [schema]);
  const [relations, columns, sequences, constraints] = await Promise.all([
    readRelations(scope),
    readColumns(scope),
    readSequences(scope),
    readConstraints(scope),
  ]);
  const none = new Map();
  const parts = {
    columns: groupBy(columns, ({ relation }) => relation),
    sequences: groupBy(sequences, ({ owner }) => owner),
    constraints: groupBy(constraints, ({ relation }) => relation),
    indexes: none,
    triggers: none,
    dependencies: none,
    words: { opclasses: none, collations: none },
  };
  return relations.map((row) => tableOf(row, parts));
}

/** Makes the tables of the groups, but for those that the server refuses. */
async function makeTables(trx: Knex.Transaction, groups: readonly Group[], schema: string): Promise<void> {
  const statements = groups.map((columns, number) => {
    const list = [...columns.values()].map(({ name, definition }) => `${quoteName(name)}${definition}`);
    return `create table ${quoteName(schema)}.t${number} (${list.join(', ')})`;
  });
  const error = await attempt(trx, () => execute(trx, { sql: statements.join(';\n') }));
  if (error === undefined || statements.length === 1) return;
  for (const sql of statements) await attempt(trx, () => execute(trx, { sql }));
}

/**
 * Has the server write the columns of many tables: each different one once, in tables that are gone afterwards. A
 * definition that the server refuses there has no answer.
 */
export async function probeColumns(
  trx: Knex.Transaction,
  tables: readonly PlainTable[],
  schema: string,
): Promise<Probe> {
  const found = new Map<ColumnPart, Probed>();
  const groups = spread(tables);
  // There are few tables to read: the way to read very many is a detour.
  await trx.raw('savepoint knex_meta_probe; set local enable_nestloop to on');
  await makeTables(trx, groups, schema);
  const made = await readTables(trx, schema);
  for (const { name: table, columns, checks } of made) {
    const parts = groups[Number(table.slice(1))];
    for (const column of columns) {
      const part = parts?.get(column.name);
      if (part === undefined) continue;
      const { definition } = part;
      const own = checks.filter(({ name }) => name === `${table}_${column.name}_check`);
      // Several checks of one column have other names.
      const isWhole = own.length === (/\bcheck\b/i.test(definition) ? 1 : 0);
      if (isWhole && !/\bcheck\b.*\bcheck\b/is.test(definition)) found.set(part, { column, checks: own });
    }
  }
  await trx.raw('rollback to savepoint knex_meta_probe');
  return found;
}
