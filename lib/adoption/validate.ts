import { closest } from 'fastest-levenshtein';
import { KnexMetaError } from '../errors.js';
import type { AdoptTableOptions, ReleaseTableOptions } from './adoptTable.js';

type Check = (value: unknown) => boolean;

const isName: Check = (value) => typeof value === 'string' && value !== '';
const isNames: Check = (value) => Array.isArray(value) && value.every(isName);
const isMilliseconds: Check = (value) => typeof value === 'number' && Number.isFinite(value) && value > 0;
const isInstant: Check = (value) =>
  isName(value) ||
  (typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([key, each]) => /^(column|timeZone)$/.test(key) && isName(each)) &&
    'column' in value);

const BOTH: Readonly<Record<string, readonly [check: Check, expected: string]>> = {
  table: [isName, 'the name of a table'],
  schema: [isName, 'the name of a schema'],
  columns: [isNames, 'an array of column names'],
  trigger: [(value) => typeof value === 'boolean', 'true or false'],
  lockTimeout: [isMilliseconds, 'a number of milliseconds'],
  patience: [isMilliseconds, 'a number of milliseconds'],
};

function check(where: string, options: unknown, known: typeof BOTH): void {
  if (typeof options !== 'object' || options === null) {
    throw new KnexMetaError('META_OPTION_INVALID', `${where} takes an object with a table and its columns.`);
  }
  const given = options as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) {
    if (key in known) continue;
    throw new KnexMetaError('META_OPTION_UNKNOWN', `Unknown option \`${key}\` of ${where}.`, {
      remedy: `Did you mean \`${closest(key, Object.keys(known))}\`?`,
      details: { option: key },
    });
  }
  for (const [key, [isRight, expected]] of Object.entries(known)) {
    const isNeeded = key === 'table' || key === 'columns';
    if (given[key] === undefined ? !isNeeded : isRight(given[key])) continue;
    throw new KnexMetaError('META_OPTION_INVALID', `\`${key}\` of ${where} must be ${expected}.`, {
      details: { option: key },
    });
  }
}

/** Throws META_OPTION_UNKNOWN or META_OPTION_INVALID when the options are wrong. */
export function readAdopt(options: AdoptTableOptions): AdoptTableOptions {
  const instant = [isInstant, 'a column, or { column, timeZone }'] as const;
  check('adoptTable', options, { ...BOTH, createdAt: instant, updatedAt: instant });
  return options;
}

/** Throws META_OPTION_UNKNOWN or META_OPTION_INVALID when the options are wrong. */
export function readRelease(options: ReleaseTableOptions): ReleaseTableOptions {
  const only = [
    (value: unknown) => value === 'adopted' || value === 'metadata',
    "'adopted' or 'metadata'",
  ] as const;
  check('releaseTable', options, { ...BOTH, only });
  return options;
}
