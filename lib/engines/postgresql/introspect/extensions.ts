import type { Extension } from '../../../schema/database.js';
import { readRows, type Scope } from './rows.js';

/** Every extension of the database, whatever schema its objects are in. */
export function readExtensions({ db }: Scope): Promise<readonly Extension[]> {
  return readRows<Extension>(
    db,
    `select x.extname as name, n.nspname as schema, x.extversion as version
    from pg_catalog.pg_extension x join pg_catalog.pg_namespace n on n.oid = x.extnamespace order by x.extname`,
  );
}
