import { realpathSync } from 'node:fs';
import type { Knex } from 'knex';

/** The path of the open database without symbolic links; undefined for one in memory. */
export function databaseFile(db: Knex): string | undefined {
  const { connectionSettings } = db.client as { connectionSettings?: { readonly filename?: string } };
  const name = connectionSettings?.filename;
  if (name === undefined || name === '' || name.includes(':memory:')) return undefined;
  const path = name.startsWith('file:') ? name.slice('file:'.length).replace(/\?.*$/, '') : name;
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * The file that a connection has open, as SQLite itself names it: one path for all spellings of it. Undefined for a
 * database in memory.
 */
export async function openedFile(db: Knex): Promise<string | undefined> {
  const rows = (await db.raw('pragma database_list')) as readonly {
    readonly name: string;
    readonly file: string;
  }[];
  const path = rows.find(({ name }) => name === 'main')?.file;
  if (path === undefined || path === '') return undefined;
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
