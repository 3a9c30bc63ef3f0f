import type { Knex } from 'knex';
import { readDuration } from '../cli/duration.js';
import { connect, disconnect, engineOf, missingFile, type Project } from '../cli/project.js';
import { databaseFromUrl } from '../config/database.js';
import { secretsOf } from '../config/secrets.js';
import type { Engine } from '../engines/contract.js';
import { engineForClient } from '../engines/registry.js';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { createMigrator } from '../migrator/createMigrator.js';
import { filesMissing, interrupted } from '../migrator/failure.js';
import type { PendingStatus } from '../migrator/status.js';
import type { Context } from './command.js';
import { readPending } from './migrateInspect.js';

/** What models are compared with. */
export interface ComparedDatabase {
  readonly db: Knex;
  /** Where the models are built when it cannot be done there. */
  readonly shadow: Knex | undefined;
  /** True for the project's own database, with its rows; else it is the result of the files alone. */
  readonly isLive: boolean;
}

type Comparing<Result> = (database: ComparedDatabase) => Promise<Result>;

/** No directory of migrations, or an empty one: there is nothing that could be pending. */
const isNone = (error: unknown): boolean =>
  isKnexMetaError(error) && /^MIGRATIONS_(DIRECTORY_MISSING|NONE)$/.test(error.code);

/** The status; undefined where nothing is applied and there are no files that could be pending. */
async function statusOf(context: Context): Promise<PendingStatus | undefined> {
  try {
    return await readPending(context);
  } catch (error) {
    if (!isNone(error)) throw error;
    const { config } = await context.project();
    const isEmpty =
      missingFile(config) !== undefined ||
      (await createMigrator((await context.database()).db).currentVersion()) === 'none';
    if (!isEmpty) throw error;
    return undefined;
  }
}

export async function refusePending(context: Context): Promise<void> {
  const status = await statusOf(context);
  if (status === undefined) return;
  const { pending, missing, unfinished } = status;
  const { config } = await context.project();
  if (missing.length > 0 && !config.migrations?.disableMigrationsListValidation)
    throw filesMissing(missing, {});
  const [begun] = unfinished;
  if (begun !== undefined) {
    throw new KnexMetaError('MIGRATION_UNFINISHED', `${begun} was begun and did not end.`, {
      remedy:
        '`npx knex-meta migrate:latest` says how it is settled. Until then nobody knows what the database is to be compared as. Nothing was written.',
      details: { migration: begun },
    });
  }
  if (pending.length === 0) return;
  throw new KnexMetaError('MIGRATIONS_PENDING', `Migrations are pending: ${pending.join(', ')}.`, {
    remedy:
      'Apply them first (`npx knex-meta migrate:latest`): what they will change would be written a second time. Or compare with the result of all migration files, whatever this database has: `--head`. Nothing was written.',
    details: { pending },
  });
}

/** What --shadow or `meta.shadow` names. Throws USAGE, CONFIG_INVALID. */
async function shadowOf({ args, output, project }: Context, engine: Engine): Promise<Project | undefined> {
  const opened = await project();
  const flag = args.shadow === undefined ? undefined : String(args.shadow);
  const url = flag ?? opened.config.meta?.shadow;
  if (url === undefined) return undefined;
  const source = flag === undefined ? 'meta.shadow' : '--shadow';
  output.hide(secretsOf({ connection: url }));
  const { connection, client } = databaseFromUrl(url, source);
  if (engineForClient(client) !== engine) {
    throw new KnexMetaError('USAGE', `${source} names a database that is not ${engine.title}.`, {
      remedy: `The models are built on the project's own engine. A URL of ${engine.title} is needed.`,
    });
  }
  if (engine.throwaway.server === undefined) {
    if (flag !== undefined) output.note(`${engine.title} builds models in memory: --shadow is not needed`);
    return undefined;
  }
  return { ...opened, config: { ...opened.config, connection } as KnexMetaConfig };
}

const waitOf = ({ args }: Context): number | undefined => readDuration('wait', args.wait);

async function withConnection<Result>(
  project: Project | undefined,
  context: Context,
  act: (db: Knex | undefined) => Promise<Result>,
): Promise<Result> {
  if (project === undefined) return act(undefined);
  const db = await connect(project, context.output, waitOf(context));
  try {
    return await act(db);
  } finally {
    await disconnect(db);
  }
}

async function refuseSame(engine: Engine, db: Knex, shadow: Knex): Promise<void> {
  if (!(await engine.throwaway.server?.isSame(db, shadow))) return;
  throw new KnexMetaError('USAGE', 'The shadow database is the project’s own database.', {
    remedy:
      'Name another one, which may be empty: models are built there and rolled back. Where the role may create schemas in its own, no shadow is needed. Nothing was changed.',
  });
}

/** Makes sure of the server on which a throwaway database is made, by whichever of its databases is there. */
async function reachServer(project: Project, engine: Engine, context: Context): Promise<void> {
  const { server } = engine.throwaway;
  if (server === undefined) return;
  const { output } = context;
  try {
    await disconnect(await connect(project, output, waitOf(context)));
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string } };
    const { code } = cause ?? {};
    if (!isKnexMetaError(error) || error.code !== 'CONNECTION_FAILED') throw error;
    // The server is there and the database is not: it is needed for nothing but to reach the server.
    if (code === '3D000') {
      const connection = server.elsewhere(project.config.connection);
      const config = { ...project.config, connection } as KnexMetaConfig;
      return disconnect(await connect({ ...project, config }, output));
    }
    throw new KnexMetaError('CONNECTION_FAILED', error.message, {
      remedy: `With --head the migrations run in an empty database that is made for a moment, on the project's server or on that of \`--shadow <url>\`; any ${engine.title} will do, such as a container that CI starts. Nothing was changed.`,
      details: error.details,
      cause: error.cause,
    });
  }
}

/** Runs all that there are. */
async function runAll(db: Knex, signal: AbortSignal): Promise<void> {
  try {
    await createMigrator(db).latest({ signal });
  } catch (error) {
    if (!isNone(error)) throw error;
  }
}

/** An empty database with the result of the migrations, for as long as `act` works. */
async function withHead<Result>(
  context: Context,
  engine: Engine,
  { runs }: { readonly runs: boolean },
  act: Comparing<Result>,
): Promise<Result> {
  const own = await context.project();
  const project = (await shadowOf(context, engine)) ?? own;
  const signal = context.signal();
  await reachServer(project, engine, context);
  const checkSignal = (): void => {
    if (signal.aborted) throw interrupted(undefined, 'Nothing was written.');
  };
  checkSignal();
  const made = await engine.throwaway.make({ config: project.config });
  try {
    checkSignal();
    const config = made.config as KnexMetaConfig;
    const db = await connect({ ...project, config }, context.output);
    try {
      if (runs) await runAll(db, signal);
      checkSignal();
      const result = await act({ db, shadow: undefined, isLive: false });
      checkSignal();
      return result;
    } finally {
      await disconnect(db);
    }
  } finally {
    await made.end().catch((error: Error) => {
      context.output.warn(`The database that was made for the moment could not be dropped: ${error.message}`);
    });
  }
}

/**
 * Does something with the database that the models are compared with: the project's own, or with --head an empty one in
 * which all migration files have run.
 *
 * @throws KnexMetaError MIGRATIONS_PENDING, MIGRATION_FILES_MISSING, MIGRATION_UNFINISHED,
 *   SCRATCH_REFUSED, THROWAWAY_REFUSED, CONNECTION_FAILED, USAGE
 */
export async function withCompared<Result>(context: Context, act: Comparing<Result>): Promise<Result> {
  const { config } = await context.project();
  const engine = engineOf(config);
  if (context.args.head === true) return withHead(context, engine, { runs: true }, act);
  await refusePending(context);
  // Nothing is applied and nothing is pending: the database is as empty as one that is there.
  if (missingFile(config) !== undefined) return withHead(context, engine, { runs: false }, act);
  const { db } = await context.database();
  const shadow = await shadowOf(context, engine);
  return withConnection(shadow, context, async (other) => {
    if (other !== undefined) await refuseSame(engine, db, other);
    return act({ db, shadow: other, isLive: true });
  });
}
