import { relative } from 'node:path';
import type { Knex } from 'knex';
import { engineOf, missingFile } from '../cli/project.js';
import { diff } from '../diff/index.js';
import { METADATA_COLUMNS } from '../diff/tables.js';
import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { withMeta } from '../metadata/withMeta.js';
import { ownTables } from '../migrator/journal.js';
import { openSandbox } from '../migrator/sandbox.js';
import { recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import { readDesired } from '../models/desired.js';
import { loadModels } from '../models/load.js';
import type { DatabaseSchema } from '../schema/database.js';
import { declarations, typeWord } from '../types/declarations.js';
import type { Command, Context } from './command.js';
import { schemaNamesOf } from './examine.js';
import { writeOrCheck } from './generatedFile.js';
import { withPlaces } from './leftAlone.js';

const FILE = './knex-tables.d.ts';

interface Read {
  readonly schema: DatabaseSchema;
  readonly home: string | undefined;
}

async function readDatabase(context: Context, engine: Engine): Promise<Read> {
  const { config } = await context.project();
  const file = missingFile(config);
  if (file !== undefined) {
    throw new KnexMetaError('CONNECTION_FAILED', `There is no database ${relative('', file)} yet.`, {
      remedy: '`npx knex-meta migrate:latest` makes it; `--from models` needs none. Nothing was written.',
    });
  }
  const { db } = await context.database();
  const home = await engine.homeSchema(plainView(db));
  const names = await schemaNamesOf(engine, config, db, home);
  return { schema: await engine.introspect(plainView(db), engine.hasSchemas ? names : undefined), home };
}

/** A database to build models in: the project's own, or an empty one where that is a file that is not there. */
async function withDatabase<T>(context: Context, engine: Engine, act: (db: Knex) => Promise<T>): Promise<T> {
  const { config } = await context.project();
  if (missingFile(config) === undefined) return act((await context.database()).db);
  const sandbox = await openSandbox(engine, withMeta(config), { from: 'empty' });
  return act(sandbox.db).finally(() => sandbox.end());
}

async function readModels(context: Context, engine: Engine): Promise<Read> {
  const { config } = await context.project();
  const { models } = await loadModels([config.meta?.models ?? './models'].flat());
  return withDatabase(context, engine, async (db) => {
    const home = await engine.homeSchema(plainView(db));
    const named = models.flatMap(({ schema }) => schema ?? []);
    const schemas = [...new Set([...(home === undefined ? [] : [home]), ...named])];
    const actual = await engine.introspect(db, engine.hasSchemas ? schemas : undefined);
    const { schema } = await readDesired(engine, db, Promise.resolve(models), { actual });
    const { unmanaged } = diff(actual, schema, engine.changes.comparison);
    for (const { name, reason } of withPlaces(unmanaged, models).filter(
      ({ kind }) => kind === METADATA_COLUMNS,
    ))
      context.output.warn(`${name}: ${reason}`);
    return { schema, home };
  });
}

/** The name that the application has for one of the database's: what the project makes of the keys of a row. */
function inApplication({ postProcessResponse }: Knex.Config): (name: string) => string {
  if (postProcessResponse === undefined) return (name) => name;
  return (name) => {
    try {
      const rows = postProcessResponse([{ [name]: null }], undefined) as readonly object[];
      return Object.keys(rows[0] ?? {})[0] ?? name;
    } catch {
      return name;
    }
  };
}

/** `bigint:number`: --type. */
function overridesOf(flags: unknown): ReadonlyMap<string, string> {
  const pairs = [flags ?? []].flat().map((flag): readonly [string, string] => {
    const [, type, words] = /^([^:]+):(.+)$/.exec(String(flag)) ?? [];
    if (type !== undefined && words !== undefined) return [type.trim().toLowerCase(), words.trim()];
    throw new KnexMetaError('USAGE', `--type takes database_type:TypeScript, not "${String(flag)}".`, {
      remedy: '--type bigint:number',
    });
  });
  return new Map(pairs);
}

/** The types of all columns, as --type names them. */
const typesIn = (schema: DatabaseSchema): readonly string[] =>
  [...new Set(schema.tables.flatMap(({ columns }) => columns.map(({ type }) => typeWord(type))))].sort();

const unknownTypes = (overrides: ReadonlyMap<string, string>, schema: DatabaseSchema): readonly string[] => {
  const known = new Set(
    [...schema.tables, ...schema.views].flatMap(({ columns }) => columns.map(({ type }) => typeWord(type))),
  );
  return [...overrides.keys()].filter((type) => !known.has(type));
};

export const typesGenerate: Command = {
  command: 'types:generate',
  describe: 'Write the types of all tables’ rows, for knex/types/tables',
  flags: {
    out: { type: 'string', describe: `the file; default: ${FILE}` },
    from: { type: 'string', describe: 'database or models; default: database' },
    type: {
      type: 'string',
      describe:
        'TypeScript for a type of the database, where the project has a parser of its own: bigint:number',
    },
    check: {
      type: 'boolean',
      describe: 'write nothing; exit code 3 when the file is not what would be written',
    },
  },
  examples: [
    ['knex-meta types:generate --out src/tables.d.ts', 'then db("users") knows its columns'],
    ['knex-meta types:generate --check', 'for CI, after the migrations'],
  ],
  run: async (context) => {
    const { args } = context;
    const { config } = await context.project();
    const engine = engineOf(config);
    const from = String(args.from ?? 'database');
    const overrides = overridesOf(args.type);
    if (from !== 'database' && from !== 'models') {
      throw new KnexMetaError('USAGE', `--from takes database or models, not "${from}".`);
    }
    const { schema, home } = await (from === 'models' ? readModels : readDatabase)(context, engine);
    const own = ownTables(recordTables(config.migrations ?? {}));
    for (const type of unknownTypes(overrides, schema))
      context.output.warn(
        `--type ${type}: no column has this type. Write it as the database does; there are ${typesIn(schema).join(', ')}.`,
      );
    const text = declarations(schema, {
      valueTypes: engine.valueTypes,
      enumCheck: engine.changes.wording.enumCheck,
      home,
      ownTables: own,
      inApplication: inApplication(config),
      isMetadataVisible: config.meta?.visible !== false,
      overrides,
    });
    const file = String(args.out ?? FILE);
    const tables = schema.tables.filter(({ name }) => !own.includes(name)).length;
    const flags = ['out', 'from', 'type'];
    return writeOrCheck(context, { file, text, command: 'types:generate', flags }, { tables });
  },
};
