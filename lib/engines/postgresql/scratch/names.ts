import { randomBytes } from 'node:crypto';

/**
 * Scratch schemas and the schemas that they stand for. The name of a scratch schema is a word that stands nowhere else,
 * so it is found again in every text that the server writes.
 */
export interface ScratchNames {
  /** The scratch schema of a real one, by name as the catalog has it. */
  readonly scratchOf: (real: string) => string;
  readonly isScratch: (name: string) => boolean;
  /** A further schema, for columns that are only looked at. */
  readonly probe: string;
  /** The real schemas that have a scratch schema now. */
  readonly used: () => readonly string[];
  /** The text with the scratch schema in place of the real one wherever that qualifies a name for which `has` is true. */
  readonly toScratch: (sql: string, has: (schema: string, name: string) => boolean) => string;
  /** Plain data with the real schemas in place of the scratch ones, in names and within texts. */
  readonly toReal: <T>(value: T) => T;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = 3;

function letters(number: number): string {
  return Array.from({ length: DIGITS }, (_, place) => LETTERS[Math.floor(number / 26 ** place) % 26]).join(
    '',
  );
}

/** A schema and what it qualifies, each quoted or not. */
const QUALIFIED =
  /(?<![\p{L}\p{N}_$".])("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)(?=\s*\.\s*("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*))/gu;

function nameOf(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
}

/** @param needsQuotes - whether the server quotes a schema's name: then it quotes the scratch schema's too */
export function scratchNames(needsQuotes: (name: string) => boolean): ScratchNames {
  const tag = [...randomBytes(10)].map((byte) => LETTERS[byte % 26]).join('');
  const scratch = new Map<string, string>();
  const real = new Map<string, string>();
  const pattern = new RegExp(`('?"?)knex_meta_${tag}_([a-z]{${DIGITS}})`, 'gi');

  const scratchOf = (name: string): string => {
    const known = scratch.get(name);
    if (known !== undefined) return known;
    const key = letters(scratch.size);
    // A capital letter is what makes the server quote it.
    const made = `${needsQuotes(name) ? 'K' : 'k'}nex_meta_${tag}_${key}`;
    scratch.set(name, made);
    real.set(key, name);
    return made;
  };

  const textToReal = (text: string): string => {
    if (!text.includes(tag)) return text;
    if (real.has(text.slice(-DIGITS)) && text.length === `knex_meta_${tag}_`.length + DIGITS)
      return real.get(text.slice(-DIGITS)) ?? text;
    return text.replace(pattern, (_, lead: string, key: string) => {
      const name = real.get(key) ?? '';
      const inQuotes = lead.endsWith('"') ? name.replaceAll('"', '""') : name;
      return lead + (lead.startsWith("'") ? inQuotes.replaceAll("'", "''") : inQuotes);
    });
  };

  const toReal = <T>(value: T): T => {
    if (typeof value === 'string') return textToReal(value) as T;
    if (Array.isArray(value)) return value.map(toReal) as T;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toReal(each)])) as T;
  };

  return {
    scratchOf,
    probe: `knex_meta_probe_${tag}`,
    isScratch: (name) => name.includes(tag),
    used: () => [...scratch.keys()],
    toScratch: (sql, has) =>
      sql.replace(QUALIFIED, (schema: string, _group: string, name: string) => {
        // Within a text, such as that of nextval(), an apostrophe stands twice.
        const found = [nameOf(schema), nameOf(schema).replaceAll("''", "'")].find((each) =>
          has(each, nameOf(name)),
        );
        if (found === undefined) return schema;
        const made = scratchOf(found);
        return schema.startsWith('"') || made.startsWith('K') ? `"${made}"` : made;
      }),
    toReal,
  };
}
