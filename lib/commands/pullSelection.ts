import { closest } from 'fastest-levenshtein';
import { asCreated } from '../diff/index.js';
import { nameOf } from '../diff/scope.js';
import type { Engine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { matcher } from '../metadata/resolve.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Dependency, ObjectName } from '../schema/names.js';
import { type Arguments, textsOf } from './command.js';

/** Which tables, views and schemas the command line names. */
interface Wanted {
  readonly names: readonly string[];
  readonly schemas: readonly string[];
  readonly isSome: boolean;
}

export function wantedFrom(args: Arguments): Wanted {
  const names = [...textsOf(args.names), ...textsOf(args.table)];
  const schemas = textsOf(args.schema);
  return { names, schemas, isSome: names.length > 0 || schemas.length > 0 };
}

interface Around {
  readonly home: string | undefined;
  readonly engine: Engine;
  /** Metadata columns that get an index with their table. */
  readonly indexed: readonly string[];
}

function unknown(what: string, name: string, known: readonly string[]): KnexMetaError {
  const hint = known.length === 0 ? '' : ` Did you mean ${closest(name, [...known])}?`;
  return new KnexMetaError('USAGE', `There is no ${what} ${name} in the database.`, {
    remedy: `Nothing was written.${hint}`,
    details: { name },
  });
}

const keyOf = (kind: string, { schema, name }: ObjectName, identity?: string): string =>
  JSON.stringify([kind, schema ?? null, name, identity ?? null]);

/** What these need, and what that needs: types, sequences, functions; not other tables. */
function neededBy(all: DatabaseSchema, starts: readonly { readonly dependsOn: readonly Dependency[] }[]) {
  const needed = new Set<string>();
  const functions = new Map(all.functions.map((each) => [keyOf('function', each, each.identity), each]));
  const reach = (dependencies: readonly Dependency[]): void => {
    for (const each of dependencies) {
      const key = keyOf(each.kind, each, each.identity);
      if (needed.has(key)) continue;
      needed.add(key);
      reach(functions.get(key)?.dependsOn ?? []);
    }
  };
  for (const { dependsOn } of starts) reach(dependsOn);
  return (kind: string, object: ObjectName, identity?: string) => needed.has(keyOf(kind, object, identity));
}

/** The part of a schema that models are to be written of; of chosen tables, with what they need. */
export function select(
  all: DatabaseSchema,
  { names, schemas, isSome }: Wanted,
  { home, engine, indexed }: Around,
): DatabaseSchema {
  const { ownExtensions } = engine.changes.comparison;
  const schema: DatabaseSchema = {
    ...all,
    tables: all.tables.map((table) => asCreated(table, { indexedMetadata: indexed })),
    extensions: all.extensions.filter(({ name }) => !ownExtensions.includes(name)),
  };
  if (!isSome) return schema;
  for (const name of schemas)
    if (!all.schemas.some((each) => each.name === name))
      throw unknown(
        'schema',
        name,
        all.schemas.map((each) => each.name),
      );
  const said = (object: ObjectName) => (object.schema === home ? object.name : nameOf(object));
  const relations = [...schema.tables, ...schema.views];
  const patterns = names.map((name) => ({ name, matches: matcher(name) }));
  const isMatch = ({ name, matches }: (typeof patterns)[number], object: ObjectName) =>
    matches(said(object)) || (name.includes('.') && matches(nameOf(object)));
  for (const pattern of patterns)
    if (!relations.some((each) => isMatch(pattern, each)))
      throw unknown('table or view', pattern.name, relations.map(said));
  const isWanted = (object: ObjectName): boolean =>
    (schemas.length === 0 || schemas.includes(object.schema ?? '')) &&
    (patterns.length === 0 || patterns.some((pattern) => isMatch(pattern, object)));
  const tables = schema.tables.filter(isWanted);
  const views = schema.views.filter(isWanted);
  const called = tables.flatMap(({ triggers }) =>
    triggers.flatMap(({ calls, stamps }) => (stamps === undefined ? (calls ?? []) : [])),
  );
  const functions = schema.functions.filter((each) =>
    called.some(({ schema: of, name }) => of === each.schema && name === each.name),
  );
  const isNeeded = neededBy(schema, [...tables, ...views, ...functions]);
  const isWhole = names.length === 0;
  const keep = (kind: string, object: ObjectName, identity?: string) =>
    (isWhole && isWanted(object)) || isNeeded(kind, object, identity);
  return {
    ...schema,
    tables,
    views,
    functions: schema.functions.filter(
      (each) => functions.includes(each) || keep('function', each, each.identity),
    ),
    others: schema.others.filter((each) =>
      each.table === undefined
        ? keep('type', each)
        : [...tables, ...views].some(({ schema: of, name }) => of === each.schema && name === each.table),
    ),
    enums: schema.enums.filter((each) => keep('type', each)),
    domains: schema.domains.filter((each) => keep('type', each)),
    sequences: schema.sequences.filter((each) => keep('sequence', each)),
    extensions: isWhole ? schema.extensions.filter(({ schema: of }) => schemas.includes(of)) : [],
  };
}
