import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join, relative, resolve } from 'node:path';
import { KnexMetaError } from '../errors.js';

/** In the order in which one of several files of one name is taken. */
const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const NO_MODEL = /\.(d|test|spec)\.[cm]?[jt]s$/;

/** Sources before what they were compiled to, where both stand side by side: `users.ts`, `users.js`. */
function onePerName(files: readonly string[]): readonly string[] {
  const found = new Map<string, string>();
  const rank = (file: string) => EXTENSIONS.indexOf(extname(file));
  for (const file of files) {
    const name = file.slice(0, -extname(file).length);
    const other = found.get(name);
    if (other === undefined || rank(file) < rank(other)) found.set(name, file);
  }
  return [...found.values()].sort();
}

function missing(directory: string, cause: unknown): KnexMetaError {
  return new KnexMetaError('MODELS_DIRECTORY_MISSING', `There is no models directory ${directory}.`, {
    remedy:
      'Make it, or set `meta.models` in the knexfile to the directory or directories that the models are in. ' +
      'Models can be written from what the database has: `npx knex-meta models:pull`.',
    details: { directory: resolve(directory) },
    cause,
  });
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const lists = await Promise.all(
    entries.map(async (entry): Promise<readonly string[]> => {
      const path = join(directory, entry.name);
      if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
      const isDirectory = entry.isSymbolicLink() ? (await stat(path)).isDirectory() : entry.isDirectory();
      if (isDirectory) return entry.isSymbolicLink() ? [] : filesBelow(path);
      return EXTENSIONS.includes(extname(entry.name)) && !NO_MODEL.test(entry.name) ? [path] : [];
    }),
  );
  return lists.flat();
}

/**
 * The files of models in these directories and those below them, by name; a path may be a single file.
 *
 * @throws KnexMetaError MODELS_DIRECTORY_MISSING
 */
export async function listModelFiles(directories: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    directories.map(async (directory) => {
      try {
        // As a stack names it.
        const path = await realpath(resolve(directory));
        return (await stat(path)).isDirectory() ? onePerName(await filesBelow(path)) : [path];
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ENOENT') throw missing(directory, error);
        throw error;
      }
    }),
  );
  return [...new Set(lists.flat())];
}

/** How a file is called in messages: from the working directory. */
export function fileName(path: string): string {
  const name = relative('', path);
  return name.startsWith('..') ? path : name;
}
