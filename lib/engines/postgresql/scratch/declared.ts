import type { DatabaseSchema } from '../../../schema/database.js';
import type { Piece } from '../../scratch.js';
import { serialName } from '../identifiers.js';

/** Names by the schema that they are in. */
export interface NameSet {
  readonly add: (schema: string, name: string) => void;
  readonly has: (schema: string, name: string) => boolean;
}

export function nameSet(): NameSet {
  const schemas = new Map<string, Set<string>>();
  return {
    add: (schema, name) => {
      const names = schemas.get(schema) ?? new Set();
      schemas.set(schema, names);
      names.add(name);
    },
    has: (schema, name) => schemas.get(schema)?.has(name) === true,
  };
}

const NAME = '"(?:[^"]|"")+"|[\\p{L}_][\\p{L}\\p{N}_$]*';
/** What a statement creates, with the schema where it names one. */
const CREATES = new RegExp(
  `\\bcreate\\s+(?:or\\s+replace\\s+)?(?:(?:unlogged|materialized|recursive|constraint)\\s+)*(?:table|view|type|domain|sequence|function|procedure|aggregate|collation|statistics|text\\s+search\\s+(?:configuration|dictionary))\\s+(?:if\\s+not\\s+exists\\s+)?(?:(${NAME})\\s*\\.\\s*)?(${NAME})`,
  'giu',
);

function nameOf(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase();
}

const INDEX = new RegExp(
  `^create\\s+(?:unique\\s+)?index\\s+(?:if\\s+not\\s+exists\\s+)?(${NAME})\\s+on\\b`,
  'iu',
);

/** A column of a table that numbers itself, as the builder writes it. */
const NUMBERED =
  /"((?:[^"]|"")+)" (?:(?:small|big)?serial\b|\w+ generated (?:always|by default) as identity\b)/gi;
/** The name that an identity column gives its sequence. */
const SEQUENCE_NAME = new RegExp(`\\bas identity \\(sequence name (?:(${NAME})\\s*\\.\\s*)?(${NAME})`, 'giu');

/** The names that free SQL creates, without their schemas. */
export function createdBy(statements: Piece['statements']): readonly string[] {
  return statements.flatMap(({ sql }) => [...sql.matchAll(CREATES)].map(([, , name = '']) => nameOf(name)));
}

/** The names that the statements of the pieces create; `realOf` is the schema that a written one stands for. */
export function addCreated(
  names: NameSet,
  pieces: readonly Piece[],
  home: string,
  realOf: (schema: string) => string,
): void {
  for (const { object, statements } of pieces) {
    const { kind, schema = home, name } = object;
    if (kind !== 'trigger' && kind !== 'extension' && kind !== 'sql') names.add(schema, name);
    for (const { sql } of statements) {
      const index = INDEX.exec(sql)?.[1];
      if (index !== undefined) names.add(schema, nameOf(index));
      for (const [, inSchema, sequence = ''] of sql.matchAll(SEQUENCE_NAME))
        names.add(inSchema === undefined ? home : realOf(nameOf(inSchema)), nameOf(sequence));
      if (kind !== 'sql' && !/^create\s+(type|table|statistics)\b/i.test(sql)) continue;
      for (const [, inSchema, created = ''] of sql.matchAll(CREATES))
        names.add(inSchema === undefined ? home : realOf(nameOf(inSchema)), nameOf(created));
      // The sequences of its numbered columns.
      if (kind === 'table')
        for (const [, column = ''] of sql.matchAll(NUMBERED))
          names.add(schema, serialName(name, column.replaceAll('""', '"')));
    }
  }
}

/** What came with extensions that have to be made in a shadow database. */
export function addExtensions(names: NameSet, { functions, enums, domains, others }: DatabaseSchema): void {
  for (const { schema, name, extension } of [...functions, ...enums, ...domains, ...others])
    if (extension !== undefined && schema !== undefined) names.add(schema, name);
}
