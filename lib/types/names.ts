/** `user_accounts` as `UserAccounts`. */
function pascalCase(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const joined = words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('');
  return /^\p{L}/u.test(joined) ? joined : `T${joined}`;
}

/** A name of its own for the types of each table: names that look alike as types are counted. */
export function typeNames(keys: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<string>();
  return new Map(
    keys.map((key) => {
      const base = pascalCase(key);
      let name = base;
      for (let count = 2; taken.has(name); count += 1) name = `${base}${count}`;
      taken.add(name);
      return [key, name];
    }),
  );
}
