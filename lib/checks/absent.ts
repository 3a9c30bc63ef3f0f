import type { Finding } from './finding.js';

const LATEST = 'npx knex-meta migrate:latest';
const FIRST = 'npx knex-meta migrate:make first';

/** What is known where the database is a file that is not there. */
export interface MissingFile {
  /** As the configuration says it. */
  readonly file: string;
  readonly hasFolder: boolean;
  readonly environment: string;
  readonly hasMigrations: boolean;
}

/** The database is a file that is not there: nothing in it can be well. */
export function fileFinding({ file, hasFolder, environment, hasMigrations }: MissingFile): Finding {
  const mend = hasMigrations ? [LATEST] : [FIRST, LATEST];
  return {
    code: 'DATABASE_MISSING',
    message: `there is no database file ${file}${hasFolder ? '' : ', nor its folder'} (environment ${environment})`,
    remedy: hasFolder
      ? 'Is it the right path, and the right folder to run this in? Then migrations make the database.'
      : 'Is it the right path, and the right folder to run this in? Nothing was made.',
    ...(hasFolder ? { mend } : {}),
  };
}

/**
 * There is no table at all, and there should be.
 *
 * @param pending - migrations that are not applied
 * @param made - tables that applied ones name
 */
export function tablesFinding(pending: readonly string[], made: readonly string[]): Finding | undefined {
  const code = 'TABLES_MISSING';
  if (pending.length > 0) {
    const count = `${pending.length} migration${pending.length === 1 ? ' is' : 's are'}`;
    return {
      code,
      message: `the database has no table, and ${count} pending`,
      remedy: 'Is it the right database? Then apply them.',
      mend: [LATEST],
    };
  }
  if (made.length === 0) return undefined;
  return {
    code,
    message: `the database has no table, and the applied migrations name ${made.join(', ')}`,
    remedy: 'Is it the right database? `npx knex-meta doctor` compares what they make with what is there.',
  };
}
