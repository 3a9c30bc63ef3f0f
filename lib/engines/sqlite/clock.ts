import { KnexMetaError } from '../../errors.js';
import type { Clock, Session } from '../contract.js';

/** Milliseconds and a Z: JavaScript reads it as UTC, and text order is the order of time. */
const ISO_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ','now')";

/** The clock for a configured expression. A default that is not a literal or CURRENT_TIMESTAMP needs parentheses. */
export function clockOf(expression: string | undefined): Clock {
  const text = expression ?? ISO_NOW;
  const isNumber = /unixepoch|'%s'|\bcast\s*\(.*\bas\s+int/i.test(text);
  return { expression: text, type: isNumber ? 'integer' : 'datetime' };
}

function refuse(expression: string, reason: string, cause?: unknown): KnexMetaError {
  return new KnexMetaError(
    'TIMESTAMP_INVALID',
    `DATABASE_TIMESTAMP_UTC (or meta.timestampUtc) is \`${expression}\`, which SQLite cannot use: ${reason}.`,
    {
      remedy:
        `A value that works on SQLite: \`${ISO_NOW}\` or \`CURRENT_TIMESTAMP\`. ` +
        'Without the variable knex-meta takes its own default.',
      details: { expression, engine: 'sqlite' },
      cause,
    },
  );
}

/** Milliseconds since 1970 of a value that the expression gave; undefined when it is not an instant in UTC. */
function instantOf(value: unknown): number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') {
    const number = Number(value);
    return number > 1e11 ? number : number * 1000;
  }
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|\+00:?00)?$/.exec(String(value));
  return parts ? Date.parse(`${parts[1]}T${parts[2]}Z`) : undefined;
}

/**
 * Tries the expression on the engine.
 *
 * @throws KnexMetaError TIMESTAMP_INVALID
 */
export async function probeClock(session: Session, expression: string): Promise<Clock> {
  if (/localtime/i.test(expression)) throw refuse(expression, 'it is local time, not UTC');
  let value: unknown;
  try {
    // As the default of a column, not only as a value: that is stricter.
    await session.rows('drop table if exists temp.`knex_meta_probe`');
    await session.rows(`create temp table \`knex_meta_probe\` (id integer, at text default (${expression}))`);
    await session.rows('insert into temp.`knex_meta_probe` (id) values (1)');
    const [row] = await session.rows(`select (${expression}) as at`);
    await session.rows('drop table temp.`knex_meta_probe`');
    value = row?.at;
  } catch (error) {
    throw refuse(expression, 'the engine refuses it', error);
  }
  const instant = instantOf(value);
  if (instant === undefined || Number.isNaN(instant))
    throw refuse(expression, `it gives \`${value}\`, not an instant`);
  if (Math.abs(instant - Date.now()) > 60_000)
    throw refuse(expression, `it gives \`${value}\`, not the present instant in UTC`);
  return { expression, type: typeof value === 'string' ? 'datetime' : 'integer' };
}
