import type { Knex } from 'knex';
import type { CheckedDatabase, CheckedTable } from '../checks/migration.js';
import { engineOf } from '../cli/project.js';
import type { Examination, ExaminedTable, TriggerTrial, WantedMetadata } from '../engines/checks.js';
import type { Engine, Session, TableId } from '../engines/contract.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { type ResolvedMeta, resolveMeta } from '../metadata/resolve.js';
import { rowsOf } from '../metadata/session.js';
import { wrapName } from '../metadata/target.js';
import { ownTables } from '../migrator/journal.js';
import { tablesOptedOut } from '../migrator/optedOut.js';
import { recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import type { Context } from './command.js';
import { readFiles } from './migrateHistory.js';

/** The schemas that a project's tables are in: those of its search path that exist, or the connection's own. */
async function schemasOf(
  engine: Engine,
  { searchPath }: KnexMetaConfig,
  db: Knex,
): Promise<readonly (string | undefined)[]> {
  if (!engine.hasSchemas || searchPath === undefined) return [undefined];
  const path = await engine.searchPath(plainView(db));
  // What a project has behind its own schema may be other people's.
  const own = path.filter((name, index) => index === 0 || name !== engine.changes.defaultSchema);
  return own.length === 0 ? [undefined] : own;
}

/** The names of those schemas. */
export async function schemaNamesOf(
  engine: Engine,
  config: KnexMetaConfig,
  db: Knex,
  home: string | undefined,
): Promise<readonly string[]> {
  return (await schemasOf(engine, config, db)).flatMap((name) => name ?? home ?? []);
}

/** What the configuration asks of every table. Throws TIMESTAMP_INVALID. */
async function wantedOf(db: Knex, engine: Engine, meta: ResolvedMeta): Promise<WantedMetadata> {
  const client = db.client as unknown as ClientInternals;
  const columns = meta.columns.map((column) => {
    const name = wrapName(client, column.name, undefined);
    return { key: column.key, name, quoted: client.wrapIdentifierImpl(name), index: column.index };
  });
  const { timestampUtc } = meta;
  const clock =
    timestampUtc === undefined
      ? engine.metadata.clock(undefined)
      : await plainView(db).transaction((trx) => {
          const rows: Session['rows'] = async (sql, bindings = []) =>
            rowsOf(await trx.raw(sql, bindings as readonly string[]));
          return engine.metadata.probeClock(
            { client, connection: undefined, rows, warn: () => {} },
            timestampUtc,
          );
        });
  const updatedAt = columns.find(({ key }) => key === 'updated_at')?.name;
  return { columns, updatedAt, clock, onExplicitUpdate: meta.onExplicitUpdate };
}

/** A schema that is named twice is read twice. */
function unique<T extends TableId>(tables: readonly T[]): readonly T[] {
  return [...new Map(tables.map((table) => [JSON.stringify([table.schema, table.name]), table])).values()];
}

async function readAll(
  db: Knex,
  engine: Engine,
  config: KnexMetaConfig,
  wanted: WantedMetadata,
  schemas: readonly string[],
): Promise<Examination> {
  // The catalog's rows are not for the project's own postProcessResponse.
  const plain = plainView(db);
  const all: Examination[] = [];
  for (const schema of new Set([...(await schemasOf(engine, config, db)), ...schemas]))
    all.push(await engine.checks.examine(plain, wanted, schema));
  return {
    tables: unique(all.flatMap(({ tables }) => tables)),
    locked: unique(all.flatMap(({ locked }) => locked)),
    silencers: all[0]?.silencers ?? [],
  };
}

/** The project's tables, with those of further schemas, as the catalog has them beside what the configuration asks. */
export async function examineTables(
  context: Context,
  schemas: readonly string[] = [],
): Promise<Examination & { readonly wanted: WantedMetadata }> {
  const { config } = await context.project();
  const engine = engineOf(config);
  const { db } = await context.database();
  const wanted = await wantedOf(db, engine, resolveMeta(config.meta, process.env));
  const { tables, locked, silencers } = await readAll(db, engine, config, wanted, schemas);
  const own = new Set(ownTables(recordTables(config.migrations ?? {})));
  const isProjects = ({ name }: TableId): boolean => !own.has(name);
  return { wanted, tables: tables.filter(isProjects), locked: locked.filter(isProjects), silencers };
}

/** Tries a trigger that looks as it should: on a row, or, where that cannot be undone or is not to be had, on a copy. */
async function tryOne(db: Knex, engine: Engine, table: ExaminedTable): Promise<TriggerTrial | undefined> {
  const { trigger, stamped, others, keptBy } = table;
  const isWhole =
    trigger === undefined
      ? keptBy !== undefined
      : trigger.enabled === 'yes' && trigger.difference === undefined;
  if (stamped === undefined || !isWhole) return undefined;
  const canBeUndone = others.every((other) => other.canBeUndone);
  const trial = canBeUndone ? await engine.checks.tryTrigger(db, table, stamped.name) : undefined;
  if (trial !== undefined && trial.outcome !== 'no-rows' && trial.outcome !== 'not-tried') return trial;
  return engine.checks.tryOnCopy(db, table);
}

/** All that `check:migration` judges. */
export async function examineDatabase(context: Context): Promise<CheckedDatabase> {
  const { config } = await context.project();
  const engine = engineOf(config);
  const { foldName: fold } = engine.metadata;
  const { db } = await context.database();
  const meta = resolveMeta(config.meta, process.env);
  const { wanted, tables: theirs, locked, silencers } = await examineTables(context);
  const isIncluded = ({ name }: TableId): boolean => meta.includesTable(name);
  const optedOut = await tablesOptedOut((await readFiles(context)).history.revisions).catch(
    () => new Map<string, string>(),
  );
  const tables: CheckedTable[] = [];
  for (const table of theirs.filter(isIncluded)) {
    tables.push({
      table,
      wanted: wanted.columns.map(({ name }) => name),
      indexed: wanted.columns.filter(({ index }) => index).map(({ name }) => name),
      trial: await tryOne(plainView(db), engine, table),
      mending: engine.checks.mending(table, wanted),
      optedOut: optedOut.get(table.name),
    });
  }
  return {
    tables,
    fold,
    locked: locked.filter(isIncluded),
    silencers,
    excluded: theirs.filter((table) => !isIncluded(table)).map(({ name }) => name),
  };
}
