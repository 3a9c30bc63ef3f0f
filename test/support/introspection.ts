import type { Knex } from 'knex';
import knex from 'knex';
import { engineForClient } from '../../lib/engines/registry.js';
import type { Column } from '../../lib/schema/column.js';
import type { Check, ForeignKey, KeyConstraint } from '../../lib/schema/constraints.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import type { Table } from '../../lib/schema/table.js';
import type { Index, KeyPart } from '../../lib/schema/tableIndex.js';
import type { Database } from './databases.js';

/** What the engine of this connection reads of its database. */
export function introspect(db: Knex, schemas?: readonly string[]): Promise<DatabaseSchema> {
  const engine = engineForClient(db.client.config.client);
  if (engine === undefined) throw new Error('no engine');
  return engine.introspect(db, schemas);
}

/** Of a database that was read, what a model can declare: its casts and its time zone are facts of the server. */
export function declarable({ casts: _casts, timeZone: _zone, ...schema }: DatabaseSchema): DatabaseSchema {
  return schema;
}

/** Runs statements in a fresh database and reads it back. */
export async function readBack(database: Database, statements: string): Promise<DatabaseSchema> {
  const db = knex(database.config);
  try {
    const isOneByOne = /sqlite/.test(String(database.config.client));
    const parts = isOneByOne ? statements.split(';\n') : [statements.replaceAll('?', '\\?')];
    for (const sql of parts.filter((part) => part.trim() !== '')) await db.raw(sql);
    return await introspect(db);
  } finally {
    await db.destroy();
  }
}

export function tableNamed(schema: DatabaseSchema, name: string, inSchema?: string): Table {
  const table = schema.tables.find(
    (each) => each.name === name && (inSchema === undefined || each.schema === inSchema),
  );
  if (table === undefined)
    throw new Error(`no table ${name} among ${schema.tables.map((each) => each.name)}`);
  return table;
}

export const column = (name: string, type: string, more: Partial<Column> = {}): Column => ({
  name,
  type,
  userType: undefined,
  nullable: true,
  notNullConflict: undefined,
  defaultTo: undefined,
  numbering: undefined,
  generated: undefined,
  collation: undefined,
  comment: undefined,
  isMetadata: false,
  isInherited: false,
  ...more,
});

export const key = (
  name: string | undefined,
  columns: readonly string[],
  more: Partial<KeyConstraint> = {},
): KeyConstraint => ({
  name,
  comment: undefined,
  columns,
  parts: undefined,
  include: [],
  deferral: 'not deferrable',
  nullsNotDistinct: false,
  withoutOverlaps: false,
  options: [],
  conflict: undefined,
  ...more,
});

export const foreignKey = (
  name: string | undefined,
  columns: readonly string[],
  target: ForeignKey['target'],
  more: Partial<ForeignKey> = {},
): ForeignKey => ({
  name,
  comment: undefined,
  columns,
  target,
  targetColumns: ['id'],
  onUpdate: 'no action',
  onDelete: 'no action',
  onDeleteColumns: [],
  match: 'simple',
  deferral: 'not deferrable',
  isValid: true,
  isEnforced: true,
  withPeriod: false,
  ...more,
});

export const check = (name: string | undefined, expression: string, more: Partial<Check> = {}): Check => ({
  name,
  comment: undefined,
  expression,
  isValid: true,
  isEnforced: true,
  isInheritable: true,
  isInherited: false,
  ...more,
});

export const part = (of: Partial<KeyPart>): KeyPart => ({
  column: undefined,
  expression: undefined,
  opclass: undefined,
  opclassOptions: [],
  collation: undefined,
  descending: false,
  nulls: 'last',
  ...of,
});

export const index = (name: string, keys: readonly KeyPart[], more: Partial<Index> = {}): Index => ({
  name,
  comment: undefined,
  method: 'btree',
  unique: false,
  keys,
  include: [],
  predicate: undefined,
  nullsNotDistinct: false,
  options: [],
  isValid: true,
  ...more,
});
