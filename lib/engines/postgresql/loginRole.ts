import type { Knex } from 'knex';
import { quoteName, withoutBindings } from './identifiers.js';
import { readRows } from './introspect/rows.js';

/** The two roles of a session that has changed its role (`set role`), and who of them may create databases. */
export interface SessionRoles {
  readonly current: string;
  readonly login: string;
  readonly mayCreate: boolean;
}

const ROLES = `select current_user::pg_catalog.text as current, session_user::pg_catalog.text as login,
    r.rolsuper or r.rolcreatedb as "mayCreate"
  from pg_catalog.pg_roles r where r.rolname = current_user`;

export async function sessionRoles(admin: Knex): Promise<SessionRoles | undefined> {
  const [row] = await readRows<SessionRoles>(admin, ROLES);
  return row;
}

/**
 * Does what the right to create databases is needed for, on a Knex of one connection: as the role that logged in where the
 * session's present role (`pool.afterCreate`, `alter role ... set role`) has no such right.
 */
export async function asLogin<T>(
  admin: Knex,
  roles: SessionRoles | undefined,
  act: () => Promise<T>,
): Promise<T> {
  if (roles === undefined || roles.mayCreate || roles.current === roles.login) return act();
  await admin.raw('set role none');
  try {
    return await act();
  } finally {
    await admin.raw(withoutBindings(`set role ${quoteName(roles.current)}`));
  }
}

/** Who owns what `asLogin` creates: the role that the session's other statements have. */
export function ownedBy(roles: SessionRoles | undefined): string {
  return roles === undefined || roles.mayCreate || roles.current === roles.login
    ? ''
    : ` owner ${quoteName(roles.current)}`;
}

/** What to do where no database can be created, for the roles of the session. */
export function createdbRemedy(roles: SessionRoles | undefined): string {
  if (roles === undefined)
    return 'The role needs the right to create databases (`alter role <name> createdb`)';
  const grant = `\`alter role ${quoteName(roles.login)} createdb\``;
  return roles.current === roles.login
    ? `The role ${roles.login} needs the right to create databases (${grant})`
    : `The session logs in as ${roles.login} and works as ${roles.current} (\`set role\`): one of them needs the right to create databases (${grant})`;
}
