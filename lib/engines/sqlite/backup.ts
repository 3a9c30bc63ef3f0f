import { existsSync, realpathSync } from 'node:fs';
import type { Knex } from 'knex';
import { KnexMetaError } from '../../errors.js';
import { openedFile } from './file.js';

interface Connection {
  /** better-sqlite3's online backup. */
  backup?(file: string): Promise<unknown>;
}

/** See `MigrationEngine.backup`: the driver's online copy where there is one, SQLite's own statement elsewhere. */
export async function backup(db: Knex, file: string): Promise<void> {
  const client = db.client as {
    readonly config: { readonly client?: string };
    acquireConnection(): Promise<Connection>;
    releaseConnection(connection: Connection): Promise<void>;
  };
  if (existsSync(file)) {
    const isItself = realpathSync(file) === (await openedFile(db));
    const what = isItself ? 'is the database itself: that would be no backup' : 'exists already';
    throw new KnexMetaError('BACKUP_FAILED', `${file} ${what}.`, {
      remedy: 'Give another path after --backup. No migration was run.',
      details: { file },
    });
  }
  const connection = await client.acquireConnection();
  try {
    if (client.config.client === 'better-sqlite3') await connection.backup?.(file);
    else await db.raw('vacuum into ?', [file]).connection(connection);
  } catch (error) {
    throw new KnexMetaError(
      'BACKUP_FAILED',
      `The copy could not be written to ${file}: ${(error as Error).message}`,
      {
        remedy: 'Is there room, and may this user write there? No migration was run.',
        details: { file },
        cause: error,
      },
    );
  } finally {
    await client.releaseConnection(connection);
  }
}
