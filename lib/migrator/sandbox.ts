import type { Knex } from 'knex';
import type { Engine } from '../engines/contract.js';
import type { Sandbox } from '../engines/sandbox.js';
import { isKnexMetaError, type KnexMetaError } from '../errors.js';
import type { ObjectName } from '../schema/names.js';
import { copySchema } from '../verify/copy.js';
import { ownTables } from './journal.js';
import { readRecord } from './record.js';
import { recordTables, type Settings } from './settings.js';
import { plainView } from './views.js';

/** What a sandbox begins with. */
export type SandboxStart =
  /** The project's database, of which a copy is made. */
  | { readonly from: 'database'; readonly db: Knex }
  /** An empty database. */
  | { readonly from: 'empty' }
  /** Nothing: where the engine can, no database is asked. */
  | { readonly from: 'files' };

/** Settings of a sandbox. */
export interface SandboxOptions {
  /** A database on the server where the temporary one is made; the project's own server without one. */
  readonly shadow?: string | undefined;
  /** False: no rows are copied where that is not one with the schema. Default: those of small tables are. */
  readonly rows?: boolean | undefined;
}

/** Whether no temporary database could be had, where one would be needed to be sure. */
const isWithoutDatabase = (error: unknown): error is KnexMetaError =>
  isKnexMetaError(error) && /^(THROWAWAY_REFUSED|CONNECTION_FAILED|DATABASE_BUSY)$/.test(error.code);

/** A temporary database with the schema of the project's, its record, and the rows of its small tables. */
async function openCopy(
  engine: Engine,
  config: Knex.Config,
  live: Knex,
  { shadow, rows = shadow === undefined }: SandboxOptions,
): Promise<Sandbox> {
  const { sandbox } = engine.migrations;
  const settings: Settings = config.migrations ?? {};
  let unseen: readonly ObjectName[] = [];
  const made = await (sandbox.copy?.(config, live) ?? engine.throwaway.make({ config, server: shadow }));
  const opened = sandbox.open(made.config, () => unseen);
  const end = async (): Promise<void> => {
    await opened.end();
    await made.end();
  };
  try {
    const { copier } = sandbox;
    if (copier === undefined) return { ...opened, isReal: true, doubts: [], end };
    await copier.prepare(made.config, live, opened.db);
    const { applied } = await readRecord(plainView(live), settings);
    const own = new Set(ownTables(recordTables(settings)));
    const lacking = await copier.reading(plainView(live), async (trx) => {
      const schema = await engine.introspect(trx);
      const findings = await copySchema(engine, opened.db, { schema, applied }, settings);
      // Rows stay on their server.
      unseen = rows
        ? await copier.copyRows(trx, opened.db, schema, own)
        : schema.tables.filter(({ name }) => !own.has(name));
      return findings;
    });
    opened.take();
    opened.takeUnseenTables();
    return { ...opened, isReal: true, doubts: lacking.map(({ message }) => message), end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function openEmpty(engine: Engine, config: Knex.Config, shadow: string | undefined): Promise<Sandbox> {
  const made = await engine.throwaway.make({ config, server: shadow });
  const opened = engine.migrations.sandbox.open(made.config, () => []);
  const end = async (): Promise<void> => {
    await opened.end();
    await made.end();
  };
  try {
    await engine.prepareSchemas(plainView(opened.db), recordTables(config.migrations ?? {}));
    opened.take();
    return { ...opened, isReal: true, doubts: [], end };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * Opens a sandbox for a project's configuration, whose own database is only read. Where the server allows no temporary
 * database and none is named, migrations are followed without one, and the sandbox says in `doubts` why nothing is sure.
 *
 * @throws KnexMetaError THROWAWAY_REFUSED
 */
export async function openSandbox(
  engine: Engine,
  config: Knex.Config,
  start: SandboxStart,
  options: SandboxOptions = {},
): Promise<Sandbox> {
  const { shadow } = options;
  const { sandbox } = engine.migrations;
  const { record } = sandbox;
  if (start.from === 'files' && record !== undefined) return record(config);
  if (start.from !== 'database') return openEmpty(engine, config, shadow);
  try {
    return await openCopy(engine, config, start.db, options);
  } catch (error) {
    if (!isWithoutDatabase(error) || shadow !== undefined || record === undefined) throw error;
    const known = await sandbox.copier?.knownTables(plainView(start.db));
    return { ...record(config, known), doubts: [`${error.message} ${error.remedy}`] };
  }
}

/**
 * Does something with migrations that begin with an empty database: without one, and where that does not get to the end, in
 * a temporary database on the server. Where none is to be had, what was done without one stays.
 *
 * @param isWhole - whether the migrations were followed to their end
 */
export async function fromEmpty<T>(
  engine: Engine,
  config: Knex.Config,
  options: SandboxOptions,
  act: (sandbox: Sandbox) => Promise<T>,
  isWhole: (result: T) => boolean,
): Promise<T> {
  const inSandbox = async (sandbox: Sandbox): Promise<T> => {
    try {
      return await act(sandbox);
    } finally {
      await sandbox.end();
    }
  };
  const first = await inSandbox(await openSandbox(engine, config, { from: 'files' }, options)).then(
    (result) => ({ result, error: undefined }),
    (error: Error) => ({ result: undefined, error }),
  );
  const isSure = engine.migrations.sandbox.record === undefined;
  if (first.error === undefined && (isSure || isWhole(first.result as T))) return first.result as T;
  if (first.error !== undefined && (isSure || !isKnexMetaError(first.error))) throw first.error;
  const hasServer = options.shadow !== undefined || config.connection !== undefined;
  const second = hasServer
    ? await openEmpty(engine, config, options.shadow).catch((error: unknown) => {
        if (options.shadow === undefined && isWithoutDatabase(error)) return undefined;
        throw error;
      })
    : undefined;
  if (second !== undefined) return inSandbox(second);
  if (first.error !== undefined) throw first.error;
  return first.result as T;
}
