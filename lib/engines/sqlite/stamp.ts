import type { Clock } from '../contract.js';
import { quoteName } from './identifiers.js';

interface StampColumn {
  readonly name: string;
  readonly type: string;
  readonly defaultTo: string | undefined;
  readonly isMetadata: boolean;
}

/** What the update trigger of a table writes. */
export interface Stamp {
  readonly expression: string;
  /** True when the form of the instant is known from the rows alone: an empty column gives none. */
  readonly isFromRows: boolean;
}

/** Forms of an instant as text, each as a pattern for LIKE and an expression for the present instant in UTC. */
const TEXT_FORMS: readonly (readonly [string, string])[] = [
  ['____-__-__', "strftime('%Y-%m-%d','now')"],
  ['____-__-__ __:__', "strftime('%Y-%m-%d %H:%M','now')"],
  ['____-__-__ __:__:__', "strftime('%Y-%m-%d %H:%M:%S','now')"],
  ['____-__-__ __:__:__.___', "strftime('%Y-%m-%d %H:%M:%f','now')"],
  ['____-__-__ __:__:__.___ +00:00', "strftime('%Y-%m-%d %H:%M:%f +00:00','now')"],
  ['____-__-__T__:__:__Z', "strftime('%Y-%m-%dT%H:%M:%SZ','now')"],
  ['____-__-__T__:__:__.___Z', "strftime('%Y-%m-%dT%H:%M:%fZ','now')"],
  ['____-__-__T__:__:__+00:00', "strftime('%Y-%m-%dT%H:%M:%S+00:00','now')"],
  ['____-__-__T__:__:__.___+00:00', "strftime('%Y-%m-%dT%H:%M:%f+00:00','now')"],
];

const MILLISECONDS = "cast(strftime('%s','now') || substr(strftime('%f','now'),4) as integer)";
const SECONDS = "cast(strftime('%s','now') as integer)";

const PRESENT =
  /\bcurrent_(?:timestamp|date)\b|'now'|\b(?:unixepoch|julianday|datetime|date)\s*\(\s*\)|\bunixepoch\s*\(\s*'subsec/i;

/** The default of a column as an expression, when it gives the present instant. */
export function presentDefault(defaultTo: string | undefined): string | undefined {
  if (defaultTo === undefined || !PRESENT.test(defaultTo)) return undefined;
  // Some days before or after now is not the instant of the update.
  return /'\s*[+-]\s*\d/.test(defaultTo) ? undefined : `(${defaultTo})`;
}

/**
 * The value of a column with instants as text in UTC, in the form that another column's default gives; undefined when
 * that form cannot be made.
 */
export function inFormOfDefault(quotedColumn: string, byDefault: string): string | undefined {
  const converted = byDefault
    .replace(/'now'/gi, () => quotedColumn)
    .replace(/\bcurrent_timestamp\b/gi, () => `datetime(${quotedColumn})`)
    .replace(/\bcurrent_date\b/gi, () => `date(${quotedColumn})`)
    .replace(/\b(unixepoch|julianday|datetime|date)\s*\(\s*\)/gi, (_, name) => `${name}(${quotedColumn})`)
    .replace(/\b(unixepoch)\s*\(\s*(?='subsec)/gi, (call) => `${call}${quotedColumn}, `);
  return converted === byDefault ? undefined : converted;
}

/** The present instant in the form that the row's own value has; else in that of the default, or no other value. */
function inFormOfRow(table: string, column: string, byDefault: string | undefined): string {
  const name = quoteName(column);
  const texts = TEXT_FORMS.map(([pattern, now]) => `when v like '${pattern}' then ${now}`).join(' ');
  const sameText =
    byDefault === undefined
      ? ''
      : `when typeof(${byDefault}) = 'text' and length(v) = length(${byDefault}) and substr(v,11,1) = substr(${byDefault},11,1) then ${byDefault} `;
  const sameNumber =
    byDefault === undefined ? '' : `when typeof(${byDefault}) in ('integer','real') then ${byDefault} `;
  // A Date that a driver has stored is milliseconds.
  const numbers = `${sameNumber}when abs(v) >= 100000000 and abs(v) < 100000000000 then ${SECONDS} else ${MILLISECONDS}`;
  const others = `(select ${name} from ${quoteName(table)} where ${name} is not null limit 1)`;
  const value = byDefault === undefined ? `coalesce(new.${name},${others})` : `new.${name}`;
  return (
    `(select case typeof(v) when 'text' then case ${sameText}${texts} else v end ` +
    `when 'null' then ${byDefault ?? 'v'} when 'blob' then v else case ${numbers} end end from (select ${value} as v))`
  );
}

/**
 * What the trigger writes to a column that it may keep; undefined for a column that holds no instants. A metadata column gets the clock's
 * expression. A project's own column is stamped in the form that the row, the default or the other rows have.
 */
export function stampFor(clock: Clock, table: string, column: StampColumn): Stamp | undefined {
  if (column.isMetadata) return { expression: `(${clock.expression})`, isFromRows: false };
  const byDefault = presentDefault(column.defaultTo);
  // Of numbers and texts nobody can know what they mean, unless their default says it.
  const holdsInstants = /^(date|timestamp)/i.test(column.type);
  if (!holdsInstants && byDefault === undefined) return undefined;
  return {
    expression: inFormOfRow(table, column.name, byDefault),
    isFromRows: byDefault === undefined,
  };
}
