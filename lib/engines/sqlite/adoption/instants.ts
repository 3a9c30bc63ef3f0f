import type { Clock } from '../../contract.js';
import { quoteName, quoteText } from '../identifiers.js';

/** How the clock writes an instant; undefined where that cannot be told. */
function formatOf({ expression }: Clock): string | undefined {
  const text = expression.trim();
  if (/^\(?\s*current_timestamp\s*\)?$/i.test(text) || /^datetime\s*\(\s*'now'/i.test(text))
    return '%Y-%m-%d %H:%M:%S';
  return /^strftime\s*\(\s*'([^']*)'\s*,\s*'now'\s*\)$/i.exec(text)?.[1];
}

/** The value of a source column as the clock writes instants, NULL where it is none; undefined: cannot be told. */
export function instantSql(column: string, clock: Clock): string | undefined {
  const format = formatOf(clock);
  if (format === undefined) return undefined;
  const name = quoteName(column);
  const form = quoteText(format);
  // Knex writes a Date as milliseconds; other programs write seconds. Text with an offset is turned into UTC;
  // a text that is a number would be read as a day.
  return `case when typeof(${name}) in ('integer', 'real')
    then strftime(${form}, case when abs(${name}) > 100000000000 then ${name} / 1000.0 else ${name} end, 'unixepoch')
    when ${name} glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' then strftime(${form}, ${name}) end`;
}
