import type { Knex } from 'knex';
import { KnexMetaError } from '../../../errors.js';
import type { CompiledQuery } from '../../../metadata/knexInternals.js';
import type { DatabaseSchema } from '../../../schema/database.js';
import type { Table } from '../../../schema/table.js';
import { wordsOf } from '../../scratch.js';
import type { ScratchObject } from '../../scratchObject.js';
import { quoteName, quoteText, withoutBindings } from '../identifiers.js';
import { readRows } from '../introspect/rows.js';
import type { ScratchNames } from './names.js';

/** Names by which a statement without a schema would find something of the database. */
export interface RealNames {
  /** Tables, views and sequences. */
  readonly relations: ReadonlySet<string>;
  readonly indexes: ReadonlySet<string>;
}

/** A scratch statement waits for nobody: what it would wait for is a lock on something of the database. */
export const LOCK_TIMEOUT = "set local lock_timeout to '200ms'";

const numbered = ({ columns }: Table): readonly string[] =>
  columns.flatMap(({ numbering }) =>
    numbering === undefined || numbering.kind === 'rowid' ? [] : [numbering.sequence.name],
  );

export function realNames({ tables, views, sequences }: DatabaseSchema): RealNames {
  return {
    relations: new Set([
      ...[...tables, ...views, ...sequences].map(({ name }) => name),
      ...tables.flatMap(numbered),
    ]),
    indexes: new Set(
      [...tables, ...views].flatMap((owner) => [
        ...owner.indexes.map(({ name }) => name),
        ...('uniques' in owner ? [owner.primaryKey, ...owner.uniques].flatMap((key) => key?.name ?? []) : []),
      ]),
    ),
  };
}

const ON_INDEX = /^\s*(alter|drop|reindex)\s+index\b/i;

/** The names in statements that the database has something by, but for those that the statements create. */
export function namedOf(
  statements: readonly CompiledQuery[],
  created: ReadonlySet<string>,
  { relations, indexes }: RealNames,
): readonly string[] {
  const found = new Set<string>();
  for (const { sql } of statements) {
    const isOnIndex = ON_INDEX.test(sql);
    for (const word of wordsOf(sql, (each) => each))
      if (!created.has(word) && (relations.has(word) || (isOnIndex && indexes.has(word)))) found.add(word);
  }
  return [...found];
}

/** Which of the names have nothing in the scratch schemas now, and would be found in the database. */
export async function uncovered(
  trx: Knex.Transaction,
  names: readonly string[],
  { isScratch }: ScratchNames,
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const rows = await readRows<{ readonly name: string; readonly schema: string }>(
    trx,
    `select n.name, s.nspname as schema from pg_catalog.unnest(array[${names.map((name) => quoteText(name)).join(', ')}]::text[]) n (name)
      join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(pg_catalog.quote_ident(n.name))
      join pg_catalog.pg_namespace s on s.oid = c.relnamespace`,
  );
  return rows.filter(({ schema }) => !isScratch(schema)).map(({ name }) => name);
}

/**
 * Runs something while each name stands for an empty composite type. No statement can read, alter or lock one, and what
 * uses it as a type keeps it from being dropped: either way the statement fails, and finds nothing of the database.
 */
export async function withPlaceholders(
  trx: Knex.Transaction,
  names: readonly string[],
  schema: string,
  act: () => Promise<void>,
): Promise<void> {
  const quoted = names.map((name) => `${quoteName(schema)}.${quoteName(name)}`);
  const run = (sql: readonly string[]) => trx.raw(withoutBindings(sql.join('; ')));
  if (names.length > 0) await run(quoted.map((name) => `create type ${name} as ()`));
  await act();
  if (names.length > 0) await run(quoted.map((name) => `drop type ${name}`));
}

/** Whether a statement can run another one that nobody sees in its text. */
export function isDynamic({ sql }: CompiledQuery): boolean {
  if (!/^\s*(do|call|select|with)\b/i.test(sql)) return false;
  return !/^\s*do\b/i.test(sql) || /\bexecute\b/i.test(sql);
}

/** Locks of this session that keep others from writing to, or reading, a relation of the database. */
const HELD = `select n.nspname as schema, c.relname as name
  from pg_catalog.pg_locks l join pg_catalog.pg_class c on c.oid = l.relation join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where l.pid = pg_catalog.pg_backend_pid() and l.granted and c.oid >= 16384
    and l.mode not in ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')`;

/** Throws where a statement of the object has locked something of the database. */
export async function assertNoLock(
  trx: Knex.Transaction,
  { title }: ScratchObject,
  { isScratch }: ScratchNames,
): Promise<void> {
  const rows = await readRows<{ readonly schema: string; readonly name: string }>(trx, HELD);
  const real = rows.find(({ schema }) => !isScratch(schema) && !schema.startsWith('pg_'));
  if (real !== undefined) throw reachesReal(title, `${real.schema}.${real.name}`);
}

/** The error of a model whose SQL would be done to the database itself. */
export function reachesReal(title: string, relation: string | undefined): KnexMetaError {
  return new KnexMetaError(
    'SCRATCH_REFUSED',
    `${title[0]?.toUpperCase()}${title.slice(1)} runs a statement that locks ${relation ?? 'something'} of the database. Models are compared in temporary schemas, and a comparison must not lock a table. It was rolled back, and nothing was changed.`,
    {
      remedy:
        'Write the statement without dynamic SQL, so that knex-meta can see what it names. Or build the models in another database: `--shadow <url>`, or `meta.shadow` in the knexfile.',
    },
  );
}
