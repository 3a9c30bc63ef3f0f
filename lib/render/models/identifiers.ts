const RESERVED = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield knex exports module require
  defineEnum defineExtension defineFunction defineMaterializedView defineModel defineSql defineTrigger defineView`.split(
    /\s+/,
  ),
);

/** `film_actor` as a name in JavaScript: `filmActor`. */
function camelCase(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const joined = words
    .map((word, place) => (place === 0 ? word : `${word[0]?.toUpperCase()}${word.slice(1)}`))
    .join('');
  const first = /^[A-Z]+$/.test(joined)
    ? joined.toLowerCase()
    : joined.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
  return /^\p{L}/u.test(first) ? first : `_${first}`;
}

/** Gives each thing a name that none had before it; `wanted` says what it would be called. */
export function uniqueNames(fold: (name: string) => string = (name) => name): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(fold(name)); number += 1) name = `${wanted}_${number}`;
    taken.add(fold(name));
    return name;
  };
}

/** The name under which a definition is exported. */
export function exportName(name: string): string {
  const written = camelCase(name);
  return RESERVED.has(written) ? `${written}_` : written;
}

/** A file's name without extension, for what may be called anything: no file system and no loader stumbles over it. */
export function fileStem(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N}_$-]+/gu, '_');
  return plain === '' || plain === 'node_modules' ? `${plain}_` : plain;
}
