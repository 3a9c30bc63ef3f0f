import { join, relative, resolve } from 'node:path';
import { isEsmPackage } from '../config/packageType.js';
import { KnexMetaError } from '../errors.js';
import { revisionOf } from '../migrator/revision.js';
import type { Flag } from './command.js';
import { createFile, notWritten } from './stagedFile.js';

/** The flag of commands that write a file. */
export const EXTENSION_FLAG: Flag = {
  type: 'string',
  describe: 'the extension of the file: js, mjs, cjs, ts, mts, cts',
};

/** The forms a generated file can have. */
export type FileForm = 'typescript' | 'esm' | 'commonjs';

/** The form that a file of this extension has in this folder. */
export function formOf(extension: string, folder: string): FileForm {
  if (/ts$/.test(extension)) return 'typescript';
  if (extension === 'mjs') return 'esm';
  return extension === 'js' && isEsmPackage(folder) ? 'esm' : 'commonjs';
}

/** `20240131235959`: the present second in UTC, as Knex writes it. */
export function timestamp(now = new Date()): string {
  return now.toISOString().replace(/\D/g, '').slice(0, 14);
}

/** A name as a file name: a sentence becomes words with underscores, and an extension that was typed goes. */
export function fileNameOf(name: string): string {
  return revisionOf(name)
    .replace(/^-/, '')
    .trim()
    .replace(/[\s/\\:*?"<>|]+/g, '_');
}

/**
 * Writes a new file, with its folder.
 *
 * @returns its path, relative where it is below the working directory
 * @throws KnexMetaError FILE_EXISTS; USAGE when the folder cannot be written to
 */
export function writeNewFile(directory: string, file: string, text: string): string {
  const path = resolve(directory, file);
  try {
    createFile(path, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw notWritten(join(directory, file), error, 'Check the name, and who may write to the folder.');
    throw new KnexMetaError('FILE_EXISTS', `${join(directory, file)} exists already.`, {
      remedy: 'Choose another name. Nothing was written.',
    });
  }
  return relative('', path);
}

const EXTENSIONS = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'];

/** The extension of a new file: `-x`, or the configured one, or the knexfile's. */
export function extensionOf(chosen: unknown, fallback: string): string {
  const extension = String(chosen ?? fallback)
    .toLowerCase()
    .replace(/^\./, '');
  if (EXTENSIONS.includes(extension)) return extension;
  throw new KnexMetaError('USAGE', `Invalid filetype specified: ${extension}`, {
    remedy: `-x takes one of ${EXTENSIONS.join(', ')}.`,
  });
}
