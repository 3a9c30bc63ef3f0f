import type { Knex } from 'knex';
import type { MigrationEngine } from '../engines/migrations.js';
import { type ErrorCode, KnexMetaError } from '../errors.js';
import { CORRECT } from './failure.js';

/** What is there already may be of a run that was not recorded, or made by hand: the doctor looks. */
const EXISTS =
  '`npx knex-meta doctor` says what of it exists already and what to do; it changes nothing. If the migration is wrong, correct it.';

const LOST: readonly [ErrorCode, string] = [
  'CONNECTION_FAILED',
  'When the database is there again, run the command again.',
];

const CODES: Readonly<Partial<Record<ReturnType<MigrationEngine['kindOf']>, readonly [ErrorCode, string]>>> =
  {
    busy: [
      'DATABASE_BUSY',
      'Let the other one end its transaction, give it longer with --lock-timeout, or try more often with --retries.',
    ],
    'not-writable': [
      'DATABASE_NOT_WRITABLE',
      'Is the disk full, the file or its folder read-only for this user, or the server a read-only copy?',
    ],
    'connection-lost': LOST,
    starting: LOST,
  };

/** An error of the database itself, not of a migration, gets its own code; one of a busy database says who. */
export async function withCause(
  explained: KnexMetaError,
  error: unknown,
  engine: MigrationEngine,
  db: Knex,
): Promise<KnexMetaError> {
  const kind = engine.kindOf(error);
  if (kind === 'exists' && explained.code === 'MIGRATION_FAILED') {
    return new KnexMetaError(explained.code, explained.message, {
      remedy: explained.remedy.replace(CORRECT, EXISTS),
      details: explained.details,
      cause: error,
    });
  }
  const [code, advice] = CODES[kind] ?? [];
  if (code === undefined || explained.code !== 'MIGRATION_FAILED') return explained;
  const holder = kind === 'busy' ? await engine.blocker(db).catch(() => 'another session') : undefined;
  const by = holder === undefined ? '' : ` (held by ${holder})`;
  const statement = String(explained.details.statement ?? '');
  const index = /\bindex\s+concurrently\s+(?:if\s+not\s+exists\s+)?("(?:[^"]|"")+"|[\w.]+)/i.exec(
    statement,
  )?.[1];
  const left =
    index === undefined
      ? ''
      : ` An index that is not finished is left, and is not valid: \`drop index concurrently if exists ${index}\` before the next run.`;
  const state = explained.remedy.replace(CORRECT, '').trimEnd();
  const message = explained.message.replace(/$/m, () => by);
  return new KnexMetaError(code, message, {
    remedy: `${state}${left} ${advice}`.trim(),
    details: { ...explained.details, ...(holder === undefined ? {} : { holder }) },
    cause: error,
  });
}
