import { type SeedEngine, sampleTexts } from '../seeding.js';
import { quoteText } from './identifiers.js';

/** By the words of the declared type, the first that fits: what Knex writes, then the engine's rules of affinity. */
const BY_TYPE: readonly (readonly [
  RegExp,
  (row: number, length: number | undefined) => readonly string[],
])[] = [
  [/^bool/i, () => ['1', '0']],
  [/^(timestamp|datetime)/i, (row) => [`'2001-02-03 04:05:${String(row % 60).padStart(2, '0')}'`]],
  [/^date/i, (row) => [`date('2001-02-03', '+${row} days')`]],
  [/^time/i, (row) => [`time('01:02:03', '+${row} seconds')`]],
  [/^json/i, () => [`'{}'`, `'[]'`]],
  [/^uuid|^char\(36\)$/i, (row) => [quoteText(`00000000-0000-4000-8000-${String(row).padStart(12, '0')}`)]],
  [/int/i, (row) => [String(row)]],
  [/char|clob|text/i, (row, length) => sampleTexts(row, length).map(quoteText)],
  [/blob/i, (row) => [`x'${row.toString(16).padStart(8, '0')}'`]],
  [/real|floa|doub|num|dec/i, (row) => [String(row), '0.5', '0']],
];

export const seeding: SeedEngine = {
  samples: ({ type }, row) => {
    const [, samples] = BY_TYPE.find(([pattern]) => pattern.test(type)) ?? [];
    const length = /\((\d+)/.exec(type)?.[1];
    // Without a type, or with one that means nothing to the engine, a column takes all.
    return samples?.(row, length === undefined ? undefined : Number(length)) ?? [String(row)];
  },
  asLiteral: (quoted) => `quote(${quoted})`,
  deferKeys: 'pragma defer_foreign_keys = on',
  empty: (quoted) => ['pragma defer_foreign_keys = on', ...quoted.map((table) => `delete from ${table}`)],
};
