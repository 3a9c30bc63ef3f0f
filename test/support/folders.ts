import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folders = new Set<string>();
let cleaner: ChildProcess | undefined;

/** A process of its own session: what ends the run does not end it. */
function startCleaner(): ChildProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL('cleaner.mjs', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
    cwd: tmpdir(),
  });
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}

/** A new folder that is deleted at the end of the run, or when the run is killed. */
export function temporaryFolder(prefix = 'knex-meta-test-'): string {
  cleaner ??= startCleaner();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  folders.add(folder);
  cleaner.stdin?.write(`${folder}\n`);
  return folder;
}

/** Deletes the folders that were made. */
export function removeTemporaryFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}
