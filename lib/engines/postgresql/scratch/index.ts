import type { Knex } from 'knex';
import { KnexMetaError } from '../../../errors.js';
import type { DatabaseSchema } from '../../../schema/database.js';
import type { Table } from '../../../schema/table.js';
import { both } from '../../both.js';
import { withoutStatement } from '../../scratch.js';
import type { BothRequest, BothSchemas, ObjectKind } from '../../scratchObject.js';
import { quoteName, READS_CATALOG, withoutBindings } from '../identifiers.js';
import { introspect } from '../introspect/index.js';
import { type Compiled, compileAll } from './compile.js';
import { type Group, groupsOf, merged } from './groups.js';
import { LOCK_TIMEOUT } from './guard.js';
import { type ScratchNames, scratchNames } from './names.js';
import { type Plan, planBuild } from './plan.js';
import type { ScratchRequest } from './request.js';
import { asDeclared } from './result.js';
import { runSteps } from './run.js';
import type { Stub } from './stubs.js';
import { readSurroundings, type Surroundings } from './surroundings.js';
import { unchangedTables } from './unchanged/index.js';
import { writtenTexts } from './written.js';

export const OBJECT_KINDS: readonly ObjectKind[] = [
  'table',
  'enum',
  'view',
  'materialized view',
  'function',
  'procedure',
  'aggregate',
  'trigger',
  'extension',
  'sql',
];

/** No privilege; a session or a server that only reads. */
const REFUSALS = ['42501', '25006'];

function refused(error: unknown, sql: string): unknown {
  if (!REFUSALS.includes(String((error as { readonly code?: unknown }).code))) return error;
  return new KnexMetaError(
    'SCRATCH_REFUSED',
    `The models could not be built in this database: ${withoutStatement((error as Error).message, sql)}`,
    {
      remedy:
        'To compare, they are built in a schema that is rolled back at once. Grant the role CREATE on the database, or name another database where it may: `--shadow <url>`, or `meta.shadow` in the knexfile. Nothing was changed.',
      cause: error,
    },
  );
}

/** Makes schemas, in one go with what is to be said before. */
async function createSchemas(trx: Knex.Transaction, schemas: readonly string[], before = ''): Promise<void> {
  const sql = before + schemas.map((schema) => `create schema ${quoteName(schema)}`).join('; ');
  try {
    await trx.raw(withoutBindings(sql));
  } catch (error) {
    throw refused(error, sql);
  }
}

async function prepare(trx: Knex.Transaction, names: ScratchNames, path: readonly string[]): Promise<void> {
  const search = [...path.map((real) => names.scratchOf(real)), ...path].map(quoteName).join(', ');
  // A function's body may name what comes later. What the hook would say of a table, the migration says.
  await createSchemas(
    trx,
    [names.probe],
    `set local search_path to ${search}; set local check_function_bodies to off;
      set local client_min_messages to error; ${LOCK_TIMEOUT}; ${READS_CATALOG};`,
  );
}

async function runGroup(
  trx: Knex.Transaction,
  { pieces, isBare }: Group,
  { steps }: Plan,
  names: ScratchNames,
  home: string,
): Promise<DatabaseSchema> {
  const schemas = names.used().map((real) => names.scratchOf(real));
  await createSchemas(trx, schemas);
  await runSteps({ trx, names, first: names.scratchOf(home) }, steps);
  const built = await introspect(trx, schemas);
  const bare = new Set(
    pieces
      .filter(isBare)
      .map(({ object }) => JSON.stringify([names.scratchOf(object.schema ?? home), object.name])),
  );
  if (bare.size === 0) return built;
  const isOwn = ({ schema, name }: Table): boolean => !bare.has(JSON.stringify([schema, name]));
  return { ...built, tables: built.tables.filter(isOwn) };
}

async function build(
  trx: Knex.Transaction,
  pieces: readonly Compiled[],
  request: ScratchRequest,
  names: ScratchNames,
  { path, home }: Surroundings,
): Promise<DatabaseSchema> {
  await prepare(trx, names, path.includes(home) ? path : [home, ...path]);
  const unchanged = await unchangedTables(trx, pieces, request, names, { path, home });
  const rest = pieces.filter(({ object }) => !unchanged.has(object));
  const groups = groupsOf(rest);
  const built: DatabaseSchema[] = [];
  const stubs: Stub[] = [];
  for (const group of groups) {
    if (groups.length > 1) await trx.raw('savepoint knex_meta_group');
    const plan = planBuild(group.pieces, request, names, home);
    stubs.push(...plan.stubs);
    built.push(await runGroup(trx, group, plan, names, home));
    if (groups.length > 1) await trx.raw('rollback to savepoint knex_meta_group');
  }
  return asDeclared(merged(built), request, { stubs, unchanged: [...unchanged.values()] }, names);
}

/** The schema that a run creates before its first migration: no migration has to create it. */
function withHome(actual: DatabaseSchema, desired: DatabaseSchema, home: string): DatabaseSchema {
  const missing = desired.schemas.filter(({ name }) => name === home);
  if (missing.length === 0 || actual.schemas.some(({ name }) => name === home)) return actual;
  return { ...actual, schemas: [...actual.schemas, ...missing] };
}

/**
 * See `Engine.readBoth`: the objects are built in schemas of a transaction that is rolled back, also by the server when
 * this process dies. No table of the database is touched: one that a model refers to is made again, empty, beside it.
 */
export async function readBoth(
  db: Knex,
  { objects: coming, actual: known, shadow }: BothRequest,
): Promise<BothSchemas> {
  const around = await readSurroundings(db);
  const names = scratchNames(around.needsQuotes);
  const [actual, pieces] = await both(
    known === undefined ? introspect(db) : Promise.resolve(known),
    coming.then((objects) => compileAll(db, objects, names, around)),
  );
  await around.ask([
    ...actual.schemas.map(({ name }) => name),
    ...actual.extensions.map(({ schema }) => schema),
  ]);
  const objects = pieces.map(({ object }) => object);
  const trx = await (shadow ?? db).transaction();
  try {
    const desired = await build(trx, pieces, { objects, actual, shadow }, names, around);
    const written = writtenTexts(pieces, desired, around.home, names.toReal);
    return { actual: withHome(actual, desired, around.home), desired, home: around.home, written };
  } finally {
    await trx.rollback();
  }
}
