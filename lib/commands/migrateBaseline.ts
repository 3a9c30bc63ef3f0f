import { resolve } from 'node:path';
import { diff } from '../diff/index.js';
import type { DiffOptions } from '../diff/options.js';
import { scope } from '../diff/scope.js';
import type { Adopted } from '../engines/adoption.js';
import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { resolveMeta } from '../metadata/resolve.js';
import { asking } from '../metadata/session.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { revisionOf } from '../migrator/revision.js';
import { recordTables } from '../migrator/settings.js';
import { describe } from '../operations/describe.js';
import { renderBaseline } from '../render/baseline.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Table } from '../schema/table.js';
import { type Reached, runUntilFailure, undoOnCopy, withMissing } from '../verify/baseline.js';
import { type Live, runText } from '../verify/copy.js';
import { said } from '../verify/diagnose.js';
import { placeBefore } from './baselineFile.js';
import type { Command, Context, Outcome } from './command.js';
import { readFilesIfAny } from './migrateHistory.js';
import { parentsOfNew, withParents } from './migrateMake.js';
import { readLive } from './migrateVerify.js';
import { EXTENSION_FLAG, extensionOf, fileNameOf, formOf, timestamp, writeNewFile } from './newFile.js';
import { type Rehearsal, rehearsalOf } from './rehearsal.js';

/** What adoptions put into the tables, by their marks in the live database. */
async function readAdopted(
  context: Context,
  engine: Engine,
  tables: readonly Table[],
): Promise<ReadonlyMap<Table, Adopted>> {
  const { db } = await context.database();
  const all = new Map<Table, Adopted>();
  for (const table of tables) {
    const { schema, name } = table;
    const id = schema === undefined ? { name } : { schema, name };
    all.set(table, await asking(db, (session) => engine.adoption.adopted(session, id)));
  }
  return all;
}

function stillFails({ entry, error }: NonNullable<Reached['failed']>, why: string): KnexMetaError {
  return new KnexMetaError(
    'MIGRATION_FAILED',
    `${entry.name} fails in an empty database, ${why}: ${said(error)}`,
    {
      remedy:
        'Connect the database that has the tables from before, or correct the file. Nothing was written.',
      details: { migration: entry.name },
      cause: error,
    },
  );
}

/** What the database had before those of these migrations that are applied. */
async function schemaBefore(
  context: Context,
  { engine, settings, open }: Rehearsal,
  live: Live,
  migrations: readonly KnownEntry[],
): Promise<DatabaseSchema> {
  const applied = new Set(live.applied.map(({ name }) => revisionOf(name)));
  const undone = migrations
    .filter(({ revision }) => applied.has(revision))
    .map(({ name }) => name)
    .reverse();
  if (undone.length === 0) return live.schema;
  const copy = await open();
  try {
    const { schema, notCopied } = await undoOnCopy(engine, copy, live, undone, settings, context.signal());
    for (const { message } of notCopied) context.output.warn(message);
    return schema;
  } finally {
    await copy.end();
  }
}

async function baseline(context: Context): Promise<Outcome> {
  const { args, output } = context;
  const { extension: own, knexfile } = await context.project();
  const rehearsal = await rehearsalOf(context);
  const { engine, config, settings, open } = rehearsal;
  const signal = context.signal();
  const revisions = (await readFilesIfAny(context))?.history.revisions ?? [];
  const live = await readLive(context, revisions.length > 0);
  const meta = resolveMeta(config.meta, process.env);
  const options: DiffOptions = {
    ownTables: ownTables(recordTables(settings)),
    includes: meta.manages,
    indexedMetadata: meta.columns.filter(({ index }) => index).map(({ name }) => name),
  };
  const stage = await open();
  try {
    const reached = await runUntilFailure(engine, stage, revisions, signal);
    const { failed } = reached;
    const place = failed === undefined ? revisions.length : revisions.indexOf(failed.entry);
    const before = await schemaBefore(context, rehearsal, live, revisions.slice(place));
    const there = scope(before, options);
    const adopted = await readAdopted(context, engine, there.schema.tables);
    const { schema: desired, tables } = withMissing(
      reached.schema,
      there.schema,
      adopted,
      engine.metadata.foldName,
    );
    if (tables.length === 0) {
      if (failed !== undefined)
        throw stillFails(failed, 'and the database has no table that no migration makes');
      output.line(output.style('cyan', 'The migrations make every table: nothing was there before them'));
      return { data: { ok: true, tables: [] } };
    }
    for (const { kind, name, reason } of there.unmanaged)
      output.warn(`the ${kind} ${name} is left out: ${reason}`);
    const { operations } = diff(reached.schema, desired, engine.changes.comparison, options);
    const metadata = meta.columns.filter(({ add }) => add === undefined);
    const write = (form: ReturnType<typeof formOf>) =>
      renderBaseline({ operations, before: reached.schema, tables }, engine.changes, metadata, form);
    await runText(stage.db, write('esm'));
    if (failed !== undefined) {
      const { error } = await stage.step('up', failed.entry.name, signal);
      if (error !== undefined) throw stillFails({ ...failed, error }, 'also behind a baseline');
    }
    const extension = extensionOf(args.x, settings.extension ?? own);
    const name = fileNameOf(String(args.name ?? 'baseline')) || 'baseline';
    const form = formOf(extension, resolve(knexfile ?? '.', '..'));
    const [directory = './migrations'] = [settings.directory ?? './migrations'].flat().slice(-1);
    const {
      directory: folder,
      file,
      relink,
    } = failed === undefined
      ? { directory, file: `${timestamp()}_${name}.${extension}`, relink: () => {} }
      : placeBefore(failed.entry, revisions[place - 1]?.name, name, extension);
    const parents =
      failed === undefined ? (await parentsOfNew(context)).slice(-1) : (failed.entry.revises ?? []);
    const path = writeNewFile(folder, file, withParents(write(form), form, parents));
    relink();
    for (const operation of operations)
      output.line(
        `${output.style('green', 'Detected')} ${describe(operation, engine.changes.defaultSchema)}`,
      );
    output.line(output.style('green', `Created Migration: ${path}`));
    output.line(
      'Read it, and commit it. `npx knex-meta migrate:latest` records it: where its tables are there it does nothing.',
    );
    return {
      data: {
        ok: true,
        path: resolve(path),
        file,
        revises: parents,
        tables: tables.map(({ schema, name: table }) => ({ schema, name: table })),
      },
    };
  } finally {
    await stage.end();
  }
}

export const migrateBaseline: Command = {
  command: 'migrate:baseline [name]',
  describe:
    'Write the migration that makes the tables from before the migrations in a database without them; this one is only read',
  flags: {
    x: EXTENSION_FLAG,
    shadow: { type: 'string', describe: 'a database on the server where throwaway ones are made' },
  },
  examples: [
    ['knex-meta migrate:baseline', 'with the database connected that has the tables'],
    ['knex-meta migrate:baseline tables_from_before', 'under another name'],
  ],
  run: baseline,
};
