import { realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import { asking } from '../../metadata/session.js';
import type { ConnectionProblem, ConnectionSettings } from '../connection.js';
import type { UrlConfig } from '../contract.js';

const URL_PREFIX = /^(?:sqlite3?|better-sqlite3|file):(?:\/\/)?/i;

/**
 * The file that a connection has open, as SQLite itself names it: one path for all spellings of it. Undefined for a
 * database in memory.
 */
export async function openedFile(db: Knex): Promise<string | undefined> {
  const rows = await asking(db, (session) => session.rows('pragma database_list'));
  const file = String(rows.find(({ name }) => name === 'main')?.file ?? '');
  if (file === '') return undefined;
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

interface Settings {
  readonly filename?: unknown;
  readonly flags?: unknown;
}

/** Knex reads any URL as a server's, and leaves no file name. */
function isUrl(text: string): boolean {
  const isDriveLetter = process.platform === 'win32' && /^[a-z]:/i.test(text);
  return !isDriveLetter && URL.canParse(text);
}

/** Only `sqlite3` reads a URI, and only when its flags say so; elsewhere it is the name of a file. */
const readsUris = ({ client }: ConnectionSettings, { flags }: Settings): boolean =>
  client !== 'better-sqlite3' && [flags ?? []].flat().includes('OPEN_URI');

function fileOfUri(uri: string): string | undefined {
  const url = new URL(uri, pathToFileURL(`${process.cwd()}/`));
  if (url.searchParams.get('mode') === 'memory' || url.pathname === '/:memory:') return undefined;
  const path = /^file:(?!\/)/i.test(uri) ? uri.slice('file:'.length).replace(/[?#].*$/s, '') : undefined;
  if (path === '' || path === ':memory:') return undefined;
  return path === undefined ? fileURLToPath(new URL(url.pathname, 'file:///')) : decodeURIComponent(path);
}

/** See `Engine.databaseFile`. */
export function fileOf(settings: ConnectionSettings): string | undefined {
  const { connection } = settings;
  const given = typeof connection === 'string' ? { filename: connection } : ((connection ?? {}) as Settings);
  if (typeof given.filename !== 'string') return undefined;
  const name = settings.client === 'better-sqlite3' ? given.filename.trim() : given.filename;
  if (name === '' || name === ':memory:') return undefined;
  return /^file:/i.test(name) && readsUris(settings, given) ? fileOfUri(name) : name;
}

/** See `Engine.connectionProblem`. */
export function connectionProblem({ connection }: ConnectionSettings): ConnectionProblem | undefined {
  if (typeof connection !== 'string' || !isUrl(connection)) return undefined;
  const path = fromUrl(connection)?.connection as { readonly filename?: string } | undefined;
  return {
    message: 'is a URL, which Knex does not read for SQLite: it would open an empty temporary database.',
    remedy: `Write the path of the file: \`connection: { filename: '${path?.filename ?? './dev.sqlite3'}' }\`.`,
  };
}

/** See `Engine.fromUrl`. */
export function fromUrl(url: string): UrlConfig | undefined {
  if (!URL_PREFIX.test(url)) return undefined;
  const [path = '', parameters] = url.replace(URL_PREFIX, '').split('?', 2);
  const mode = new URLSearchParams(parameters).get('mode');
  const filename =
    mode === 'memory' ? ':memory:' : decodeURIComponent(path.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  const options = mode === 'ro' ? { options: { readonly: true } } : {};
  return { client: 'better-sqlite3', connection: { filename, ...options } as Knex.StaticConnectionConfig };
}
