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
  /**
   * The text with the scratch schema in place of the real one wherever that qualifies a name for which `has` is true;
   * `kept` are literals, with their apostrophes, that stay as they are.
   */
  readonly toScratch: (
    sql: string,
    has: (schema: string, name: string) => boolean,
    kept?: readonly string[],
  ) => string;
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
  // `Public.t` in a text or a function's body keeps its letters: how a schema was written is told by capitals in the tag.
  const spellings: string[] = [];
  const pattern = new RegExp(`('?"?)knex_meta_(${tag})_([a-z]{${DIGITS}})`, 'gi');

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

  /** The scratch schema's name for a name that was written with capitals. Without quotes both mean the same schema. */
  const spelled = (made: string, written: string): string => {
    const known = spellings.indexOf(written);
    const number = known >= 0 ? known + 1 : spellings.push(written);
    if (number >= 2 ** tag.length) return made;
    const capitals = [...tag].map((letter, bit) => ((number >> bit) & 1 ? letter.toUpperCase() : letter));
    return made.replace(tag, capitals.join(''));
  };

  const spellingOf = (writtenTag: string): string | undefined => {
    const number = [...writtenTag].reduce(
      (sum, letter, bit) => sum + (letter === tag[bit] ? 0 : 2 ** bit),
      0,
    );
    return spellings[number - 1];
  };

  const textToReal = (text: string): string => {
    if (!(spellings.length === 0 ? text : text.toLowerCase()).includes(tag)) return text;
    if (real.has(text.slice(-DIGITS)) && text.length === `knex_meta_${tag}_`.length + DIGITS)
      return real.get(text.slice(-DIGITS)) ?? text;
    return text.replace(pattern, (_, lead: string, writtenTag: string, key: string) => {
      const spelling = spellingOf(writtenTag);
      if (spelling !== undefined) return lead + spelling;
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

  const toScratch: ScratchNames['toScratch'] = (sql, has, kept = []) => {
    const literal = kept.find((each) => sql.includes(each));
    if (literal !== undefined)
      return sql
        .split(literal)
        .map((part) => toScratch(part, has, kept))
        .join(literal);
    return sql.replace(QUALIFIED, (schema: string, _group: string, name: string) => {
      // Within a text, such as that of nextval(), an apostrophe stands twice.
      const found = [nameOf(schema), nameOf(schema).replaceAll("''", "'")].find((each) =>
        has(each, nameOf(name)),
      );
      if (found === undefined) return schema;
      const made = scratchOf(found);
      if (schema.startsWith('"') || made.startsWith('K')) return `"${made}"`;
      return schema === found ? made : spelled(made, schema);
    });
  };

  return {
    scratchOf,
    probe: `knex_meta_probe_${tag}`,
    isScratch: (name) => name.includes(tag),
    used: () => [...scratch.keys()],
    toScratch,
    toReal,
  };
}
