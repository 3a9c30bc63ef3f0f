import { KnexMetaError } from '../../errors.js';
import type { Clock, Session } from '../contract.js';

const DEFAULT_CLOCK: Clock = { expression: 'CURRENT_TIMESTAMP', type: 'timestamptz' };

/** A value of `DATABASE_TIMESTAMP_UTC` that works, for messages. */
const EXAMPLES = "`CURRENT_TIMESTAMP` or `timezone('utc', now())`";

/** Session time zones that are as far from UTC as instants that were shifted would show. */
const ZONES = ['Asia/Kolkata', 'America/St_Johns'] as const;

/** Functions that a schema on the caller's search_path could shadow: they are written with pg_catalog. */
const BUILT_IN =
  /(?<![\w."$])(now|timezone|clock_timestamp|statement_timestamp|transaction_timestamp)(?=\s*\()/gi;

/** The expression with its built-in functions pinned to pg_catalog. */
export function pin(expression: string): string {
  return expression.replace(BUILT_IN, 'pg_catalog.$1');
}

/** A guess without a connection; `probeClock` asks the server. */
export function clockOf(expression: string | undefined): Clock {
  if (expression === undefined) return DEFAULT_CLOCK;
  const isWithoutZone = /\btimezone\s*\(|\bat\s+time\s+zone\b|\blocaltimestamp\b/i.test(expression);
  return { expression: pin(expression), type: isWithoutZone ? 'timestamp' : 'timestamptz' };
}

function refuse(expression: string, reason: string, cause?: unknown): KnexMetaError {
  return new KnexMetaError(
    'TIMESTAMP_INVALID',
    `DATABASE_TIMESTAMP_UTC (or meta.timestampUtc) is \`${expression}\`, which PostgreSQL cannot use: ${reason}.`,
    {
      remedy: `A value that works on PostgreSQL: ${EXAMPLES}. Without the variable knex-meta takes its own default.`,
      details: { expression, engine: 'postgresql' },
      cause,
    },
  );
}

const TYPES: Readonly<Record<string, string>> = {
  'timestamp with time zone': 'timestamptz',
  'timestamp without time zone': 'timestamp',
};

async function readInZone(session: Session, expression: string, zone: string) {
  // One statement, so that the setting ends with it also outside a transaction.
  const [row] = await session.rows(
    `select pg_catalog.pg_typeof(v)::text as type,
            case when pg_catalog.pg_typeof(v)::text like 'timestamp%' then
              pg_catalog.abs(extract(epoch from (
                case when pg_catalog.pg_typeof(v)::text = 'timestamp with time zone'
                  then v::text::pg_catalog.timestamptz
                  else pg_catalog.timezone('utc', v::text::pg_catalog.timestamp) end) - pg_catalog.now()))
            end as seconds_off
     from (select pg_catalog.set_config('TimeZone', '${zone}', true) as z offset 0) s,
          lateral (select (${expression}) as v, s.z offset 0) e`.replaceAll('?', '\\?'),
  );
  return row as { type: string; seconds_off: string | null } | undefined;
}

/**
 * Tries the expression on the server in two time zones: only an instant in UTC reads the same in both.
 *
 * @throws KnexMetaError TIMESTAMP_INVALID
 */
export async function probeClock(session: Session, expression: string): Promise<Clock> {
  const pinned = pin(expression);
  let type = '';
  for (const zone of ZONES) {
    let row: Awaited<ReturnType<typeof readInZone>>;
    try {
      row = await readInZone(session, pinned, zone);
    } catch (error) {
      throw refuse(expression, 'the server refuses it', error);
    }
    type = TYPES[row?.type ?? ''] ?? '';
    if (type === '') throw refuse(expression, `it is a ${row?.type ?? 'nothing'}, not an instant`);
    if (Math.abs(Number(row?.seconds_off)) > 60) {
      throw refuse(
        expression,
        `in a session whose time zone is ${zone} it is not the present instant in UTC`,
      );
    }
  }
  return { expression: pinned, type };
}
