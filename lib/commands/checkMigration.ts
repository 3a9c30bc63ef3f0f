import type { Knex } from 'knex';
import { type CheckedTable, checkTables } from '../checks/migration.js';
import { engineOf } from '../cli/project.js';
import type { Engine, TableFacts } from '../engines/contract.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { type ResolvedMeta, resolveMeta } from '../metadata/resolve.js';
import { wrapName } from '../metadata/target.js';
import { reportCheck } from './checkReport.js';
import type { Command } from './command.js';

/** The schemas that a project's tables are in: those of its search path, or the connection's own. */
function schemasOf(engine: Engine, config: KnexMetaConfig): readonly (string | undefined)[] {
  if (!engine.hasSchemas) return [undefined];
  const path = [config.searchPath ?? []].flat().filter((name) => name !== 'public');
  const named = [...path, ...(config.migrations?.schemaName ? [config.migrations.schemaName] : [])];
  return named.length === 0 ? [undefined] : [...new Set(named)];
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
    column !== undefined && hasTrigger ? await engine.tryTrigger(db, facts, column.name) : undefined;
  return { facts, wanted: meta.columns.map(({ name }) => wrap(name)), updatedAt, canStamp, trial };
}

export const checkMigration: Command = {
  command: 'check:migration',
  describe: 'Check that each table has the metadata columns and a trigger that works; changes nothing',
  examples: [['knex-meta check:migration --json', 'for CI: exit code 3 when something is found']],
  run: async (context) => {
    const { db, project } = await context.database();
    const { config } = project;
    const engine = engineOf(config);
    const meta = resolveMeta(config.meta, process.env);
    const record = config.migrations?.tableName ?? 'knex_migrations';
    const own = new Set([record, `${record}_lock`]);
    const all = (
      await Promise.all(schemasOf(engine, config).map((schema) => engine.inspect(db, schema)))
    ).flat();
    const tables = all.filter(({ name }) => !own.has(name) && meta.includesTable(name));
    const trials: CheckedTable[] = [];
    for (const facts of tables) trials.push(await checked(db, engine, facts, meta));
    const report = checkTables(trials, engine.metadata.foldName);
    const allIsWell = `${tables.length} tables have the metadata columns and an update trigger that works`;
    return reportCheck(context, report, allIsWell, {
      tables: tables.map(({ schema, name }) => ({ schema, name })),
    });
  },
};
