import type { DatabaseSchema } from '../../../schema/database.js';
import type { Dependency, ObjectName } from '../../../schema/names.js';

/** The order of the server for names: by bytes, as for those of a schema. */
function before(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  return (a ?? '') < (b ?? '') ? -1 : 1;
}

const byName = (a: ObjectName, b: ObjectName): number => before(a.schema, b.schema) || before(a.name, b.name);

const byKind = (a: Dependency, b: Dependency): number =>
  before(a.kind, b.kind) || byName(a, b) || before(a.identity, b.identity);

function withSortedDependencies<T extends { readonly dependsOn: readonly Dependency[] }>(object: T): T {
  if (object.dependsOn.length < 2) return object;
  return { ...object, dependsOn: [...object.dependsOn].sort(byKind) };
}

/** A schema in the order that reading it would have given it, after its names have changed. */
export function inServersOrder(schema: DatabaseSchema): DatabaseSchema {
  const sorted = <T extends ObjectName>(objects: readonly T[]): readonly T[] => [...objects].sort(byName);
  return {
    ...schema,
    schemas: [...schema.schemas].sort((a, b) => before(a.name, b.name)),
    tables: sorted(schema.tables).map(withSortedDependencies),
    views: sorted(schema.views).map(withSortedDependencies),
    functions: [...schema.functions]
      .sort((a, b) => byName(a, b) || before(a.identity, b.identity))
      .map(withSortedDependencies),
    enums: sorted(schema.enums),
    domains: sorted(schema.domains),
    sequences: sorted(schema.sequences),
    others: [...schema.others].sort(
      (a, b) =>
        before(a.kind, b.kind) ||
        before(a.schema, b.schema) ||
        before(a.table, b.table) ||
        before(a.name, b.name),
    ),
  };
}
