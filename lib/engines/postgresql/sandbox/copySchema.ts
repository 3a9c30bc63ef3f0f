import type { Knex } from 'knex';
import type { SchemaCopier } from '../../sandbox.js';
import { quoteName, quoteText, withoutBindings } from '../identifiers.js';
import { readRows } from '../introspect/rows.js';
import { openSession } from '../throwaway.js';
import { type ShortBlocks, shortBlocks } from './blocks.js';
import { type Connection, onConnection } from './connection.js';
import { sendInHalves } from './halves.js';

/** Statements of one turn. Each turn is one transaction, in which the server holds a lock for each table and index. */
const GROUP = 200;
/** What is not said again: owners, rights and comments decide about no migration of a role that owns everything. */
const WITHOUT_EFFECT =
  /^\s*(grant|revoke|comment|alter\s+default\s+privileges|alter\s[\s\S]*\sowner\s+to\s)/i;
const BODIES = /^\s*set\s+local\s+check_function_bodies\b/i;

/** The statements with blocks that are short, where the server lets their function be made. */
async function shortened(
  connection: Connection,
  statements: readonly string[],
): Promise<Omit<ShortBlocks, 'before'>> {
  const { before, ...short } = shortBlocks(statements);
  try {
    if (before.length > 0) await connection.query(before.join(';\n'));
    return short;
  } catch {
    return { statements, after: [] };
  }
}

/** See `SchemaCopier.run`. */
export const runStatements: SchemaCopier['run'] = (copy, statements) =>
  onConnection(copy, async (connection) => {
    const failed: { readonly sql: string; readonly error: Error }[] = [];
    // What is lost in a crash of the server is a copy.
    await connection.query('set check_function_bodies = off; set synchronous_commit = off');
    const all = statements.filter((sql) => !BODIES.test(sql));
    const { statements: short, after } = await shortened(connection, all);
    await sendInHalves(short, GROUP, (group) => connection.query(group.join(';\n')), {
      refused: (sql, error) => {
        if (!WITHOUT_EFFECT.test(sql)) failed.push({ sql, error });
      },
    });
    // It is gone with the session too.
    for (const sql of after) await connection.query(sql).catch(() => {});
    await connection.query('reset check_function_bodies; reset synchronous_commit');
    return failed;
  });

const LISTS = /^(search_path|temp_tablespaces)$/;

/** `search_path=public, "My App"` as a statement about another database. */
function settingSql(database: string, setting: string): string {
  const at = setting.indexOf('=');
  const name = setting.slice(0, at);
  const value = setting.slice(at + 1);
  return `alter database ${quoteName(database)} set ${quoteName(name)} to ${LISTS.test(name) ? value || "''" : quoteText(value)}`;
}

/** The server's own role of the sessions, and the one that they take on. */
async function takenRole(copy: Knex): Promise<string | undefined> {
  const [role] = await readRows<{ readonly name: string; readonly login: string }>(
    copy,
    'select current_user as name, session_user as login',
  );
  return role === undefined || role.name === role.login ? undefined : role.name;
}

/** See `SchemaCopier.prepare`. */
export const prepareCopy: SchemaCopier['prepare'] = async (config, live, copy) => {
  const settings = await readRows<{ readonly setting: string }>(
    live,
    `select pg_catalog.unnest(s.setconfig) as setting from pg_catalog.pg_db_role_setting s
      join pg_catalog.pg_database d on d.oid = s.setdatabase
      where d.datname = pg_catalog.current_database()
        and (s.setrole = 0 or s.setrole = (select r.oid from pg_catalog.pg_roles r where r.rolname = session_user))
      order by s.setrole`,
  );
  const admin = openSession(config, config.connection);
  const say = (sql: string): Promise<unknown> => admin.raw(withoutBindings(sql));
  try {
    const [database] = await readRows<{ readonly name: string }>(
      admin,
      'select pg_catalog.current_database() as name',
    );
    const name = database?.name ?? '';
    for (const { setting } of settings) {
      // One that only a superuser may set stays as the server has it.
      await say(settingSql(name, setting)).catch(() => {});
    }
    const role = await takenRole(copy);
    if (role === undefined) return;
    await say(`grant all on database ${quoteName(name)} to ${quoteName(role)}`).catch(() => {});
    await say(`grant all on schema public to ${quoteName(role)}`).catch(() => {});
  } finally {
    await admin.destroy();
  }
};
