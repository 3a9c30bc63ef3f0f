import { resolve } from 'node:path';
import { engineOf, missingFile } from '../cli/project.js';
import { scope } from '../diff/scope.js';
import { KnexMetaError } from '../errors.js';
import { resolveMeta } from '../metadata/resolve.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import { type ModelFile, renderModels } from '../render/models/index.js';
import type { Command, Context } from './command.js';
import { extensionOf, formOf } from './newFile.js';
import { select, wantedFrom } from './pullSelection.js';
import { findTaken, writeAll } from './writeFiles.js';

/** The directory that the models are written to: the first that is configured. */
function directoryOf(models: string | readonly string[] | undefined): string {
  return [models ?? './models'].flat()[0] ?? './models';
}

function nothingThere(isSelected: boolean): KnexMetaError {
  return new KnexMetaError('USAGE', 'There is nothing to write models of.', {
    remedy: isSelected
      ? 'Choose other tables or schemas. Nothing was written.'
      : 'The database has no table, view or other object of its own yet. Nothing was written.',
  });
}

function refuse(taken: readonly string[], isForced: boolean): void {
  if (taken.length === 0) return;
  const [first] = taken;
  throw new KnexMetaError(
    'FILE_EXISTS',
    taken.length === 1
      ? `${first} exists already.`
      : `${taken.length} files exist already: ${taken.join(', ')}.`,
    {
      remedy: isForced
        ? 'A file of another extension would be read in place of the new one, or beside it: move it away. Nothing was written.'
        : '--force overwrites them. Nothing was written.',
      details: { files: taken },
    },
  );
}

/** What each kind is called for several of them. */
const PLURALS: Readonly<Record<string, string>> = {
  'materialized view': 'materialized views',
  policy: 'policies',
  'text search dictionary': 'text search dictionaries',
  SQL: 'further statements',
};

function summary(files: readonly ModelFile[]): string {
  const counts = new Map<string, number>();
  for (const { kind } of files.flatMap(({ models }) => models)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts]
    .map(([kind, count]) => `${count} ${count === 1 ? kind : (PLURALS[kind] ?? `${kind}s`)}`)
    .join(', ');
}

async function render(context: Context) {
  const { args } = context;
  const { config, extension: fallback, knexfile } = await context.project();
  const meta = config.meta ?? {};
  if (missingFile(config) !== undefined) {
    throw new KnexMetaError('CONNECTION_FAILED', 'There is no database yet to write models of.', {
      remedy: 'Check the connection in the knexfile. Nothing was written.',
    });
  }
  const engine = engineOf(config);
  const { db } = await context.database();
  const home = await engine.homeSchema(db);
  const resolved = resolveMeta(meta, process.env);
  const { schema, unmanaged } = scope(await engine.introspect(db), {
    ownTables: ownTables(recordTables(config.migrations ?? {})),
    // What models are not to manage needs none.
    includes: resolved.manages,
  });
  const wanted = wantedFrom(args);
  const chosen = select(schema, wanted, {
    home,
    engine,
    indexed: resolved.columns.filter(({ index }) => index).map(({ name }) => name),
  });
  const extension = extensionOf(args.x, fallback);
  const form = formOf(extension, resolve(knexfile ?? '.', '..'));
  const metadata = resolved.columns.filter(({ add }) => add === undefined);
  const files = renderModels(
    chosen,
    { wording: engine.changes.wording, defaultSchema: home, metadata },
    form,
    args.single === true ? 'models' : undefined,
  );
  if (files.length === 0) throw nothingThere(wanted.isSome);
  const commented = schema.schemas
    .filter(({ comment }) => comment !== undefined)
    .map(({ name }) => ({ kind: 'comment of schema', name, reason: 'no model says it' }));
  const empty = wanted.isSome
    ? []
    : schema.schemas
        .filter(
          ({ name }) =>
            !files.some(({ models }) => models.some((model) => model.name.startsWith(`${name}.`))),
        )
        .filter(({ name }) => name !== home)
        .map(({ name }) => ({ kind: 'schema', name, reason: 'nothing in it has a model' }));
  return {
    files,
    extension,
    unmanaged: [...unmanaged, ...empty, ...commented],
    wanted,
    directory: directoryOf(meta.models),
  };
}

export const modelsPull: Command = {
  command: 'models:pull [names..]',
  describe: 'Write models from what the database has; changes nothing in it',
  flags: {
    table: { type: 'string', describe: 'this table or view only; may be given again, * is any text' },
    schema: { type: 'string', describe: 'only what is in this schema; may be given again' },
    single: { type: 'boolean', describe: 'everything in one file, models.<extension>' },
    force: { type: 'boolean', describe: 'overwrite files that are there' },
    'dry-run': { type: 'boolean', describe: 'say what would be written, and write nothing' },
    x: { type: 'string', describe: 'the extension of the files: js, mjs, cjs, ts, mts, cts' },
  },
  examples: [
    ['knex-meta models:pull', 'a file for each table, in ./models or the directory of meta.models'],
    ["knex-meta models:pull users 'order*' --dry-run", 'what would be written of these tables'],
  ],
  run: async (context) => {
    const { args, output } = context;
    const { files, extension, unmanaged, wanted, directory } = await render(context);
    const isDry = args['dry-run'] === true;
    const named = files.map((file) => ({ ...file, path: `${file.stem}.${extension}` }));
    const isForced = args.force === true;
    const taken = findTaken(
      directory,
      named.map(({ path }) => path),
    );
    refuse(isForced ? taken.shadowing : [...taken.same, ...taken.shadowing], isForced);
    if (!isDry) writeAll(directory, named);
    for (const { path, models } of named)
      output.line(
        `${output.style('green', isDry ? 'Would write' : 'Wrote')} ${directory}/${path}  ${models.map(({ name }) => name).join(', ')}`,
      );
    for (const { kind, name, reason } of unmanaged)
      output.line(`${output.style('yellow', '·')} no model of the ${kind} ${name}: ${reason}`);
    const count = files.reduce((sum, { models }) => sum + models.length, 0);
    const models = count === 1 ? '1 model' : `${count} models`;
    const inFiles = files.length === 1 ? '1 file' : `${files.length} files`;
    output.line(
      `${models} in ${inFiles}: ${summary(files)}.${unmanaged.length === 0 ? '' : ` ${unmanaged.length} without a model, listed above.`}`,
    );
    if (isDry) output.line('Nothing was written: --dry-run.');
    else if (wanted.isSome)
      output.line(
        'These are not all of the database: `npx knex-meta check:models` takes a table without a model for one to be dropped.',
      );
    else
      output.line(
        'Next:  npx knex-meta check:models  finds nothing to do. From now on change a model, then  migrate:make <name> --autogenerate.',
      );
    const data = {
      ok: true,
      written: !isDry,
      directory: resolve(directory),
      files: named.map(({ path, models: own, text }) => ({
        file: resolve(directory, path),
        models: own,
        ...(isDry ? { text } : {}),
      })),
      unmanaged,
    };
    return { data };
  },
};
