import type { DatabaseFunction, DatabaseSchema, Extension } from '../../../schema/database.js';
import type { Table } from '../../../schema/table.js';
import type { ScratchNames } from './names.js';
import { inServersOrder } from './order.js';
import type { ScratchRequest } from './request.js';
import type { Stub } from './stubs.js';

interface Named {
  readonly schema: string | undefined;
  readonly name: string;
  readonly identity?: string;
  readonly extension: string | undefined;
}

/** The extensions that the models ask for: where and which they are is the database's matter unless they say it. */
function extensionsOf(
  built: DatabaseSchema,
  { objects, actual }: ScratchRequest,
  names: ScratchNames,
): readonly Extension[] {
  return objects.flatMap(({ kind, name, schema, version }) => {
    if (kind !== 'extension') return [];
    const found =
      actual.extensions.find((each) => each.name === name) ??
      names.toReal(built.extensions.find((each) => each.name === name));
    if (found === undefined) return [];
    return { ...found, schema: schema ?? found.schema, version: version ?? found.version };
  });
}

/** What is not as it was built. */
interface Exceptions {
  /** What only stood for the database's own. */
  readonly stubs: readonly Stub[];
  /** Tables that were not built: the database's are what is asked for. */
  readonly unchanged: readonly Table[];
}

/** The functions of the update triggers of tables that were not built. */
function functionsOf(tables: readonly Table[], { functions }: DatabaseSchema): readonly DatabaseFunction[] {
  const called = new Set(tables.flatMap(({ triggers }) => triggers.map(({ calls }) => keyOf(calls))));
  return functions.filter(
    (each) => each.isMetadata && called.has(keyOf({ schema: each.schema, name: each.name })),
  );
}

const keyOf = (name: Omit<Named, 'extension'> | undefined): string =>
  JSON.stringify([name?.schema, name?.name, name?.identity ?? null]);

/** What was built, under the names that it is meant to have, without what only stood for the database's own. */
export function asDeclared(
  built: DatabaseSchema,
  request: ScratchRequest,
  { stubs, unchanged }: Exceptions,
  names: ScratchNames,
): DatabaseSchema {
  const { actual } = request;
  const stood = new Set(stubs.map(keyOf));
  const kept = <T extends Named>(objects: readonly T[]): readonly T[] =>
    objects
      .filter(({ extension }) => extension === undefined)
      .map((object) => names.toReal(object))
      .filter((object) => !stood.has(keyOf(object)));
  const known = new Map(actual.schemas.map((schema) => [schema.name, schema]));
  const tables = [...kept(built.tables), ...unchanged];
  const views = kept(built.views);
  const made = kept(built.functions);
  const own = new Set(made.map(keyOf));
  const functions = [...made, ...functionsOf(unchanged, actual).filter((each) => !own.has(keyOf(each)))];
  const enums = kept(built.enums);
  const domains = kept(built.domains);
  const sequences = kept(built.sequences);
  const declared = new Set(
    [...tables, ...views, ...functions, ...enums, ...domains, ...sequences].map(({ schema }) => schema),
  );
  return inServersOrder({
    schemas: [...declared].flatMap((name = '') => {
      const schema = built.schemas.find((each) => names.toReal(each.name) === name);
      return known.get(name) ?? (schema === undefined ? [] : names.toReal(schema));
    }),
    tables,
    views,
    functions,
    extensions: extensionsOf(built, request, names),
    enums,
    domains,
    sequences,
    // Of the whole database, not of the models: publications, foreign servers.
    others: [
      ...actual.others.filter(({ schema }) => schema === undefined),
      ...kept(built.others).filter(({ schema }) => schema !== undefined),
    ],
  });
}
