import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import type { SandboxDatabase } from '../sandbox.js';
import { backup } from './backup.js';
import { connectionTo } from './connectionTo.js';

/** Folders of this machine's processes: a shared folder may hold those of another one, where the numbers mean others. */
const MACHINE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const PREFIX = `knex-meta-plan-${MACHINE}-`;
const OURS = new RegExp(`^${PREFIX}(\\d+)-`);

const live = new Set<string>();

function remove(folder: string): void {
  live.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Copies of processes that were killed. */
function removeLeftOvers(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = OURS.exec(name) ?? [];
    if (pid === undefined || Number(pid) === process.pid || isRunning(Number(pid))) continue;
    const folder = join(tmpdir(), name);
    try {
      const found = lstatSync(folder);
      if (found.isDirectory() && found.uid === (process.getuid?.() ?? found.uid)) remove(folder);
    } catch {
      // Another process was quicker, or may not.
    }
  }
}

process.once('exit', () => {
  for (const folder of live) rmSync(folder, { recursive: true, force: true });
});

/** Copies the database into a folder that only this user may enter. It goes when the process ends, too. */
export async function copyFile(config: Knex.Config, db: Knex): Promise<SandboxDatabase> {
  removeLeftOvers();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  live.add(folder);
  const filename = join(folder, 'copy');
  try {
    chmodSync(folder, 0o700);
    await backup(db, filename);
    chmodSync(filename, 0o600);
  } catch (error) {
    remove(folder);
    throw error;
  }
  return {
    config: { ...config, connection: connectionTo(config.connection, filename) },
    end: async () => remove(folder),
  };
}
