import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { notWritten, type StagedFile, stageFile } from './stagedFile.js';

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
 * Writes all of the files, or none. All texts are on the disk before the first file gets its name, so a full disk
 * changes nothing; files that have their names already are undone when a later one cannot have its own.
 *
 * @throws KnexMetaError USAGE
 */
export function writeAll(directory: string, files: readonly FileToWrite[]): void {
  const staged: StagedFile[] = [];
  const placed: StagedFile[] = [];
  let at = directory;
  try {
    for (const { path, text } of files) {
      at = `${directory}/${path}`;
      staged.push(stageFile(resolve(directory, path), text));
    }
    for (const [index, file] of staged.entries()) {
      at = `${directory}/${files[index]?.path}`;
      file.place();
      placed.push(file);
    }
  } catch (error) {
    for (const file of placed.toReversed()) file.undo();
    throw notWritten(at, error);
  } finally {
    for (const file of staged) file.end();
  }
}
