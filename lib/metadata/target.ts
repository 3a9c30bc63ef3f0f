import type {
  Clock,
  HookTarget,
  MetadataColumn,
  MetadataEngine,
  Session,
  TableId,
} from '../engines/contract.js';
import type { ClientInternals } from './knexInternals.js';
import type { ResolvedColumn, ResolvedMeta } from './resolve.js';

/** What a wrapped client carries: the same for the client and for each of its transactions. */
export interface HookContext {
  readonly engine: MetadataEngine;
  readonly meta: ResolvedMeta;
  /** Reads the clock, or throws what trying the configured expression threw. */
  readonly clock: () => Clock;
}

/** An identifier as the database has it, after the project's own `wrapIdentifier`. */
export function wrapName(client: ClientInternals, name: string, queryContext: unknown): string {
  return client.customWrapIdentifier(name, (value) => value, queryContext);
}

/** `schema.table` in one string is two identifiers, as Knex reads it. */
function splitName(schema: string | undefined, table: string): readonly string[] {
  const qualified = schema === undefined ? table : `${schema}.${table}`;
  return qualified.split('.').map((part) => part.trim());
}

function tableIdOf(
  client: ClientInternals,
  schema: string | undefined,
  table: string,
  queryContext: unknown,
): TableId {
  const parts = splitName(schema, table).map((part) => wrapName(client, part, queryContext));
  const name = parts.at(-1) ?? table;
  const owner = parts.at(-2);
  return owner === undefined ? { name } : { schema: owner, name };
}

/** The metadata columns with their names as the database has them. */
export function columnsNamed(
  client: ClientInternals,
  resolved: readonly ResolvedColumn[],
  queryContext: unknown,
): readonly MetadataColumn[] {
  return resolved.map((column): MetadataColumn => {
    const name = wrapName(client, column.name, queryContext);
    return { key: column.key, name, quoted: client.wrapIdentifierImpl(name), index: column.index };
  });
}

/** Gathers all that the engine needs to know of one table. */
export function targetOf(
  client: ClientInternals,
  context: HookContext,
  table: { readonly schema: string | undefined; readonly name: string; readonly queryContext: unknown },
  resolved: readonly ResolvedColumn[] = context.meta.columns,
): HookTarget {
  const columns = columnsNamed(client, resolved, table.queryContext);
  const id = tableIdOf(client, table.schema, table.name, table.queryContext);
  const quoted = [id.schema, id.name].flatMap((part) =>
    part === undefined ? [] : [client.wrapIdentifierImpl(part)],
  );
  return {
    table: id,
    quoted: quoted.join('.'),
    columns,
    updatedAt: columns.find(({ key }) => key === 'updated_at')?.name,
    clock: context.clock(),
    onExplicitUpdate: context.meta.onExplicitUpdate,
  };
}

/** A table by the name that a statement has for it: `parts` unquoted, `quoted` as it stands there. */
export function targetNamed(context: HookContext, parts: readonly string[], quoted: string): HookTarget {
  const names = parts.filter((part) => part !== '.');
  const name = names.at(-1) ?? '';
  const schema = names.at(-2);
  return {
    table: schema === undefined ? { name } : { schema, name },
    quoted,
    columns: [],
    updatedAt: undefined,
    clock: context.clock(),
    onExplicitUpdate: context.meta.onExplicitUpdate,
  };
}

/** A table that a statement names, with the columns that the configuration gives it. */
export function rawTarget(
  context: HookContext,
  session: Session,
  parts: readonly string[],
  quoted: string,
): HookTarget {
  const named = targetNamed(context, parts, quoted);
  const id = { schema: undefined, name: named.table.name, queryContext: undefined };
  return { ...targetOf(session.client, context, id), table: named.table, quoted };
}
