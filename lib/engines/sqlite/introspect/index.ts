import type { Knex } from 'knex';
import type { DatabaseSchema } from '../../../schema/database.js';
import { fold, type MasterRow, readColumns, readMaster, readTables } from './read.js';
import { tableOf } from './tables.js';
import { type KnownRelations, otherOf, viewOf } from './views.js';

/** The indexes and triggers by what they are on. */
function byOwner(rows: readonly MasterRow[]): ReadonlyMap<string, readonly MasterRow[]> {
  const owners = new Map<string, MasterRow[]>();
  for (const row of rows) {
    if (row.type !== 'index' && row.type !== 'trigger') continue;
    const found = owners.get(row.on) ?? [];
    owners.set(row.on, found);
    found.push(row);
  }
  return owners;
}

async function read(db: Knex): Promise<DatabaseSchema> {
  const master = await readMaster(db);
  const kinds = await readTables(db);
  const columns = await readColumns(db);
  const on = byOwner(master);
  const of = <Row>(rows: ReadonlyMap<string, readonly Row[]>, name: string) => rows.get(fold(name)) ?? [];
  const views = master.filter(({ type }) => type === 'view');
  const kindOf = ({ name }: MasterRow) => kinds.get(fold(name));
  const stored = master.filter(({ type }) => type === 'table');
  const virtual = stored.filter((row) => kindOf(row)?.kind === 'virtual').map(({ name }) => name);
  const tables = stored.flatMap((row) => {
    const kind = kindOf(row);
    if (kind?.kind !== 'table') return [];
    return tableOf(row, kind, of(columns, row.name), of(on, row.name)) ?? [];
  });
  const described = new Set(tables.map(({ name }) => name));
  const known: KnownRelations = new Map(
    [...stored, ...views].map(({ name, type }) => [fold(name), { name, kind: type as 'table' | 'view' }]),
  );
  return {
    schemas: [],
    tables,
    views: views.map((row) => viewOf(row, of(on, row.name), known)),
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

/** See `Engine.introspect`: the main database in one transaction and three queries, whatever the number of tables. */
export function introspect(db: Knex): Promise<DatabaseSchema> {
  // The caller's own transaction sees what it has made.
  return db.isTransaction ? read(db) : db.transaction(read);
}
