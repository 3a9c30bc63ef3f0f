import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { configFromUrl } from '../engines/registry.js';

/** What a command line and its environment say, beside the configuration that came of it. */
export interface Choices {
  readonly knexfile: string | undefined;
  readonly folder: string;
  /** The value of --env. */
  readonly environment: string | undefined;
  /** Whether the knexfile has a configuration of the environment's name. */
  readonly isNamed: boolean;
  /** The value of --connection. */
  readonly flag: string | undefined;
  readonly config: { readonly connection?: unknown };
  readonly databaseUrl: string | undefined;
}

const textOf = (file: string | undefined): string => {
  try {
    return file === undefined ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

function unusedEnvironment({ environment, isNamed, knexfile, folder }: Choices): string | undefined {
  if (environment === undefined || isNamed) return undefined;
  const file = `.env.${environment}`;
  if (existsSync(join(knexfile === undefined ? folder : dirname(knexfile), file))) return undefined;
  const where = knexfile === undefined ? '' : 'the knexfile has one configuration for all environments, and ';
  return `--env ${environment} changes nothing: ${where}there is no file ${file}.`;
}

/** Whether a connection is the one that the URL names, however it is written; a function may be. */
function mayBe(connection: unknown, url: string): boolean {
  if (typeof connection === 'function') return true;
  const { connectionString = connection, ...settings } = (
    typeof connection === 'object' ? (connection ?? {}) : {}
  ) as Record<string, unknown>;
  if (connectionString === url) return true;
  const name = url
    .replace(/[?#].*$/s, '')
    .split('/')
    .at(-1);
  return [settings.database, settings.filename].some(
    (each) => each !== undefined && basename(String(each)) === name,
  );
}

function unusedUrl({ knexfile, config, databaseUrl, flag }: Choices): string | undefined {
  if (!databaseUrl || knexfile === undefined || flag !== undefined) return undefined;
  if (configFromUrl(databaseUrl) === undefined) return undefined;
  const { connection } = config;
  const ofUrl = configFromUrl(databaseUrl)?.connection;
  if (connection === undefined || JSON.stringify(connection) === JSON.stringify(ofUrl)) return undefined;
  // A knexfile that reads the variable itself knows what it makes of it.
  if (mayBe(connection, databaseUrl) || /DATABASE_URL|databaseUrl/.test(textOf(knexfile))) return undefined;
  return 'DATABASE_URL is set and not used: the knexfile names its own database.';
}

/** Warnings about a choice of environment or database that has no effect. */
export function unusedChoices(choices: Choices): readonly string[] {
  return [unusedEnvironment(choices), unusedUrl(choices)].filter((text) => text !== undefined);
}
