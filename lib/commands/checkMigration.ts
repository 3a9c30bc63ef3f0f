import type { Knex } from 'knex';
import { type CheckedTable, checkTables } from '../checks/migration.js';
import { engineOf, missingFile } from '../cli/project.js';
import type { Engine, TableFacts } from '../engines/contract.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { type ResolvedMeta, resolveMeta } from '../metadata/resolve.js';
import { wrapName } from '../metadata/target.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import { reportCheck } from './checkReport.js';
import type { Command, Context } from './command.js';

/** The schemas that a project's tables are in: those of its search path, or the connection's own. */
export function schemasOf(engine: Engine, config: KnexMetaConfig): readonly (string | undefined)[] {
  if (!engine.hasSchemas) return [undefined];
  // What a project has behind its own schema may be other people's.
  const path = [config.searchPath ?? []]
    .flat()
    .filter((name, index) => !/^"?\$user"?$/.test(name) && (index === 0 || name !== 'public'));
  const named = [...path, ...(config.migrations?.schemaName ? [config.migrations.schemaName] : [])];
  return named.length === 0 ? [undefined] : [...new Set(named)];
}

/** The project's own tables; none, and nothing made, where the database is a file that is not there. */
async function tablesOf(
  context: Context,
  engine: Engine,
  config: KnexMetaConfig,
  meta: ResolvedMeta,
): Promise<readonly TableFacts[]> {
  if (missingFile(config) !== undefined) return [];
  const { db } = await context.database();
  const own = new Set(ownTables(recordTables(config.migrations ?? {})));
  // The catalog's rows are not for the project's own postProcessResponse.
  const plain = plainView(db);
  const all = await Promise.all(schemasOf(engine, config).map((schema) => engine.inspect(plain, schema)));
  return all.flat().filter(({ name }) => !own.has(name) && meta.includesTable(name));
}

async function checked(
  db: Knex,
  engine: Engine,
  facts: TableFacts,
  meta: ResolvedMeta,
): Promise<CheckedTable> {
  const client = db.client as unknown as ClientInternals;
  const wrap = (name: string): string => wrapName(client, name, undefined);
  const { foldName } = engine.metadata;
  const updated = meta.columns.find(({ key }) => key === 'updated_at');
  const updatedAt = updated && wrap(updated.name);
  const column = facts.columns.find(
    ({ name }) => updatedAt !== undefined && foldName(name) === foldName(updatedAt),
  );
  const canStamp = column !== undefined && engine.metadata.canStamp(column);
  const hasTrigger = facts.trigger?.enabled === true;
  const trial =
    column !== undefined && hasTrigger
      ? await engine.tryTrigger(plainView(db), facts, column.name)
      : undefined;
  return { facts, wanted: meta.columns.map(({ name }) => wrap(name)), updatedAt, canStamp, trial };
}

export const checkMigration: Command = {
  command: 'check:migration',
  describe: 'Check that each table has the metadata columns and a trigger that works; changes nothing',
  examples: [['knex-meta check:migration --json', 'for CI: exit code 3 when something is found']],
  run: async (context) => {
    const { config } = await context.project();
    const engine = engineOf(config);
    const meta = resolveMeta(config.meta, process.env);
    const tables = await tablesOf(context, engine, config, meta);
    const trials: CheckedTable[] = [];
    for (const facts of tables) {
      trials.push(await checked((await context.database()).db, engine, facts, meta));
    }
    const report = checkTables(trials, engine.metadata.foldName);
    const allIsWell = `${tables.length} ${tables.length === 1 ? 'table has' : 'tables have'} the metadata columns and an update trigger that works`;
    return reportCheck(context, report, allIsWell, {
      tables: tables.map(({ schema, name }) => ({ schema, name })),
    });
  },
};
