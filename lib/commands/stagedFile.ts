import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KnexMetaError } from '../errors.js';

/** A file whose whole text is on the disk, under a temporary name in the same folder. */
export interface StagedFile {
  /** Gives the file its name, in place of what had it. */
  readonly place: () => void;
  /** The same where nothing may have the name yet. Throws EEXIST. */
  readonly placeNew: () => void;
  /** Brings back what had the name before `place`. */
  readonly undo: () => void;
  /** Removes what is left under temporary names. */
  readonly end: () => void;
}

/** File systems without hard links say so in one of these ways. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

function linkOr(fallback: () => void, from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!NO_LINKS.has(String((error as NodeJS.ErrnoException).code))) throw error;
    fallback();
  }
}

function write(path: string, text: string, mode: number | undefined): void {
  const file = openSync(path, 'wx', mode ?? 0o666);
  try {
    if (mode !== undefined) fchmodSync(file, mode);
    writeFileSync(file, text);
    // Without it a power cut could leave the new name with an empty file.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a text beside the place where it is to stand. A full disk or a kill leaves that place as it was; a symbolic
 * link stays one, and the file keeps its permissions.
 */
export function stageFile(path: string, text: string): StagedFile {
  mkdirSync(dirname(path), { recursive: true });
  const isThere = existsSync(path);
  const target = isThere ? realpathSync(path) : path;
  if (isThere) {
    accessSync(target, constants.W_OK);
    if (!statSync(target).isFile()) throw Object.assign(new Error(`${path} is no file`), { code: 'EISDIR' });
  }
  const base = `${target}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const staged = `${base}.new`;
  const kept = `${base}.old`;
  try {
    write(staged, text, isThere ? statSync(target).mode & 0o7777 : undefined);
  } catch (error) {
    rmSync(staged, { force: true });
    throw error;
  }
  return {
    place: () => {
      if (isThere) linkOr(() => copyFileSync(target, kept, constants.COPYFILE_EXCL), target, kept);
      renameSync(staged, target);
    },
    placeNew: () => {
      linkOr(
        () => {
          if (existsSync(target)) throw Object.assign(new Error(`${path} exists`), { code: 'EEXIST' });
          renameSync(staged, target);
        },
        staged,
        target,
      );
    },
    undo: () => {
      if (isThere) renameSync(kept, target);
      else rmSync(target, { force: true });
    },
    end: () => {
      rmSync(staged, { force: true });
      rmSync(kept, { force: true });
    },
  };
}

/** Whether output goes somewhere that has no content to keep: a device, a pipe. */
function isStream(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Writes a file whole or not at all, in place of the one that has the name. Throws errors of the file system. */
export function replaceFile(path: string, text: string): void {
  if (isStream(path)) {
    writeFileSync(path, text);
    return;
  }
  const file = stageFile(path, text);
  try {
    file.place();
  } finally {
    file.end();
  }
}

/** Writes a new file whole or not at all. Throws EEXIST, and other errors of the file system. */
export function createFile(path: string, text: string): void {
  const file = stageFile(path, text);
  try {
    file.placeNew();
  } finally {
    file.end();
  }
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * The error for a file that could not be written.
 *
 * @param name - how the message names the file
 * @param hint - what to check when the disk is not full
 */
export function notWritten(
  name: string,
  error: unknown,
  hint = 'Check who may write to the folder.',
): KnexMetaError {
  const code = String((error as NodeJS.ErrnoException).code);
  const remedy = DISK_FULL.has(code) ? 'Free some space on the disk.' : hint;
  return new KnexMetaError('USAGE', `${name} could not be written (${code}).`, {
    remedy: `${remedy} No file was written or changed.`,
    details: { path: resolve(name), cause: code },
    cause: error,
  });
}
