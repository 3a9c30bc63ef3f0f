import type { Knex } from 'knex';
import type { DatabaseSchema } from '../../../schema/database.js';
import { groupBy } from '../../groupBy.js';
import {
  type ColumnList,
  fold,
  type MasterRow,
  readColumns,
  readMaster,
  readTables,
  type TableRow,
} from './read.js';
import { tableLater, tableOf } from './tables.js';
import { type KnownRelations, otherOf, viewOf } from './views.js';

/** The indexes and triggers by what they are on. */
function byOwner(rows: readonly MasterRow[]): ReadonlyMap<string, readonly MasterRow[]> {
  return groupBy(
    rows.filter(({ type }) => type === 'index' || type === 'trigger'),
    ({ on }) => on,
  );
}

/** What the engine says of its main database, read in one go. */
export interface Catalog {
  readonly master: readonly MasterRow[];
  readonly kinds: ReadonlyMap<string, TableRow>;
  readonly columns: ReadonlyMap<string, ColumnList>;
}

async function read(db: Knex): Promise<Catalog> {
  return { master: await readMaster(db), kinds: await readTables(db), columns: await readColumns(db) };
}

/** In one transaction and three queries, whatever the number of tables. */
export function readCatalog(db: Knex): Promise<Catalog> {
  // The caller's own transaction sees what it has made.
  return db.isTransaction ? read(db) : db.transaction(read);
}

/**
 * The schema that a catalog describes.
 *
 * @param unchanged - names in lower case of tables that are known to be understood: each is taken apart when somebody
 *   asks for what is in it
 */
export function schemaOf(
  { master, kinds, columns }: Catalog,
  unchanged: ReadonlySet<string> = new Set(),
): DatabaseSchema {
  const on = byOwner(master);
  const onOf = ({ name }: MasterRow) => on.get(fold(name)) ?? [];
  const views = master.filter(({ type }) => type === 'view');
  const kindOf = ({ name }: MasterRow) => kinds.get(fold(name));
  const stored = master.filter(({ type }) => type === 'table');
  const virtual = stored.filter((row) => kindOf(row)?.kind === 'virtual').map(({ name }) => name);
  const tables = stored.flatMap((row) => {
    const kind = kindOf(row);
    if (kind?.kind !== 'table') return [];
    const name = fold(row.name);
    const parts = { row, kind, columns: columns.get(name), on: onOf(row) };
    return (unchanged.has(name) ? tableLater(parts) : tableOf(parts)) ?? [];
  });
  const described = new Set(tables.map(({ name }) => name));
  const known: KnownRelations = new Map(
    [...stored, ...views].map(({ name, type }) => [fold(name), { name, kind: type as 'table' | 'view' }]),
  );
  return {
    schemas: [],
    tables,
    views: views.map((row) => viewOf(row, onOf(row), known)),
    functions: [],
    extensions: [],
    enums: [],
    domains: [],
    sequences: [],
    others: stored
      .filter(({ name }) => !described.has(name))
      .map((row) => otherOf(row, kindOf(row), virtual)),
  };
}

/** See `Engine.introspect`. */
export async function introspect(db: Knex): Promise<DatabaseSchema> {
  return schemaOf(await readCatalog(db));
}
