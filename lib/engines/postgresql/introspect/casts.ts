import type { Cast } from '../../../schema/database.js';
import { readRows, type Scope } from './rows.js';

interface CastRow {
  readonly zone: string;
  readonly casts?: readonly Cast[];
}

/** The first oid of what is not built in. */
const FIRST_OWN = 16384;

/** The casts of extensions and of the project's own, and those that only some versions of the server have; the time zone. */
export async function readCasts({ db }: Scope): Promise<{ casts: readonly Cast[]; timeZone: string }> {
  const [row] = await readRows<CastRow>(
    db,
    `select pg_catalog.current_setting('TimeZone') as zone, (select pg_catalog.json_agg(pg_catalog.json_build_object(
        'source', pg_catalog.format_type(k.castsource, null), 'target', pg_catalog.format_type(k.casttarget, null),
        'context', case k.castcontext when 'i' then 'implicit' when 'a' then 'assignment' else 'explicit' end,
        'isBinary', k.castmethod = 'b') order by k.castsource::pg_catalog.regtype::text, k.casttarget::pg_catalog.regtype::text)
      from pg_catalog.pg_cast k where k.castsource <> k.casttarget
        and (k.oid >= ${FIRST_OWN} or 'pg_catalog.bytea'::pg_catalog.regtype in (k.castsource, k.casttarget))) as casts`,
  );
  return { casts: row?.casts ?? [], timeZone: row?.zone ?? '' };
}
