import type { BuilderStatement, TableBuilderInternals } from './knexInternals.js';

/** Names as the migration wrote them; the caller wraps them. */
export interface Declared {
  /** Columns that a create or alter adds. */
  readonly added: readonly string[];
  /** Columns that an alter changes with `.alter()`. */
  readonly altered: readonly string[];
  readonly dropped: readonly string[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

function columnName(statement: BuilderStatement): string {
  // `t.increments()` without a name is Knex's `id`.
  return String(statement.builder?._args[0] ?? 'id');
}

/** What the callback of createTable or alterTable declared, before knex-meta adds anything. */
export function readDeclared(builder: TableBuilderInternals): Declared {
  const columns = builder._statements.filter(({ grouping }) => grouping === 'columns');
  const calls = (method: string) => builder._statements.filter((statement) => statement.method === method);
  return {
    added: columns.filter(({ builder: column }) => column?._method !== 'alter').map(columnName),
    altered: columns.filter(({ builder: column }) => column?._method === 'alter').map(columnName),
    dropped: calls('dropColumn').flatMap(({ args = [] }) => args.flat().map(String)),
    renamed: calls('renameColumn').map(({ args = [] }) => ({ from: String(args[0]), to: String(args[1]) })),
  };
}

const OWN_TABLES = [
  'id,name,batch,migration_time',
  'index,is_locked',
  // The journal of knex-meta's migrator.
  'id,name,direction,state,checksum,duration_ms,started_at,run_by,tool',
];

/**
 * Knex's own two tables are known by their columns, not by name: `migrate.latest({ tableName })` names them at
 * call time, where the hook cannot see it.
 */
export function isKnexOwnTable({ added }: Declared): boolean {
  return OWN_TABLES.includes(added.join(','));
}
