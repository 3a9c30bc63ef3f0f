import { ownRows } from '../../metadata/session.js';
import type { Column } from '../../schema/column.js';
import type { MeaningEngine, MeaningKind } from '../meaning.js';

/** By the words of the declared type, the first that fits: what Knex writes, then the engine's rules of affinity. */
const KINDS: readonly (readonly [RegExp, MeaningKind, comesAs: string])[] = [
  [/^bool/i, 'boolean', 'number 0 or 1'],
  [/^(timestamp|datetime)/i, 'instant', 'what was written: text or number'],
  [/^date/i, 'date', 'what was written: text or number'],
  [/^time/i, 'time of day', 'string'],
  [/^json/i, 'json', 'string'],
  [/^uuid|^char\(36\)$/i, 'uuid', 'string'],
  [/int/i, 'integer', 'number'],
  [/char|clob|text/i, 'text', 'string'],
  [/blob|^$/i, 'binary', 'Buffer'],
  [/^(dec|num)/i, 'decimal', 'number'],
  [/real|floa|doub/i, 'float', 'number'],
];

const textOf = ({ defaultTo }: Column): string | undefined => defaultTo?.replace(/^\((.*)\)$/s, '$1').trim();

/** Date and time as SQLite writes them: JavaScript takes that for local time. */
const lacksZone = (column: Column): boolean =>
  /^current_timestamp$|^datetime\s*\(\s*'now'\s*\)$/i.test(textOf(column) ?? '');

function defaultOf(column: Column, kind: MeaningKind): string | undefined {
  const text = textOf(column);
  if (text === undefined) return undefined;
  if (kind === 'date' && lacksZone(column)) return 'now, with the time of day';
  if (/^current_(timestamp|date|time)$|'now'/i.test(text)) return 'now';
  const [, literal] = /^'((?:[^']|'')*)'$/.exec(text) ?? [];
  if (literal !== undefined) return literal.replaceAll("''", "'");
  if (/^(true|false)$/i.test(text)) return /^t/i.test(text) ? '1' : '0';
  return /^-?[\d.]+$/.test(text) ? text : 'expression';
}

export const meaning: MeaningEngine = {
  meaningOf: (column, schema) => {
    const { type, collation, numbering } = column;
    const [, kind, comesAs] = KINDS.find(([pattern]) => pattern.test(type)) ?? [
      undefined,
      'other' as const,
      'anything',
    ];
    const isStrict = schema.tables.some((table) => table.isStrict && table.columns.includes(column));
    const [, size] = /\(([\d, ]+)\)/.exec(type) ?? [];
    const isText = kind === 'text';
    const kinds: Readonly<Record<string, MeaningKind>> = {
      nocase: 'text without case',
      rtrim: 'text without its last blanks',
    };
    return {
      kind: (isText ? kinds[collation?.toLowerCase() ?? ''] : undefined) ?? kind,
      word: type.toLowerCase(),
      isEnforced: isStrict || numbering !== undefined,
      bits: undefined,
      isSingle: false,
      lacksZone: kind === 'instant' && lacksZone(column),
      length: isText && size !== undefined ? Number(size) : undefined,
      digits: kind === 'decimal' ? size?.replaceAll(' ', '') : undefined,
      comesAs,
      values: undefined,
      defaultTo: defaultOf(column, kind),
    };
  },
  traits: async (db) => ({
    enforcesKeys: (await ownRows(db, 'pragma foreign_keys'))[0]?.foreign_keys === 1,
    likeIgnoresCase: true,
    textOrder: 'bytes',
  }),
};
