import type { Knex } from 'knex';
import { KnexMetaError } from '../../../errors.js';
import type { ClientInternals } from '../../../metadata/knexInternals.js';
import type { ObjectKind, Scratch, ScratchRequest } from '../../contract.js';
import { quoteName, withoutBindings } from '../identifiers.js';
import { introspect } from '../introspect/index.js';
import { type ScratchNames, scratchNames } from './names.js';
import { planBuild } from './plan.js';
import { asDeclared } from './result.js';
import { runSteps } from './run.js';
import { readSurroundings } from './surroundings.js';

export const OBJECT_KINDS: readonly ObjectKind[] = [
  'table',
  'enum',
  'view',
  'materialized view',
  'function',
  'procedure',
  'trigger',
  'extension',
  'sql',
];

/** No privilege; a session or a server that only reads. */
const REFUSALS = ['42501', '25006'];

function refused(error: unknown): unknown {
  if (!REFUSALS.includes(String((error as { readonly code?: unknown }).code))) return error;
  return new KnexMetaError(
    'SCRATCH_REFUSED',
    `The models could not be built in this database: ${(error as Error).message}`,
    {
      remedy:
        'To compare, they are built in a schema that is rolled back at once. Grant the role CREATE on the database, or name another database where it may: `--shadow <url>`.',
      cause: error,
    },
  );
}

/** The project's own change of identifiers leaves the scratch schemas' names alone. */
function keepNames(trx: Knex.Transaction, { isScratch }: ScratchNames): void {
  const client = trx.client as ClientInternals;
  const wrap = client.customWrapIdentifier.bind(client);
  client.customWrapIdentifier = (value, own, context) =>
    isScratch(value) ? own(value) : wrap(value, own, context);
}

async function prepare(trx: Knex.Transaction, names: ScratchNames, path: readonly string[]): Promise<void> {
  const schemas = names.used().map((real) => names.scratchOf(real));
  const search = [...path.map((real) => names.scratchOf(real)), ...path].map(quoteName).join(', ');
  try {
    for (const schema of schemas) await trx.raw(`create schema ${quoteName(schema)}`);
  } catch (error) {
    throw refused(error);
  }
  // A function's body may name what comes later. What the hook would say of a table, the migration says.
  await trx.raw(
    withoutBindings(`set local search_path to ${search};
      set local check_function_bodies to off; set local client_min_messages to error`),
  );
}

/**
 * See `Engine.buildScratch`: in schemas of a transaction that is rolled back, also by the server when this process dies.
 * No table of the database is touched: one that a model refers to is made again, empty, beside it.
 */
export async function buildScratch(db: Knex, request: ScratchRequest): Promise<Scratch> {
  const { objects, actual, shadow } = request;
  const { path, home, quoted } = await readSurroundings(db, [
    ...new Set([...objects, ...actual.extensions].flatMap(({ schema }) => schema ?? [])),
    ...actual.schemas.map(({ name }) => name),
  ]);
  const names = scratchNames((name) => quoted.has(name));
  const trx = await (shadow ?? db).transaction();
  try {
    keepNames(trx, names);
    names.scratchOf(home);
    const { steps, stubs } = planBuild(trx, request, names, home);
    await prepare(trx, names, path.includes(home) ? path : [home, ...path]);
    await runSteps(trx, steps, names.toReal);
    // The server has no statistics of what a transaction has just made: it would go through all of it for each.
    await trx.raw('set local enable_nestloop to off; set local jit to off');
    const built = await introspect(
      trx,
      names.used().map((real) => names.scratchOf(real)),
    );
    return { schema: asDeclared(built, request, stubs, names), home };
  } finally {
    await trx.rollback();
  }
}
