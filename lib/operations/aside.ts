/** The bytes that a name can have on the engine that takes the fewest. */
const LONGEST = 63;

/** A name for what has to make room for another of its own name, among those that are taken. */
export function asideName(name: string, taken: ReadonlySet<string>): string {
  for (let attempt = 1; ; attempt += 1) {
    const suffix = attempt === 1 ? '__old' : `__old${attempt}`;
    let start = name;
    while (Buffer.byteLength(start) + suffix.length > LONGEST) start = [...start].slice(0, -1).join('');
    if (!taken.has(`${start}${suffix}`)) return `${start}${suffix}`;
  }
}
