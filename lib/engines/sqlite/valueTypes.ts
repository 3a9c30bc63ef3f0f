import type { TypedColumn, ValueTypes } from '../contract.js';

const same = (type: string): ValueTypes => ({ read: type, write: type });

/**
 * What the driver gives of a column that holds what its type says: SQLite stores whatever it is given. A Date that
 * JavaScript writes is stored as its milliseconds, an instant that the database writes as its text.
 */
const TYPES: readonly (readonly [RegExp, ValueTypes])[] = [
  [/^bool/, { read: 'number', write: 'boolean | number' }],
  [/^(date|timestamp)/, { read: 'string | number', write: 'Date | string | number' }],
  [/json/, { read: 'string', write: 'unknown' }],
  [/int/, { read: 'number', write: 'number | bigint' }],
  [/char|clob|text|^time$|^uuid/, same('string')],
  [/blob|binary/, { read: 'Buffer', write: 'Uint8Array' }],
  [/real|floa|doub|dec|numeric|^number/, same('number')],
];

/** See `Engine.valueTypes`. */
export function valueTypes({ type }: TypedColumn): ValueTypes {
  const name = type?.toLowerCase() ?? '';
  return TYPES.find(([pattern]) => pattern.test(name))?.[1] ?? same('unknown');
}
