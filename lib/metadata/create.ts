import type { Knex } from 'knex';
import type { HookStatement, HookTarget, MetadataColumn } from '../engines/contract.js';
import type { ClientInternals, TableBuilderInternals } from './knexInternals.js';
import type { ResolvedColumn } from './resolve.js';
import { appendShared } from './sharedColumn.js';
import type { HookContext } from './target.js';

type Builder = Knex.CreateTableBuilder & TableBuilderInternals;

function sameName(context: HookContext, a: string, b: string): boolean {
  return context.engine.foldName(a) === context.engine.foldName(b);
}

/** A default that is more than a word needs parentheses on some engines; `?` would be read as a binding. */
function defaultSql(expression: string): string {
  return (/^\w+$/.test(expression) ? expression : `(${expression})`).replaceAll('?', '\\?');
}

function addIndex(
  client: ClientInternals,
  builder: Builder,
  column: MetadataColumn,
  where: string | undefined,
): void {
  if (where === undefined) {
    builder.index([column.name]);
    return;
  }
  const { queryBuilder } = client as unknown as { queryBuilder(): Knex.QueryBuilder };
  builder.index([column.name], undefined, { predicate: queryBuilder.call(client).whereRaw(where) });
}

/**
 * Appends to a CREATE TABLE the metadata columns that the migration did not declare itself.
 *
 * @param own - the names that the migration declares, as the database has them
 * @returns the columns that were appended
 */
export function appendColumns(
  client: ClientInternals,
  context: HookContext,
  builder: TableBuilderInternals,
  target: HookTarget,
  resolved: readonly ResolvedColumn[],
  own: readonly string[],
): readonly MetadataColumn[] {
  const table = builder as Builder;
  const { engine } = context;
  const missing = resolved.flatMap((column, position) => {
    const named = target.columns[position];
    return named === undefined || own.some((name) => sameName(context, name, named.name))
      ? []
      : [{ column, named }];
  });
  for (const { column, named } of missing) {
    if (column.add !== undefined) {
      column.add(table, column.name);
      continue;
    }
    const defaultTo = engine.columnDefault(column.key, target.clock);
    const type = engine.columnType(column.key, target.clock);
    appendShared(client, builder, `${column.name}\n${type}\n${defaultTo}`, () => {
      const added = table.specificType(column.name, type);
      if (defaultTo === undefined) added.nullable();
      else added.notNullable().defaultTo((client as unknown as Knex).raw(defaultSql(defaultTo)));
    });
    if (column.index) addIndex(client, table, named, engine.indexPredicate(named));
  }
  return missing.filter(({ column }) => column.add === undefined).map(({ named }) => named);
}

/** Statements that give a table all that it lacks, for a CREATE whose columns only the database knows. */
export function completeTable(context: HookContext, target: HookTarget): readonly HookStatement[] {
  const { engine } = context;
  const query = engine.factsQuery(target);
  return [
    {
      ...query,
      withRows: async (session, rows) => {
        const facts = engine.readFacts(target, rows);
        if (facts === undefined) return;
        for (const { key, name } of target.columns) {
          const exists = facts.columns.some((column) => sameName(context, column.name, name));
          if (!exists) await engine.addColumn(session, target, key, name);
        }
        await engine.reconcileTrigger(session, target);
      },
    },
  ];
}
