import type { Knex } from 'knex';
import { engineOf } from '../cli/project.js';
import type { ExaminedTable } from '../engines/checks.js';
import type { Engine, TableFacts } from '../engines/contract.js';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { matcher, resolveMeta } from '../metadata/resolve.js';
import { columnsNamed } from '../metadata/target.js';
import { plainView } from '../migrator/views.js';
import { type Arguments, type Context, type Flag, textsOf } from './command.js';
import { refusePending } from './comparedDatabase.js';
import { examineTables } from './examine.js';
import { EXTENSION_FLAG } from './newFile.js';

/** The flags that choose tables. */
export const TABLE_FLAGS: Readonly<Record<string, Flag>> = {
  table: {
    type: 'string',
    describe: 'only this table: orders, shop.orders, order_*; may be given again. Default: every table',
  },
  exclude: { type: 'string', describe: 'not this table; with * for any text; may be given again' },
  steps: {
    type: 'boolean',
    describe:
      'in steps without a transaction though these tables are small: for a database that has more rows',
  },
  x: EXTENSION_FLAG,
};

/** What the commands of adoption work on. */
export interface Chosen {
  readonly engine: Engine;
  readonly config: KnexMetaConfig;
  readonly db: Knex;
  /** The schema that a name without one means. */
  readonly home: string | undefined;
  readonly tables: readonly TableFacts[];
  /** Whether a table was named by itself, so that leaving it out silently would be wrong. */
  readonly isNamed: (table: TableFacts) => boolean;
  readonly wanted: ReturnType<typeof columnsNamed>;
  /** Names of columns that functions of the configuration add. */
  readonly custom: readonly string[];
}

function readPattern(text: string): (table: TableFacts) => boolean {
  const parts = text.split('.');
  const name = matcher(parts.at(-1) ?? '');
  const schema = parts.length > 1 ? matcher(parts.slice(0, -1).join('.')) : () => true;
  // A table's own name may have a dot in it.
  return (table) =>
    table.name === text ||
    `${table.schema}.${table.name}` === text ||
    (name(table.name) && schema(table.schema ?? ''));
}

async function checkPending(context: Context): Promise<void> {
  try {
    await refusePending(context);
  } catch (error) {
    // A project that begins with a database has no migrations yet.
    if (!isKnexMetaError(error) || error.code !== 'MIGRATIONS_DIRECTORY_MISSING') throw error;
  }
}

/** A table as the engines' adoption reads it. */
export function factsOf({ trigger: own, keptBy, stamped, ...table }: ExaminedTable): TableFacts {
  // A trigger of the project's own that keeps the column is as good as ours.
  const trigger = own ?? (keptBy === undefined ? undefined : { name: keptBy, enabled: 'yes' });
  const { schema, name, columns } = table;
  return {
    ...(schema === undefined ? {} : { schema }),
    name,
    columns,
    trigger: trigger && {
      name: trigger.name,
      column: stamped?.name ?? '',
      enabled: trigger.enabled === 'yes',
    },
  };
}

/** The tables that --table and --exclude mean. Throws USAGE for a name that is none's, MIGRATIONS_PENDING. */
export async function chooseTables(context: Context): Promise<Chosen> {
  const { config } = await context.project();
  const { args } = context;
  const engine = engineOf(config);
  const meta = resolveMeta(config.meta, process.env);
  const named = textsOf(args.table);
  const schemas = named.filter((text) => text.includes('.')).map((text) => text.split('.')[0] ?? '');
  await checkPending(context);
  const { tables: found, locked } = await examineTables(context, engine.hasSchemas ? schemas : []);
  const [held] = locked;
  if (held !== undefined) {
    throw new KnexMetaError('DATABASE_BUSY', `Another session holds the table ${held.name}.`, {
      remedy: 'Try again when it is done. Nothing was written.',
      details: { table: held.name },
    });
  }
  const all = found.filter(({ name }) => meta.includesTable(name)).map(factsOf);
  const patterns = named.map((text) => ({ text, isIt: readPattern(text) }));
  for (const { text, isIt } of patterns) {
    if (all.some(isIt)) continue;
    throw new KnexMetaError('USAGE', `--table ${text}: the project has no such table.`, {
      remedy: `It has ${all.map(({ name }) => name).join(', ') || 'none'}. \`meta.tables\` in the knexfile leaves tables out too. Nothing was written.`,
      details: { table: text },
    });
  }
  const excluded = textsOf(args.exclude).map(readPattern);
  const tables = all.filter(
    (table) =>
      (patterns.length === 0 || patterns.some(({ isIt }) => isIt(table))) &&
      !excluded.some((isIt) => isIt(table)),
  );
  const { db } = await context.database();
  const standard = meta.columns.filter(({ add }) => add === undefined);
  return {
    engine,
    config,
    db,
    home: await engine.homeSchema(plainView(db)),
    tables,
    isNamed: (table) => patterns.some(({ text, isIt }) => !text.includes('*') && isIt(table)),
    wanted: columnsNamed(db.client as unknown as ClientInternals, standard, undefined),
    custom: meta.columns.filter(({ add }) => add !== undefined).map(({ name }) => name),
  };
}

/** Whether the migration runs in steps: where a table has many rows, or --steps says so. */
export function isInSteps({ engine }: Chosen, { steps }: Arguments, rows: readonly number[]): boolean {
  const { stepsAbove } = engine.adoption;
  return stepsAbove !== undefined && (steps === true || rows.some((count) => count > stepsAbove));
}
