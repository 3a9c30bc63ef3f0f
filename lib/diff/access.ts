import type { Access, DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Comparison } from './comparison.js';

interface Accessible extends ObjectName {
  readonly identity?: string;
  readonly access: Access | undefined;
}

/**
 * The desired schema with the privileges that objects of the actual one have: no model says them, and what is made anew
 * is to keep them. What is new has none that anybody gave it.
 */
export function keepAccess(
  actual: DatabaseSchema,
  desired: DatabaseSchema,
  { foldName }: Comparison,
): DatabaseSchema {
  const keyOf = ({ schema, name, identity }: Accessible) =>
    JSON.stringify([schema, foldName(name), identity ?? null]);
  const keep = <Of extends Accessible>(before: readonly Of[], after: readonly Of[]): readonly Of[] => {
    const had = new Map(before.map((object) => [keyOf(object), object.access]));
    return after.map((object) => ({ ...object, access: had.get(keyOf(object)) }));
  };
  return {
    ...desired,
    functions: keep(actual.functions, desired.functions),
    enums: keep(actual.enums, desired.enums),
    domains: keep(actual.domains, desired.domains),
  };
}
