import { rowsOf } from '../../metadata/session.js';
import type { Column } from '../../schema/column.js';
import type { DatabaseSchema } from '../../schema/database.js';
import type { Meaning, MeaningEngine, MeaningKind } from '../meaning.js';

/** By the name of the type, without what is in parentheses; `comesAs` is what the driver gives without parsers of one's own. */
const KINDS: Readonly<Record<string, readonly [MeaningKind, comesAs: string, bits?: number]>> = {
  smallint: ['integer', 'number', 16],
  integer: ['integer', 'number', 32],
  bigint: ['integer', 'string', 64],
  numeric: ['decimal', 'string'],
  real: ['float', 'number'],
  'double precision': ['float', 'number'],
  boolean: ['boolean', 'boolean'],
  text: ['text', 'string'],
  'character varying': ['text', 'string'],
  character: ['text without its last blanks', 'string'],
  citext: ['text without case', 'string'],
  bytea: ['binary', 'Buffer'],
  'timestamp with time zone': ['instant', 'Date'],
  'timestamp without time zone': ['time without zone', 'Date'],
  date: ['date', 'Date'],
  'time without time zone': ['time of day', 'string'],
  json: ['json', 'the value'],
  jsonb: ['json', 'the value'],
  uuid: ['uuid', 'string'],
};

function defaultOf({ defaultTo, numbering }: Column): string | undefined {
  if (defaultTo === undefined || numbering !== undefined || /^null(::|$)/i.test(defaultTo)) return undefined;
  if (
    /\b(now|clock_timestamp|transaction_timestamp)\(|current_(timestamp|date|time)\b|localtime/i.test(
      defaultTo,
    )
  )
    return 'now';
  const text = defaultTo.replace(/::[\w ".()]+(\[\])?$/, '');
  const [, literal] = /^'((?:[^']|'')*)'$/.exec(text) ?? [];
  if (literal !== undefined) return literal.replaceAll("''", "'");
  if (/^(true|false)$/i.test(text)) return /^t/i.test(text) ? '1' : '0';
  return /^\(?-?[\d.]+\)?$/.test(text) ? text.replace(/[()]/g, '') : 'expression';
}

function meaningOf(column: Column, schema: DatabaseSchema): Meaning {
  const { type, userType, collation } = column;
  const values = schema.enums.find(
    ({ name, schema: of }) => name === userType?.name && of === userType?.schema,
  )?.values;
  const [, size] = /\(([\d, ]+)\)/.exec(type) ?? [];
  const bare = type.replace(/\([\d, ]+\)/, '').replace(/^\w+\.(?=citext$)/, '');
  const [kind, comesAs, bits] =
    values === undefined ? (KINDS[bare] ?? (['other', 'string'] as const)) : (['text', 'string'] as const);
  const isText = /^text/.test(kind);
  return {
    kind: isText && /ci|nocase/i.test(collation ?? '') ? 'text without case' : kind,
    word: type,
    isEnforced: true,
    bits,
    isSingle: bare === 'real',
    lacksZone: false,
    length: isText && size !== undefined ? Number(size) : undefined,
    digits: kind === 'decimal' ? size?.replaceAll(' ', '') : undefined,
    comesAs,
    values,
    defaultTo: defaultOf(column),
  };
}

export const meaning: MeaningEngine = {
  meaningOf,
  traits: async (db) => {
    const answer = await db.raw(
      'select datcollate as collation from pg_catalog.pg_database where datname = pg_catalog.current_database()',
    );
    const collation = String(rowsOf(answer)[0]?.collation);
    const isBytes = /^(C|POSIX)(\.|$)/.test(collation);
    return {
      enforcesKeys: true,
      likeIgnoresCase: false,
      textOrder: isBytes ? 'bytes' : `the locale ${collation}`,
    };
  },
};
