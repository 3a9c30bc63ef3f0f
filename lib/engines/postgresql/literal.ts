import { quoteText } from './identifiers.js';

const two = (number: number, digits = 2): string => String(number).padStart(digits, '0');

/** As the driver writes a Date: in the process's own time, with its offset, which a column without one ignores. */
function dateText(date: Date): string {
  const year = date.getFullYear();
  const offset = -date.getTimezoneOffset();
  const day = `${two(year > 0 ? year : 1 - year, 4)}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`;
  const away = Math.abs(offset);
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`;
  return `${day}T${time}${zone}${year > 0 ? '' : ' BC'}`;
}

function bytesOf(value: unknown): Buffer | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** The text that the driver sends for a value that is no list. */
function textOf(value: unknown): string {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return `\\x${bytes.toString('hex')}`;
  if (value instanceof Date) return dateText(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A list as the driver writes it, with the quotes of its own. */
function listText(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (value === null || value === undefined) return 'NULL';
    if (Array.isArray(value)) return listText(value);
    return `"${textOf(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  });
  return `{${elements.join(',')}}`;
}

/**
 * A value as a literal that means what the driver's parameter means: a text whose type the server finds, also for
 * numbers. `a-5` and `a--5` would be two things.
 */
export function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Array.isArray(value)) return quoteText(listText(value));
  const custom = (value as { toPostgres?: (prepare: (value: unknown) => unknown) => unknown }).toPostgres;
  if (typeof custom === 'function') return literal(custom.call(value, (inner) => inner));
  const bytes = bytesOf(value);
  return bytes === undefined ? quoteText(textOf(value)) : `'\\x${bytes.toString('hex')}'::bytea`;
}
