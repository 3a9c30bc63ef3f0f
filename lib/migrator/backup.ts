import { resolve } from 'node:path';
import type { Knex } from 'knex';
import type { Engine } from '../engines/contract.js';
import type { Events } from './events.js';

/** `backup-20240131T235959Z`, with the engine's extension, in the working directory. */
function defaultPath({ migrations }: Engine): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  return `backup-${time}${migrations.backupExtension}`;
}

/** Makes the backup that was asked for. Throws BACKUP_FAILED. */
export async function makeBackup(
  view: Knex,
  engine: Engine,
  wanted: true | string,
  events: Events,
): Promise<string> {
  const file = resolve(wanted === true || wanted === '' ? defaultPath(engine) : wanted);
  const start = performance.now();
  await engine.migrations.backup(view, file);
  events.emit('backup:done', { file, duration: Math.round(performance.now() - start) });
  return file;
}
