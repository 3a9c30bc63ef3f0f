import { engineOf } from '../cli/project.js';
import { isKnexMetaError } from '../errors.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { isAdoptionError } from '../migrator/capture.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import { said } from '../verify/diagnose.js';
import type { Context } from './command.js';
import { rehearsalOf } from './rehearsal.js';

/** What the applied migrations make of an empty database, without the tables of the record. */
export interface Trial extends Pick<DatabaseSchema, 'tables'> {
  /** Those that do not run in one. */
  readonly failed: ReadonlyMap<KnownEntry, Error>;
}

const SILENT = { warn: () => {}, error: () => {}, debug: () => {}, deprecate: () => {} };

/** A search path may be a setting of the database: in another one the same names are in another schema. */
function atHome(
  tables: readonly Table[],
  from: string | undefined,
  to: string | undefined,
): readonly Table[] {
  if (from === to) return tables;
  const moved = <Of extends ObjectName>(object: Of): Of =>
    object.schema === from ? { ...object, schema: to } : object;
  return tables.map((table) => ({
    ...moved(table),
    foreignKeys: table.foreignKeys.map((key) => ({ ...key, target: moved(key.target) })),
  }));
}

/** A name, and the text of a migration that may name it, without what a mapper of names changes. */
export const plainText = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/**
 * Runs the applied migrations in a throwaway database. In its place the reason why none could be made.
 *
 * @param home - the schema of what names none
 * @param more - settings in place of those of the project
 */
export async function runApplied(
  context: Context,
  entries: readonly KnownEntry[],
  home: string | undefined,
  more: Partial<KnexMetaConfig> = {},
): Promise<Trial | string> {
  const { config } = await context.project();
  const engine = engineOf(config);
  const own = ownTables(recordTables(config.migrations ?? {}));
  try {
    // What the hook says of these tables it says elsewhere.
    const { open } = await rehearsalOf(context, { log: SILENT, ...more });
    const signal = context.signal();
    const stage = await open();
    const failed = new Map<KnownEntry, Error>();
    try {
      for (const entry of entries) {
        const { error } = await stage.step('up', entry.name, signal);
        if (error !== undefined) failed.set(entry, error);
      }
      const there = await engine.homeSchema(stage.plain);
      const { tables } = await engine.introspect(stage.plain);
      return { tables: atHome(tables, there, home).filter(({ name }) => !own.includes(name)), failed };
    } finally {
      await stage.end();
    }
  } catch (error) {
    if (isKnexMetaError(error) && error.code === 'INTERRUPTED') throw error;
    return said(error as Error);
  }
}

/** Without tables that a migration names which did not run: nobody knows what it does to them. */
export async function toldTables({ tables, failed }: Trial): Promise<readonly Table[]> {
  // An adoption only adds.
  const others = [...failed].filter(([, error]) => ![error, error.cause].some(isAdoptionError));
  const texts = await Promise.all(others.map(async ([entry]) => plainText((await entry.text()) ?? '')));
  return tables.filter(({ name }) => !texts.some((text) => text.includes(plainText(name))));
}
