import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KnexMetaError } from '../errors.js';

/** A file to write, by its path below a directory. */
interface FileToWrite {
  readonly path: string;
  readonly text: string;
}

const EXTENSIONS = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'];

/** Files that are there under these paths, and those of one name with another extension. */
export function findTaken(
  directory: string,
  paths: readonly string[],
): { readonly same: readonly string[]; readonly shadowing: readonly string[] } {
  const there = (path: string): boolean => existsSync(resolve(directory, path));
  const named = (path: string): string => `${directory}/${path}`;
  return {
    same: paths.filter(there).map(named).sort(),
    shadowing: paths
      .flatMap((path) =>
        EXTENSIONS.map((extension) => path.replace(/\.\w+$/, `.${extension}`)).filter(
          (other) => other !== path,
        ),
      )
      .filter(there)
      .map(named),
  };
}

/**
 * Writes all of the files, or none: what was there before is put back when one cannot be written.
 *
 * @throws KnexMetaError USAGE
 */
export function writeAll(directory: string, files: readonly FileToWrite[]): void {
  const done: { readonly path: string; readonly before: string | undefined }[] = [];
  let at = directory;
  let half: string | undefined;
  try {
    for (const { path, text } of files) {
      at = `${directory}/${path}`;
      const full = resolve(directory, path);
      mkdirSync(dirname(full), { recursive: true });
      const before = existsSync(full) ? readFileSync(full, 'utf8') : undefined;
      half = `${full}.${process.pid}.new`;
      writeFileSync(half, text, { flag: 'wx' });
      renameSync(half, full);
      done.push({ path: full, before });
    }
  } catch (error) {
    for (const { path, before } of done) {
      if (before === undefined) rmSync(path, { force: true });
      else writeFileSync(path, before);
    }
    if (half !== undefined) rmSync(half, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw new KnexMetaError('USAGE', `${at} could not be written (${code}).`, {
      remedy: 'Check who may write to the folder. No file was written or changed.',
      details: { path: resolve(at), cause: code },
      cause: error,
    });
  }
}
