import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** A folder is ours when it belongs to this user, and nobody else may write to it or read it. */
function isPrivate(folder: string): boolean {
  if (process.getuid === undefined) return true;
  const { uid, mode } = statSync(folder);
  return uid === process.getuid() && (mode & 0o077) === 0;
}

/**
 * The folder for compiled files, in the user's own cache folder: they hold what a knexfile holds, and whoever can write
 * there can run code. False where there is none: a shared temporary folder is none.
 */
export function cacheFolder(): string | false {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const given = process.platform === 'win32' ? LOCALAPPDATA : XDG_CACHE_HOME;
  try {
    const base = given && isAbsolute(given) ? given : join(homedir(), '.cache');
    const folder = join(base, 'knex-meta', 'compiled');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isPrivate(folder) && isPrivate(join(base, 'knex-meta')) ? folder : false;
  } catch {
    return false;
  }
}
