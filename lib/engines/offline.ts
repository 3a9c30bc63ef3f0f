import { KnexMetaError } from '../errors.js';

/** A migration asked for what only the database knows. */
export function notOffline(sql: string): KnexMetaError {
  const text = sql.replace(/\s+/g, ' ').slice(0, 300);
  return new KnexMetaError(
    'NOT_OFFLINE',
    `It asks the database for something, and there is none here: ${text}`,
    {
      remedy: 'With the database at hand: npx knex-meta migrate:plan',
      details: { statement: sql },
    },
  );
}
