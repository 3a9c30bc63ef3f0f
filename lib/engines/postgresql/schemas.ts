import type { Knex } from 'knex';
import { namedSchemas } from '../../config/searchPath.js';
import { KnexMetaError } from '../../errors.js';
import type { RecordTables } from '../migrations.js';
import { checkName, quoteName, quoteText, withoutBindings } from './identifiers.js';
import { readRows } from './introspect/rows.js';

interface Found {
  /** Where an object is created whose name has no schema; undefined: no schema of the path exists. */
  readonly home?: string;
  /** The schema in which the path finds a record. */
  readonly record_on_path?: string;
  readonly has_record_schema: boolean;
  readonly role: string;
}

const searchPathOf = (db: Knex): unknown =>
  (db.client as { config: { readonly searchPath?: unknown } }).config.searchPath;

async function look(db: Knex, { tableName, schemaName }: RecordTables): Promise<Found> {
  const [found] = await readRows<Found>(
    db,
    `select pg_catalog.current_schema() as home, current_user as role,
      (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.oid = pg_catalog.to_regclass(${quoteText(quoteName(tableName))})::pg_catalog.oid) as record_on_path,
      exists (select from pg_catalog.pg_namespace where nspname = ${quoteText(schemaName ?? '')}) as has_record_schema`,
  );
  return found as Found;
}

async function create(db: Knex, schema: string, role: string): Promise<void> {
  try {
    await db.raw(withoutBindings(`create schema if not exists ${quoteName(schema)}`));
  } catch (error) {
    const { code } = error as { readonly code?: string };
    // Another run has created it at this moment.
    if (code === '23505' || code === '42P06') return;
    if (code !== '42501') throw error;
    throw new KnexMetaError(
      'CONFIG_INVALID',
      `The schema ${schema} does not exist, and the role ${role} may not create it.`,
      {
        remedy: `Create it as the owner of the database: create schema ${quoteName(schema)} authorization ${quoteName(role)}. Or correct \`searchPath\` or \`migrations.schemaName\` in the knexfile. Nothing was changed.`,
        details: { schema, role },
        cause: error,
      },
    );
  }
}

function nothingOnPath(searchPath: unknown): KnexMetaError {
  const isList = typeof searchPath === 'string' && searchPath.includes(',');
  const names = isList ? searchPath.split(',').map((name) => `'${name.trim().replaceAll('"', '')}'`) : [];
  const said = searchPath === undefined ? '' : ` (\`searchPath: ${JSON.stringify(searchPath)}\`)`;
  return new KnexMetaError('CONFIG_INVALID', `No schema of the search path exists${said}.`, {
    remedy: isList
      ? `Knex takes the text for the name of one schema. Write a list: \`searchPath: [${names.join(', ')}]\`. Nothing was changed.`
      : "Name a schema that exists, or that knex-meta may create: `searchPath: ['app']`. Nothing was changed.",
    details: { searchPath: searchPath ?? null },
  });
}

/**
 * See `Engine.prepareSchemas`. PostgreSQL skips the schemas of a path that do not exist, so one that is missing is created
 * only where the whole path would be empty.
 */
export async function prepareSchemas(db: Knex, tables: RecordTables): Promise<string | undefined> {
  const { tableName, schemaName } = tables;
  // Cut by the server, they could be one name.
  checkName(tableName);
  checkName(tables.lockTable);
  const { home, role, record_on_path: onPath, has_record_schema: hasRecordSchema } = await look(db, tables);
  const searchPath = searchPathOf(db);
  if (schemaName !== undefined && !hasRecordSchema) {
    if (onPath !== undefined) {
      throw new KnexMetaError(
        'CONFIG_INVALID',
        `\`migrations.schemaName\` is ${schemaName}, which does not exist, and the search path has a record of migrations: ${onPath}.${tableName}.`,
        {
          remedy: `If that is this project's record, leave schemaName out. If this is another project, create its schema first: create schema ${quoteName(schemaName)}. Nothing was changed.`,
          details: { schema: schemaName, record: `${onPath}.${tableName}` },
        },
      );
    }
    await create(db, schemaName, role);
  }
  if (home === undefined) {
    const [first] = namedSchemas(searchPath);
    if (first !== undefined) await create(db, first, role);
    // With `schemaName` the migrations may name the schemas of all their tables.
    else if (schemaName === undefined) throw nothingOnPath(searchPath);
  }
  if (schemaName !== undefined || onPath === undefined || onPath === home) return undefined;
  return `the search path has a record of migrations in the schema ${onPath}; this run's record is in ${home}, where Knex looks first`;
}

/** See `Engine.searchPath`. */
export async function searchPath(db: Knex): Promise<readonly string[]> {
  const [row] = await readRows<{ readonly path: readonly string[] }>(
    db,
    'select pg_catalog.current_schemas(false) as path',
  );
  return row?.path ?? [];
}
