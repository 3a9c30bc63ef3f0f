import type { DatabaseSchema, OtherObject } from '../schema/database.js';
import type { DatabaseObject, ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { DiffOptions, Unmanaged } from './options.js';

/** With the table that it is on. */
export function otherName({ schema, name, table }: OtherObject): string {
  return table === undefined || table === name ? nameOf({ schema, name }) : `${table}.${name}`;
}

/** The tables in which Knex and knex-meta keep what they know. */
const MIGRATOR_TABLES = /^(knex_migrations|.*_migrations)(_lock|_journal)?$/;

export function nameOf({ schema, name }: ObjectName): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** Knex's two tables by their columns, whatever they are called, and the journal beside them. */
function isMigrators({ name, columns }: Table, options: DiffOptions): boolean {
  if (options.ownTables?.includes(name)) return true;
  const has = columns.filter(({ isMetadata }) => !isMetadata).map((column) => column.name);
  const isLog = has.join() === 'id,name,batch,migration_time' || has.join() === 'index,is_locked';
  return isLog || (MIGRATOR_TABLES.test(name) && /_(lock|journal)$/.test(name));
}

/** Why a table of the database is nobody's to change; undefined when it is. */
export function leftAlone(table: Table): string | undefined {
  if (table.partitionOf !== undefined) return `it is a partition of ${nameOf(table.partitionOf.parent)}`;
  if (table.partitionedBy !== undefined) return 'it is partitioned';
  if (table.inherits.length > 0) return 'it inherits from another table';
  return undefined;
}

/** A schema without what is not the project's, and what was left out of it. */
export interface Scoped {
  readonly schema: DatabaseSchema;
  readonly unmanaged: readonly Unmanaged[];
}

/** The tables but for those that are the same in the other schema: what is in these nobody has to know. */
export function apartFrom({ tables }: DatabaseSchema, other: DatabaseSchema | undefined): readonly Table[] {
  const same = new Set(other?.tables);
  return tables.filter((table) => !same.has(table));
}

/**
 * Without objects of extensions, partitions, excluded ones and the migrator's own tables.
 *
 * @param other - what the schema is compared with, if anything
 */
export function scope(schema: DatabaseSchema, options: DiffOptions, other?: DatabaseSchema): Scoped {
  const { includes = () => true } = options;
  const unmanaged: Unmanaged[] = [];
  const migrators = apartFrom(schema, other).filter((table) => isMigrators(table, options));
  const ofMigrator = new Set(migrators);
  const tables = schema.tables.filter((table) => {
    if (ofMigrator.has(table) || !includes(table)) return false;
    if (table.extension === undefined) return true;
    const reason = `it belongs to the extension ${table.extension}`;
    unmanaged.push({ kind: 'table', name: nameOf(table), reason });
    return false;
  });
  const isMigratorsOwn = (owner: ObjectName | undefined) =>
    migrators.some((table) => table.name === owner?.name && table.schema === owner?.schema);
  const own = <Of extends DatabaseObject>(objects: readonly Of[]): readonly Of[] =>
    objects.filter((object) => object.extension === undefined && includes(object));
  const managed = new Set(tables.map(nameOf));
  const there = new Set(schema.tables.map(nameOf));
  const whole = new Set(
    schema.others.flatMap((each) =>
      each.drop !== undefined && each.table === undefined ? [nameOf(each)] : [],
    ),
  );
  const others = schema.others.filter((object) => {
    const { kind, extension, table } = object;
    const owner = table === undefined ? undefined : { schema: object.schema, name: table };
    if (extension !== undefined || isMigratorsOwn(owner) || !includes(owner ?? object)) return false;
    const of = owner === undefined ? undefined : nameOf(owner);
    // What keeps the data of something that is managed comes and goes with it.
    if (of !== undefined && whole.has(of)) return false;
    // What is on a table that is left alone is left with it.
    const isTold = object.drop !== undefined && (of === undefined || !there.has(of) || managed.has(of));
    if (!isTold) unmanaged.push({ kind, name: otherName(object), reason: 'knex-meta does not compare this' });
    return isTold;
  });
  return {
    schema: {
      ...schema,
      schemas: schema.schemas.filter(
        ({ name, extension }) => extension === undefined && includes({ schema: name, name }),
      ),
      extensions: schema.extensions.filter(({ name }) => includes({ schema: undefined, name })),
      tables,
      views: own(schema.views),
      functions: own(schema.functions).filter(({ isMetadata }) => !isMetadata),
      others,
      enums: own(schema.enums),
      domains: own(schema.domains),
      sequences: own(schema.sequences).filter(({ ownedBy }) => !isMigratorsOwn(ownedBy?.table)),
    },
    unmanaged,
  };
}

/** Without types that no model has and a table which is left alone is made of: they stay with it. */
export function withoutHeldTypes(
  before: DatabaseSchema,
  actual: DatabaseSchema,
  target: DatabaseSchema,
): DatabaseSchema {
  const kept = new Set(before.tables.filter((table) => leftAlone(table) === undefined).map(nameOf));
  const left = actual.tables.filter((table) => !kept.has(nameOf(table)));
  const held = new Set(
    left.flatMap(({ columns }) =>
      columns.flatMap(({ userType }) => (userType === undefined ? [] : nameOf(userType))),
    ),
  );
  const wanted = new Set(target.enums.map(nameOf));
  return {
    ...before,
    enums: before.enums.filter((type) => wanted.has(nameOf(type)) || !held.has(nameOf(type))),
  };
}
