import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { KnexMetaError } from '../errors.js';

type Variables = Record<string, string | undefined>;

function readVariables(file: string): Variables {
  if (!existsSync(file)) return {};
  try {
    return parseEnv(readFileSync(file, 'utf8')) as Variables;
  } catch (error) {
    throw new KnexMetaError('CONFIG_LOAD_FAILED', `The file ${file} could not be read.`, { cause: error });
  }
}

/**
 * Chooses the environment and reads `.env` and `.env.<environment>` of a folder into `variables`, where what is
 * set already wins, and the environment's own file wins over `.env`.
 *
 * @param chosen - the value of `--env`; after it come ENVIRONMENT, NODE_ENV and `development`
 * @returns the environment's name
 */
export function readEnvironment(folder: string, chosen: string | undefined, variables: Variables): string {
  const common = readVariables(join(folder, '.env'));
  const named = (name: string): string | undefined => variables[name] || common[name] || undefined;
  const environment = chosen ?? named('ENVIRONMENT') ?? named('NODE_ENV') ?? 'development';
  const own = readVariables(join(folder, `.env.${environment}`));
  for (const [name, value] of Object.entries({ ...common, ...own })) variables[name] ??= value;
  return environment;
}
