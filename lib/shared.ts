const SHARED = Symbol.for('knex-meta.shared');

/**
 * What all copies of this package in one process use together: an application in a bundle, a knexfile and a command line
 * may each have their own copy, and what one of them notes the others must find. What a name stands for keeps its shape:
 * another shape gets another name, because a copy may be of another version.
 */
export function shared<Value extends object>(name: string, make: () => Value): Value {
  const place = globalThis as { [SHARED]?: Map<string, object> };
  place[SHARED] ??= new Map();
  const known = place[SHARED].get(name) as Value | undefined;
  if (known !== undefined) return known;
  const made = make();
  place[SHARED].set(name, made);
  return made;
}
