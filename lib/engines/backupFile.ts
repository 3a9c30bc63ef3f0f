import { closeSync, linkSync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import { KnexMetaError } from '../errors.js';

const isTaken = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false }) !== undefined;

export function alreadyExists(file: string, what = 'exists already'): KnexMetaError {
  return new KnexMetaError('BACKUP_FAILED', `${file} ${what}.`, {
    remedy: 'Give another path after --backup. No migration was run.',
    details: { file },
  });
}

export function notCopied(file: string, cause: unknown): KnexMetaError {
  const { message } = cause as Error;
  return new KnexMetaError('BACKUP_FAILED', `The copy could not be written to ${file}: ${message}`, {
    remedy: 'Is there room, and may this user write there? No migration was run.',
    details: { file },
    cause,
  });
}

/** Gives the file its name, and never takes it from another file; not every file system has links. */
function place(temporary: string, file: string): void {
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || isTaken(file)) throw alreadyExists(file);
    renameSync(temporary, file);
  }
}

/**
 * Writes a backup under a temporary name in the same folder, for its owner alone. It gets its own name when it is whole:
 * a process that is killed leaves no half backup that looks like one. Nothing that has the name is replaced or followed.
 *
 * @param write - writes to the temporary file, which exists and is empty
 * @throws KnexMetaError BACKUP_FAILED
 */
export async function writeBackup(
  file: string,
  write: (temporary: string) => Promise<unknown>,
): Promise<void> {
  const temporary = `${file}.${process.pid}.unfinished`;
  let exists: boolean;
  try {
    exists = isTaken(file);
    if (!exists) closeSync(openSync(temporary, 'wx', 0o600));
  } catch (error) {
    throw notCopied(file, error);
  }
  if (exists) throw alreadyExists(file);
  try {
    await write(temporary);
    place(temporary, file);
  } finally {
    for (const end of ['', '-journal']) rmSync(`${temporary}${end}`, { force: true });
  }
}
