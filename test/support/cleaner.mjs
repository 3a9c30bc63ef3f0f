/**
 * Outlives the test run, however that ends (SIGKILL too), and removes what it left: standard input names a folder a
 * line and ends with the run. A server whose data are below such a folder is stopped first.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';

const folders = [];
for await (const folder of createInterface({ input: process.stdin })) folders.push(folder);

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The file is there while the server runs, so a number that has gone to another process is never taken. */
async function stopServer(folder) {
  const file = join(folder, 'data', 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || pid < 2 || !isAlive(pid)) return;
  process.kill(pid, 'SIGQUIT');
  for (let attempt = 0; attempt < 1200 && isAlive(pid); attempt += 1) await wait(50);
}

// The next run comes first.
setPriority(19);
for (const folder of folders) {
  try {
    await stopServer(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch {
    // What one folder refuses is no reason to leave the others.
  }
}
