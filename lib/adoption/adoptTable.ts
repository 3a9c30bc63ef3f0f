import type { Knex } from 'knex';
import { configOf } from '../config/connections.js';
import type { AdoptionSession, InstantSource } from '../engines/adoption.js';
import type { Clock, Engine, HookTarget } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import type { MetaOptions } from '../metadata/options.js';
import { type ResolvedMeta, resolveMeta } from '../metadata/resolve.js';
import { sessionOn } from '../metadata/session.js';
import { columnsNamed } from '../metadata/target.js';
import { engineOf } from '../migrator/settings.js';
import { readAdopt, readRelease } from './validate.js';

/** The table that a migration adopts or releases. */
interface AdoptedTable {
  /** The name as the database has it. */
  readonly table: string;
  /** The schema, where it is not the connection's own. */
  readonly schema?: string;
  /** Metadata columns by the names that the configuration gives them. Each is left alone where it is there already. */
  readonly columns: readonly string[];
  /** Whether the update trigger is added, or taken away. Default true. */
  readonly trigger?: boolean;
  /**
   * Milliseconds that one attempt to lock the table may wait, while others wait behind it; it is tried again.
   * Default 50. Not inside a transaction, where the transaction's own limits count.
   */
  readonly lockTimeout?: number;
  /** Milliseconds until it gives up where no lock is to be had. Default 600,000. */
  readonly patience?: number;
}

/** A column of the table that holds instants. */
export type AdoptedInstant =
  | string
  | {
      readonly column: string;
      /** The time zone of values that carry none, by its name. Default `utc`. */
      readonly timeZone?: string;
    };

/** What `adoptTable` takes. */
export interface AdoptTableOptions extends AdoptedTable {
  /** Where `created_at` of the rows that are there comes from. Default: the instant of the adoption. */
  readonly createdAt?: AdoptedInstant;
  /** Where `updated_at` of the rows that are there comes from. Default: the instant of the adoption. */
  readonly updatedAt?: AdoptedInstant;
}

/** What `releaseTable` takes. */
export interface ReleaseTableOptions extends AdoptedTable {
  /** `adopted` (default): what `adoptTable` added; `metadata`: also what came with the table when it was made. */
  readonly only?: 'adopted' | 'metadata';
}

interface TransactionClient extends ClientInternals {
  readonly isTransaction?: boolean;
  acquireConnection(): Promise<unknown>;
  releaseConnection(connection: unknown): Promise<void>;
}

/** Does something on one connection: that of the transaction, or one of the pool's for as long. */
async function onConnection(knex: Knex, act: (session: AdoptionSession) => Promise<void>): Promise<void> {
  const client = knex.client as TransactionClient;
  const isInTransaction = knex.isTransaction === true;
  const connection = await client.acquireConnection();
  const logger = client.logger as unknown as { debug(message: string): void };
  try {
    await act({
      ...sessionOn(client, connection),
      isInTransaction,
      say: (message) => logger.debug(`knex-meta: ${message}`),
    });
  } finally {
    if (!isInTransaction) await client.releaseConnection(connection);
  }
}

function metaOf(knex: Knex): ResolvedMeta {
  return resolveMeta((configOf(knex) as { meta?: MetaOptions }).meta, process.env);
}

/** The configured clock, tried as the hook tries it. */
async function clockFor(engine: Engine, session: AdoptionSession, meta: ResolvedMeta): Promise<Clock> {
  const { timestampUtc } = meta;
  return timestampUtc === undefined
    ? engine.metadata.clock(undefined)
    : engine.metadata.probeClock(session, timestampUtc);
}

/** The columns that are meant, with all that the engine has to know. Throws META_OPTION_INVALID for a name that is none. */
async function targetFor(
  engine: Engine,
  session: AdoptionSession,
  knex: Knex,
  { table, schema, columns }: AdoptedTable,
): Promise<HookTarget> {
  const { client } = session;
  const meta = metaOf(knex);
  const all = columnsNamed(
    client,
    meta.columns.filter(({ add }) => add === undefined),
    undefined,
  );
  const { foldName } = engine.metadata;
  for (const name of columns) {
    if (all.some((column) => foldName(column.name) === foldName(name))) continue;
    throw new KnexMetaError(
      'META_OPTION_INVALID',
      `${name} of ${table} is no metadata column of the configuration.`,
      {
        remedy: `They are ${all.map((column) => column.name).join(', ')}. Nothing was changed in the table.`,
        details: { table, column: name },
      },
    );
  }
  const parts = schema === undefined ? [table] : [schema, table];
  return {
    table: schema === undefined ? { name: table } : { schema, name: table },
    quoted: parts.map((part) => client.wrapIdentifierImpl(part)).join('.'),
    columns: all,
    updatedAt: all.find(({ key }) => key === 'updated_at')?.name,
    clock: await clockFor(engine, session, meta),
    onExplicitUpdate: meta.onExplicitUpdate,
  };
}

const sourceOf = (instant: AdoptedInstant): InstantSource =>
  typeof instant === 'string'
    ? { column: instant, timeZone: undefined }
    : { column: instant.column, timeZone: instant.timeZone };

const limitsOf = ({ lockTimeout = 50, patience = 600_000 }: AdoptedTable) => ({ lockTimeout, patience });

/** Where an engine has no steps, one transaction holds all. */
function whole<T extends AdoptedTable>(
  act: (knex: Knex, options: T) => Promise<void>,
): (knex: Knex, options: T) => Promise<void> {
  return async (knex, options) => {
    const hasSteps = engineOf(knex).adoption.stepsAbove !== undefined;
    if (hasSteps || knex.isTransaction === true) await act(knex, options);
    else await knex.transaction((trx) => act(trx, options));
  };
}

const adoptOn = whole<AdoptTableOptions>((knex, options) =>
  onConnection(knex, async (session) => {
    const engine = engineOf(knex);
    const target = await targetFor(engine, session, knex, options);
    const { foldName } = engine.metadata;
    const wanted = new Set(options.columns.map(foldName));
    const { createdAt, updatedAt } = options;
    const sources = new Map([
      ...(createdAt === undefined ? [] : [['created_at', sourceOf(createdAt)] as const]),
      ...(updatedAt === undefined ? [] : [['updated_at', sourceOf(updatedAt)] as const]),
    ]);
    await engine.adoption.adopt(session, {
      target,
      keys: target.columns.filter(({ name }) => wanted.has(foldName(name))).map(({ key }) => key),
      trigger: options.trigger !== false,
      sources,
      ...limitsOf(options),
    });
  }),
);

const releaseOn = whole<ReleaseTableOptions>((knex, options) =>
  onConnection(knex, async (session) => {
    const engine = engineOf(knex);
    const target = await targetFor(engine, session, knex, options);
    const { foldName } = engine.metadata;
    const wanted = new Set(options.columns.map(foldName));
    await engine.adoption.release(session, {
      target,
      names: target.columns.map(({ name }) => name).filter((name) => wanted.has(foldName(name))),
      trigger: options.trigger !== false,
      only: options.only ?? 'adopted',
      ...limitsOf(options),
    });
  }),
);

/**
 * Gives a table from before knex-meta the metadata columns that it lacks, their configured indexes, and the update
 * trigger. What is there stays as it is, so it may be called again, also after it was killed in the middle. On
 * PostgreSQL, outside a transaction, the table is never rewritten, and others never wait longer than `lockTimeout`.
 * Rows that are there keep their values, and their `updated_at` does not move.
 *
 * @param knex - what the migration got, of a `withMeta` configuration or run by knex-meta
 * @throws KnexMetaError ADOPT_REFUSED, DATABASE_BUSY, META_OPTION_INVALID, ALTER_REFUSED
 *
 * @example
 * export const config = { transaction: false, resumable: true };
 *
 * export async function up(knex) {
 *   await adoptTable(knex, {
 *     table: 'orders',
 *     columns: ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'],
 *     createdAt: 'inserted_on',
 *   });
 * }
 */
export async function adoptTable(knex: Knex, options: AdoptTableOptions): Promise<void> {
  await adoptOn(knex, readAdopt(options));
}

/**
 * Takes away what `adoptTable` added: those of the columns, and the trigger, that an adoption put there. Columns of
 * the project's own are never touched. What people wrote into the columns is lost.
 *
 * @param knex - what the migration got
 * @throws KnexMetaError DATABASE_BUSY, META_OPTION_INVALID, ALTER_REFUSED
 *
 * @example
 * export async function down(knex) {
 *   await releaseTable(knex, { table: 'orders', columns: ['notes', 'created_at', 'updated_at'] });
 * }
 */
export async function releaseTable(knex: Knex, options: ReleaseTableOptions): Promise<void> {
  await releaseOn(knex, readRelease(options));
}
