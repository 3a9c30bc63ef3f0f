import { engineOf, missingFile } from '../cli/project.js';
import { type Difference, diff } from '../diff/index.js';
import type { Rename as DiffRename } from '../diff/options.js';
import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { resolveMeta } from '../metadata/resolve.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import { readDesired } from '../models/desired.js';
import { type LoadedModels, loadModels } from '../models/load.js';
import type { Rename } from '../models/renames.js';
import { describe } from '../operations/describe.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Context } from './command.js';
import { readStatus } from './migrateInspect.js';

/** The models beside the database. */
export interface Compared extends Difference {
  readonly engine: Engine;
  readonly loaded: LoadedModels;
  readonly actual: DatabaseSchema;
  readonly desired: DatabaseSchema;
  /** Each operation in words. */
  readonly detected: readonly string[];
}

/** What a model says was renamed, as the diff takes it. */
function toDiff(rename: Rename): readonly DiffRename[] {
  const { schema, name } = rename;
  switch (rename.kind) {
    case 'table':
      return [{ kind: 'table', from: rename.from, to: { schema, name } }];
    case 'enum':
      return [{ kind: 'type', from: rename.from, to: { schema, name } }];
    case 'column':
      return [{ kind: 'column', table: { schema, name }, from: rename.from, to: rename.column }];
    case 'enum value':
      return [{ kind: 'enumValue', type: { schema, name }, from: rename.from, to: rename.value }];
    case 'view':
      return [];
  }
}

/** `users.name:full_name`, `app.users.name:full_name`, `users:people`: what --rename says. Throws USAGE. */
function readRename(text: string, home: string | undefined): DiffRename {
  const [from = '', to = '', more] = text.split(':');
  const path = from.split('.');
  if (from === '' || to === '' || more !== undefined || path.length > 3) {
    throw new KnexMetaError(
      'USAGE',
      `--rename takes table.column:new_name or table:new_name, not "${text}".`,
    );
  }
  if (path.length === 1) {
    return { kind: 'table', from: { schema: home, name: from }, to: { schema: home, name: to } };
  }
  const [column = '', name = '', schema = home] = [...path].reverse();
  return { kind: 'column', table: { schema, name }, from: column, to };
}

async function refusePending(context: Context): Promise<void> {
  const { pending } = await readStatus(context);
  if (pending.length === 0) return;
  throw new KnexMetaError('MIGRATIONS_PENDING', `Migrations are pending: ${pending.join(', ')}.`, {
    remedy:
      'Apply them first (`npx knex-meta migrate:latest`): what they will change would be written a second time. Nothing was written.',
    details: { pending },
  });
}

/**
 * Compares the models with the database, which is only read.
 *
 * @throws KnexMetaError MIGRATIONS_PENDING, MODELS_DIRECTORY_MISSING, MODELS_NONE, MODEL_LOAD_FAILED, MODEL_INVALID,
 *   MODEL_DUPLICATE, MODEL_BUILD_FAILED, SCRATCH_REFUSED, RENAME_UNKNOWN, RENAME_AMBIGUOUS
 */
export async function compareModels(context: Context, renames: readonly string[]): Promise<Compared> {
  const { config } = await context.project();
  const meta = config.meta ?? {};
  const loaded = await loadModels([meta.models ?? './models'].flat());
  await refusePending(context);
  if (missingFile(config) !== undefined) {
    throw new KnexMetaError('CONNECTION_FAILED', 'There is no database yet to compare the models with.', {
      remedy: 'npx knex-meta migrate:latest makes it.',
    });
  }
  const engine = engineOf(config);
  const { db } = await context.database();
  const first = await engine.introspect(db);
  const home = first.schemas[0]?.name;
  const others = loaded.models.map(({ schema }) => schema).filter((schema) => schema !== undefined);
  const schemas = [...new Set([...(home === undefined ? [] : [home]), ...others])];
  const actual = others.length === 0 ? first : await engine.introspect(db, schemas);
  const { schema: desired, renames: declared } = await readDesired(engine, db, loaded.models, { actual });
  const resolved = resolveMeta(meta, process.env);
  const difference = diff(actual, desired, engine.changes.comparison, {
    renames: declared.flatMap(toDiff),
    once: renames.map((text) => readRename(text, home)),
    ownTables: ownTables(recordTables(config.migrations ?? {})),
    indexedMetadata: resolved.columns.filter(({ index }) => index).map(({ name }) => name),
  });
  const detected = difference.operations.map((operation) => describe(operation, home));
  return { ...difference, engine, loaded, actual, desired, detected };
}

/** What --rename would say of a table or column that went while a like one came. */
export function renameHints({ candidates }: Compared): readonly string[] {
  return candidates.flatMap((each) => {
    if (each.kind === 'column') {
      const flag = `--rename ${each.table.name}.${each.from}:${each.to}`;
      return [`Was ${each.table.name}.${each.from} renamed to ${each.to}? Then: ${flag}`];
    }
    if (each.kind === 'table') {
      return [
        `Was ${each.from.name} renamed to ${each.to.name}? Then: --rename ${each.from.name}:${each.to.name}`,
      ];
    }
    return [];
  });
}

/** How many models of which files were compared, and why a table could be missing. */
export function nothingDetected({ loaded }: Compared): readonly string[] {
  const files = loaded.files.map(({ file, models }) => `${file} (${models})`).join(', ');
  return [
    `No changes detected: ${loaded.models.length} models of ${loaded.files.length} files were compared.`,
    `  ${files}`,
    '  A table that is missing here: is its file in the directory of the models, and does it export what defineModel returns?',
  ];
}
