import { spawn } from 'node:child_process';
import type { Knex } from 'knex';
import { KnexMetaError } from '../../errors.js';
import { writeBackup } from '../backupFile.js';

interface Settings {
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number | string;
  readonly user?: string;
  readonly database?: string;
  readonly password?: unknown;
}

/** What `pg_dump` reads from its environment: a password on its command line would be seen by others. */
function environmentOf(settings: Settings): NodeJS.ProcessEnv {
  const { host, port, user, database, password } = settings;
  const given = { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database, PGPASSWORD: password };
  const known = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}

function failed(message: string, remedy: string, cause?: unknown): KnexMetaError {
  return new KnexMetaError('BACKUP_FAILED', message, { remedy: `${remedy} No migration was run.`, cause });
}

/** See `MigrationEngine.backup`: by `pg_dump`, in its custom format, which `pg_restore` reads. */
export async function backup(db: Knex, file: string): Promise<void> {
  const client = db.client as { connectionSettings?: Settings };
  const connection = (await (db.client as { acquireConnection(): Promise<unknown> }).acquireConnection()) as {
    readonly connectionParameters?: Settings;
  };
  await (db.client as { releaseConnection(c: unknown): Promise<void> }).releaseConnection(connection);
  const parts = [client.connectionSettings, connection.connectionParameters];
  // Knex and the driver hide the password from who copies the settings.
  const password = parts.map((part) => part?.password).findLast((each) => typeof each === 'string');
  const settings = { ...parts[0], ...parts[1], password };
  const env = { ...process.env, ...environmentOf(settings) };
  await writeBackup(file, (temporary) => dump(temporary, env));
}

async function dump(file: string, env: NodeJS.ProcessEnv): Promise<void> {
  await new Promise<void>((done, fail) => {
    const child = spawn('pg_dump', ['--format=custom', '--no-password', '--file', file], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000);
    });
    child.once('error', (error: NodeJS.ErrnoException) =>
      fail(
        error.code === 'ENOENT'
          ? failed(
              'A backup was asked for, and there is no pg_dump on this machine.',
              "Install PostgreSQL's client programs of the server's version, or make the backup in another way and leave --backup out.",
              error,
            )
          : failed(`pg_dump could not be started: ${error.message}`, 'Check the installation.', error),
      ),
    );
    child.once('close', (code) => {
      if (code === 0) {
        done();
        return;
      }
      fail(failed(`pg_dump failed: ${said.trim()}`, 'Correct what it says, or leave --backup out.'));
    });
  });
}
