import type { Knex } from 'knex';
import { openKnex } from '../../config/connections.js';
import type { ClientClass, QueryObject } from '../../metadata/knexInternals.js';
import { rowsOf } from '../../metadata/session.js';
import type { Row } from '../contract.js';
import type { Sandbox } from '../migrations.js';
import { notOffline } from '../offline.js';
import { kindOfStatement, withValues } from '../statements.js';
import { type WrittenStatement, withOrigins, writtenOf } from '../written.js';
import { factsQuery } from './facts.js';
import { type Imagined, newImagined } from './imagined.js';
import { literal } from './literal.js';
import { PLANNED } from './planned.js';

/** An answer of the driver's with these rows. */
const answer = (rows: readonly Row[]) => ({ rows, rowCount: rows.length, fields: [], command: '' });

const FACTS_OF = /a\.attrelid = pg_catalog\.to_regclass\((E?'(?:[^']|'')*')\)/;
const ROW_LOCK =
  /\s+for\s+(?:(?:no\s+key\s+)?update|(?:key\s+)?share)\b(?:\s+of\s+[^()';]+?)?(?:\s+(?:nowait|skip\s+locked))?\s*;?\s*$/i;
const KNEX_ASKS = /from information_schema\.(tables|columns) where table_name = /i;

/** What is known without a server: whether a table or column is there, and the facts that the hook asks for. */
function imaginedAnswer(
  imagined: Imagined,
  { sql, bindings = [] }: QueryObject,
  isOffline: boolean,
): readonly Row[] | undefined {
  const [, kind] = KNEX_ASKS.exec(sql) ?? [];
  if (kind !== undefined) {
    const table = imagined.table(String(bindings[0]));
    if (table === 'gone' || (table === undefined && isOffline)) return [];
    if (table === undefined || table === 'changed') return undefined;
    if (kind.toLowerCase() === 'tables') return [{ table_name: bindings[0] }];
    return table.some(({ name }) => name === bindings[1]) ? [{ column_name: bindings[1] }] : [];
  }
  const [, quoted] = FACTS_OF.exec(sql) ?? [];
  if (quoted === undefined) return undefined;
  const name = /"((?:[^"]|"")*)"'$/.exec(quoted)?.[1]?.replaceAll('""', '"').replaceAll("''", "'") ?? '';
  const table = imagined.table(name);
  if (table === 'gone' || (table === undefined && isOffline)) return [];
  if (table === undefined || table === 'changed') return undefined;
  return table.map((column) => ({
    nullable: true,
    default_to: null,
    trigger_name: null,
    trigger_body: null,
    trigger_enabled: null,
    ...column.live,
    name: column.name,
    type: column.type,
    is_metadata: column.isMetadata,
  }));
}

/**
 * Statements that change something are written down and not sent. What a migration asks is asked of the database, in
 * sessions that may only read; of tables that the migrations themselves make, an account is kept.
 */
export async function openSandbox(config: Knex.Config, live: Knex | undefined): Promise<Sandbox> {
  const isOffline = live === undefined;
  const taken: WrittenStatement[] = [];
  const imagined = newImagined();
  const Base = withOrigins(config.client as unknown as ClientClass);

  class Unsent extends Base {
    override async acquireRawConnection(): Promise<unknown> {
      if (isOffline) return {};
      const connection = await super.acquireRawConnection();
      await super._query(connection, { sql: 'set default_transaction_read_only = on' });
      return connection;
    }

    override async destroyRawConnection(connection: unknown): Promise<void> {
      if (!isOffline) await super.destroyRawConnection(connection);
    }

    override validateConnection(connection: unknown): boolean {
      return isOffline || super.validateConnection(connection);
    }

    override async _query(connection: unknown, statement: QueryObject): Promise<unknown> {
      const factsOf = async (on: unknown, quoted: string): Promise<readonly Row[]> => {
        const query = { ...factsQuery({ quoted }), bindings: [] };
        // Without the default's text, which the server gives only to who gets a lock of the table.
        const text = query.sql.replace(/pg_catalog\.pg_get_expr\([^)]*\)/, 'null').replaceAll('\\?', '?');
        const asked = { ...query, sql: text };
        return rowsOf(((await super._query(on, asked)) as { readonly response?: unknown }).response);
      };
      const { sql, bindings = [] } = statement;
      const whole = withValues(
        sql,
        bindings,
        ({ text }) => (/^\$\d+$/.test(text) ? Number(text.slice(1)) - 1 : undefined),
        literal,
      );
      const respond = (rows: readonly Row[]): QueryObject =>
        Object.assign(statement, { response: answer(rows) });
      const kind = kindOfStatement(sql);
      if (kind === 'transaction') {
        // Knex's own come from no builder.
        if (statement.origin !== undefined) taken.push(writtenOf(statement, whole, connection));
        return respond([]);
      }
      if (kind === 'write') {
        const unknown = isOffline ? undefined : imagined.unknownTable(whole);
        if (unknown !== undefined) imagined.learn(unknown.name, await factsOf(connection, unknown.quoted));
        taken.push(writtenOf(statement, whole, connection));
        imagined.apply(whole);
        return respond([]);
      }
      const known = imaginedAnswer(imagined, statement, isOffline);
      if (known !== undefined) return respond(known);
      const isTouched = imagined.touches(whole);
      // A question of the hook's own is about what rows hold: the database's columns hold it under their old names.
      const asLive = isTouched && statement.isOwn ? imagined.asLive(whole) : undefined;
      if (isOffline || (isTouched && asLive === undefined)) throw notOffline(whole, isOffline);
      // A session that may only read locks no rows.
      statement.sql = (asLive ?? sql).replace(ROW_LOCK, '');
      try {
        return await super._query(connection, statement);
      } catch (error) {
        // A function that writes: the server says so.
        if ((error as { readonly code?: string }).code !== '25006') throw error;
        taken.push(writtenOf(statement, whole, connection));
        return respond([]);
      }
    }
  }
  // What prepares a connection has none to prepare.
  const { afterCreate: _prepare, ...pool } = (config.pool ?? {}) as Record<string, unknown>;
  const own = isOffline && config.pool !== undefined ? { ...config, pool } : config;
  const planned = { ...own, client: Unsent as unknown as typeof Knex.Client, [PLANNED]: true };
  const db = openKnex(planned as Knex.Config);
  return { db, isReal: false, take: () => taken.splice(0), forgetRows: () => {}, end: () => db.destroy() };
}
