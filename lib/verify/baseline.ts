import type { Adopted } from '../engines/adoption.js';
import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import type { KnownEntry } from '../migrator/history.js';
import type { Settings } from '../migrator/settings.js';
import { sameObject } from '../operations/operation.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { copySchema, type Live } from './copy.js';
import { said } from './diagnose.js';
import type { MigrationFinding } from './findings.js';
import type { Stage } from './stage.js';

/** What the migrations make in an empty database, up to the first one that fails there. */
export interface Reached {
  readonly schema: DatabaseSchema;
  /** Undefined where all went through. */
  readonly failed: { readonly entry: KnownEntry; readonly error: Error } | undefined;
}

export async function runUntilFailure(
  engine: Engine,
  stage: Stage,
  entries: readonly KnownEntry[],
  signal: AbortSignal,
): Promise<Reached> {
  for (const entry of entries) {
    const { error } = await stage.step('up', entry.name, signal);
    if (error !== undefined)
      return { schema: await engine.introspect(stage.plain), failed: { entry, error } };
  }
  return { schema: await engine.introspect(stage.plain), failed: undefined };
}

/** A live database as it was before some of the migrations that are applied to it. */
export interface Undone {
  readonly schema: DatabaseSchema;
  /** What of the live database could not be made again. */
  readonly notCopied: readonly MigrationFinding[];
}

/**
 * Undoes migrations on a copy of a live database's schema.
 *
 * @param names - the last one first
 * @throws KnexMetaError MIGRATION_FAILED where one has no way back
 */
export async function undoOnCopy(
  engine: Engine,
  stage: Stage,
  live: Live,
  names: readonly string[],
  settings: Settings,
  signal: AbortSignal,
): Promise<Undone> {
  const notCopied = await copySchema(engine, stage.db, live, settings);
  for (const name of names) {
    const { error } = await stage.step('down', name, signal);
    if (error === undefined) continue;
    throw new KnexMetaError(
      'MIGRATION_FAILED',
      `What was there before the migrations cannot be told: on a copy of the schema, the down of ${name} fails: ${said(error)}`,
      {
        remedy: 'Correct its down. Or connect a database that is as it was before. Nothing was written.',
        details: { migration: name, direction: 'down' },
        cause: error,
      },
    );
  }
  return { schema: await engine.introspect(stage.plain), notCopied };
}

/** A table without what an adoption put into it. */
function withoutAdopted(table: Table, { columns, trigger }: Adopted, fold: (name: string) => string): Table {
  const isAdopted = (name: string | undefined): boolean => name !== undefined && columns.has(fold(name));
  return {
    ...table,
    columns: table.columns.filter(({ name, isMetadata }) => !isMetadata || !isAdopted(name)),
    indexes: table.indexes.filter(({ keys }) => !keys.some(({ column }) => isAdopted(column))),
    triggers: table.triggers.filter(({ stamps }) => stamps === undefined || !(trigger || isAdopted(stamps))),
  };
}

/**
 * The schema that migrations reach with all that a live database has beside it. What both have stays as the migrations
 * make it: a baseline alters nothing.
 */
export function withMissing(
  reached: DatabaseSchema,
  live: DatabaseSchema,
  adopted: ReadonlyMap<Table, Adopted>,
  fold: (name: string) => string,
): { readonly schema: DatabaseSchema; readonly tables: readonly Table[] } {
  const isMissing = (have: readonly ObjectName[]) => (each: ObjectName) =>
    !have.some((other) => sameObject(each, other));
  const missing = <Of extends ObjectName>(have: readonly Of[], all: readonly Of[]): readonly Of[] => [
    ...have,
    ...all.filter(isMissing(have)),
  ];
  const named = <Of extends { readonly name: string }>(
    have: readonly Of[],
    all: readonly Of[],
  ): readonly Of[] => [...have, ...all.filter(({ name }) => !have.some((other) => other.name === name))];
  const isNew = isMissing(reached.tables);
  const tables = live.tables.filter(isNew).map((table) => {
    const put = adopted.get(table);
    return put === undefined ? table : withoutAdopted(table, put, fold);
  });
  return {
    tables,
    schema: {
      schemas: named(reached.schemas, live.schemas),
      extensions: named(reached.extensions, live.extensions),
      tables: [...reached.tables, ...tables],
      views: missing(reached.views, live.views),
      functions: [
        ...reached.functions,
        ...live.functions.filter(
          (each) =>
            !reached.functions.some((other) => sameObject(each, other) && each.identity === other.identity),
        ),
      ],
      enums: missing(reached.enums, live.enums),
      domains: missing(reached.domains, live.domains),
      // What is on a table of the migrations is theirs.
      sequences: missing(
        reached.sequences,
        live.sequences.filter(({ ownedBy }) => ownedBy === undefined || isNew(ownedBy.table)),
      ),
      others: [
        ...reached.others,
        ...live.others.filter(
          (each) =>
            (each.table === undefined || isNew({ schema: each.schema, name: each.table })) &&
            !reached.others.some((other) => sameObject(each, other) && each.table === other.table),
        ),
      ],
    },
  };
}
