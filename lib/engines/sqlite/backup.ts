import { chmodSync, existsSync, realpathSync, statSync } from 'node:fs';
import type { Knex } from 'knex';
import { alreadyExists, notCopied, writeBackup } from '../backupFile.js';
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
  const database = await openedFile(db);
  if (existsSync(file) && realpathSync(file) === database)
    throw alreadyExists(file, 'is the database itself: that would be no backup');
  await writeBackup(file, async (temporary) => {
    const connection = await client.acquireConnection();
    try {
      if (client.config.client === 'better-sqlite3') await connection.backup?.(temporary);
      else await db.raw('vacuum into ?', [temporary]).connection(connection);
      // Who may read the database may read its copy, and nobody else.
      if (database !== undefined) chmodSync(temporary, statSync(database).mode & 0o777);
    } catch (error) {
      throw notCopied(file, error);
    } finally {
      await client.releaseConnection(connection);
    }
  });
}
