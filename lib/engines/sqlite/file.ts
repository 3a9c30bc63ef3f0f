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
