import type { Access } from '../../../schema/database.js';

/** Who is granted something, in a row `g` of `aclexplode`. */
export const GRANTEE =
  "case g.grantee when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) end";

export interface AccessRow {
  readonly owner?: string;
  readonly public: boolean;
  readonly grants?: readonly { readonly role: string; readonly option: boolean }[];
}

/** Reads the privileges of what everybody may use unless it is said otherwise; NULL where nothing is said. */
export function selectAccess(acl: string, owner: string): string {
  const name = `pg_catalog.pg_get_userbyid(${owner})`;
  return `case when ${acl} is not null or ${name} <> current_user then pg_catalog.json_build_object(
      'owner', case when ${name} <> current_user then pg_catalog.quote_ident(${name}) end,
      'public', ${acl} is null or exists (select from pg_catalog.aclexplode(${acl}) g where g.grantee = 0),
      'grants', (select pg_catalog.json_agg(pg_catalog.json_build_object('role', ${GRANTEE}, 'option', g.is_grantable)
        order by ${GRANTEE}) from pg_catalog.aclexplode(${acl}) g where g.grantee not in (0, ${owner}))) end`;
}

export function accessOf(row: AccessRow | undefined): Access | undefined {
  if (row === undefined) return undefined;
  const grants = (row.grants ?? []).map(({ role, option }) => ({ role, withGrantOption: option }));
  const isUsual = row.owner === undefined && row.public && grants.length === 0;
  return isUsual ? undefined : { owner: row.owner, isPublic: row.public, grants };
}
