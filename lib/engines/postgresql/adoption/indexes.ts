import type { AdoptionSession } from '../../adoption.js';
import type { HookTarget, MetadataColumn } from '../../contract.js';
import { quoteName, quoteText } from '../identifiers.js';
import { metadata } from '../metadata.js';
import { isPooled } from '../pooled.js';
import { inStep, type Limits, run, untilFree } from './steps.js';

/** Knex's own name for the index of a column. */
function indexName({ table }: HookTarget, { name }: MetadataColumn): string {
  return `${table.name.replace(/[.-]/g, '_')}_${name}_index`.toLowerCase().slice(0, 63);
}

interface Relation {
  readonly schema: string;
  readonly quoted: string;
  readonly name: string;
  readonly isPartitioned: boolean;
}

async function readRelation(session: AdoptionSession, quoted: string): Promise<Relation | undefined> {
  const [row] = await run(
    session,
    `select n.nspname as schema, c.relname as name, c.relkind as kind from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid`,
  );
  if (row === undefined) return undefined;
  return { schema: String(row.schema), quoted, name: String(row.name), isPartitioned: row.kind === 'p' };
}

/** Whether the index is there: `broken` when a build of it was killed. */
async function stateOf(
  session: AdoptionSession,
  schema: string,
  name: string,
): Promise<'whole' | 'broken' | 'none'> {
  const [row] = await run(
    session,
    `select i.indisvalid as valid from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${quoteText(schema)} and c.relname = ${quoteText(name)}`,
  );
  return row === undefined ? 'none' : row.valid === true ? 'whole' : 'broken';
}

/** The partitions right below a table. */
async function partitionsOf(session: AdoptionSession, quoted: string): Promise<readonly string[]> {
  const rows = await run(
    session,
    `select i.inhrelid::pg_catalog.regclass::text as quoted from pg_catalog.pg_inherits i
    where i.inhparent = pg_catalog.to_regclass(${quoteText(quoted)})::pg_catalog.oid order by i.inhrelid`,
  );
  return rows.map((row) => String(row.quoted));
}

/** A build may take hours. The session's own limit comes back, whatever happens; a pooler's sessions are left alone. */
async function withoutStatementTimeout(session: AdoptionSession, act: () => Promise<unknown>): Promise<void> {
  const [row] = await run(session, "select pg_catalog.current_setting('statement_timeout') as value");
  const before = String(row?.value);
  if (before === '0' || (await isPooled(session.connection, session.rows))) {
    await act();
    return;
  }
  const set = (value: string) =>
    run(session, `select pg_catalog.set_config('statement_timeout', ${quoteText(value)}, false)`);
  await set('0');
  try {
    await act();
  } finally {
    await set(before).catch(() => []);
  }
}

/**
 * Makes the index of a column while others write. A partitioned table has it from its partitions: each gets its own,
 * which is attached.
 */
async function build(
  session: AdoptionSession,
  quoted: string,
  name: string,
  definition: string,
  limits: Limits,
): Promise<void> {
  const relation = await readRelation(session, quoted);
  if (relation === undefined) return;
  const state = await stateOf(session, relation.schema, name);
  if (state === 'whole') return;
  const qualified = `${quoteName(relation.schema)}.${quoteName(name)}`;
  if (session.isInTransaction) {
    await run(session, `create index ${quoteName(name)} on ${quoted} ${definition}`);
    return;
  }
  if (!relation.isPartitioned) {
    if (state === 'broken') await run(session, `drop index concurrently ${qualified}`);
    await withoutStatementTimeout(session, () =>
      run(session, `create index concurrently ${quoteName(name)} on ${quoted} ${definition}`),
    );
    return;
  }
  const step = (sql: string) =>
    untilFree(session, quoted, limits, () =>
      inStep(session, async () => {
        await run(session, `select pg_catalog.set_config('lock_timeout', '${limits.lockTimeout}ms', true)`);
        await run(session, sql);
      }),
    );
  if (state === 'none') await step(`create index ${quoteName(name)} on only ${quoted} ${definition}`);
  for (const partition of await partitionsOf(session, quoted)) {
    const child = await readRelation(session, partition);
    if (child === undefined) continue;
    const own = `${child.name.slice(0, 20)}_${name}`.slice(0, 63);
    await build(session, partition, own, definition, limits);
    await step(`alter index ${qualified} attach partition ${quoteName(child.schema)}.${quoteName(own)}`);
  }
}

/** Makes the index that the configuration asks for on a column. */
export async function makeIndex(
  session: AdoptionSession,
  target: HookTarget,
  column: MetadataColumn,
  limits: Limits,
): Promise<void> {
  const predicate = metadata.indexPredicate(column);
  const definition = `(${column.quoted})${predicate === undefined ? '' : ` where ${predicate}`}`;
  await build(session, target.quoted, indexName(target, column), definition, limits);
}
