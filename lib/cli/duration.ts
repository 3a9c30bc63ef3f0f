import { KnexMetaError } from '../errors.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, '': 1000, min: 60_000, m: 60_000 };

/** `2`, `2s`, `500ms`, `1min` as milliseconds: a number alone is seconds. Throws USAGE. */
export function readDuration(flag: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(String(text).trim()) ?? [];
  const factor = UNITS[unit.toLowerCase()];
  if (digits !== undefined && factor !== undefined) return Math.round(Number(digits) * factor);
  throw new KnexMetaError('USAGE', `--${flag} takes a time, not "${text}".`, {
    remedy: 'A number is seconds; units are ms, s and min: 2, 2s, 500ms, 1min.',
  });
}

/** A whole number from 0. Throws USAGE. */
export function readCount(flag: string, text: unknown): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(String(text))) return Number(text);
  throw new KnexMetaError('USAGE', `--${flag} takes a number, not "${text}".`);
}
