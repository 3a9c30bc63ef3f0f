import { existsSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import escalade from 'escalade/sync';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import { defaultOf, loadModule } from './loadModule.js';

/** Knex's order where several stand side by side, with those it does not know behind. */
const EXTENSIONS = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'] as const;

/** Where the project is: its configuration file, and the folder that relative paths start from. */
export interface Location {
  readonly knexfile: string | undefined;
  readonly folder: string;
}

/**
 * Finds the knexfile as Knex does: the one that is named, or the next one on the way up. Relative paths in it
 * start from its folder when it is named, otherwise from the working directory.
 *
 * @throws KnexMetaError CONFIG_NOT_FOUND when the named file does not exist
 */
export function findKnexfile(cwd: string, named: string | undefined): Location {
  if (named !== undefined) {
    const knexfile = resolve(cwd, named);
    if (existsSync(knexfile)) return { knexfile, folder: dirname(knexfile) };
    throw new KnexMetaError('CONFIG_NOT_FOUND', `There is no file ${named}.`, {
      remedy: 'Check the path after --knexfile: it starts from --cwd, or from the working directory.',
      details: { knexfile: named },
    });
  }
  const knexfile = escalade(cwd, (_folder, names) => {
    const found = EXTENSIONS.map((extension) => `knexfile.${extension}`).find((name) => names.includes(name));
    return found ?? false;
  });
  return { knexfile: knexfile || undefined, folder: cwd };
}

function firstLines(error: unknown): string {
  const { message, stack } = error as Error;
  const place = /^(.*:\d+)\n/.exec(stack ?? '')?.[1];
  return place === undefined || message?.includes(place) ? String(message ?? error) : `${message} (${place})`;
}

/**
 * Loads a knexfile in any language and form: an object, a function, a promise, environments or a flat one.
 *
 * @throws KnexMetaError CONFIG_LOAD_FAILED, CONFIG_INVALID
 */
export async function loadKnexfile(knexfile: string): Promise<Record<string, unknown>> {
  let config: unknown;
  try {
    config = defaultOf(await loadModule(knexfile));
    if (typeof config === 'function') config = await config();
    config = await config;
  } catch (error) {
    if (isKnexMetaError(error)) throw error;
    throw new KnexMetaError(
      'CONFIG_LOAD_FAILED',
      `${relative('', knexfile)} could not be loaded: ${firstLines(error)}`,
      {
        remedy: `Correct the file; \`--verbose\` shows where it failed. (${extname(knexfile)} files run without any loader flag.)`,
        details: { knexfile },
        cause: error,
      },
    );
  }
  if (typeof config === 'object' && config !== null) return config as Record<string, unknown>;
  throw new KnexMetaError('CONFIG_INVALID', `${relative('', knexfile)} exports no configuration.`, {
    remedy: 'Export a Knex configuration, or an object with one for each environment, as the default export.',
    details: { knexfile },
  });
}
