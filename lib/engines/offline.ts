import { KnexMetaError } from '../errors.js';

/** A migration asked for what only the database knows, or what only a run would make. */
export function notOffline(sql: string, isOffline: boolean): KnexMetaError {
  const text = sql.replace(/\s+/g, ' ').slice(0, 300);
  return new KnexMetaError(
    'NOT_OFFLINE',
    isOffline
      ? `It asks the database for something, and there is none here: ${text}`
      : `It asks the database about something that this plan itself would change: ${text}`,
    {
      remedy: isOffline
        ? 'With the database at hand: npx knex-meta migrate:plan'
        : 'Plan up to the migration before it, apply that, and plan again.',
      details: { statement: sql },
    },
  );
}
