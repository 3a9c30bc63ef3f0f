import knex, { type Knex } from 'knex';
import { KnexMetaError } from '../../errors.js';
import type { ClientClass, QueryObject } from '../../metadata/knexInternals.js';
import type { Row } from '../contract.js';
import type { Sandbox } from '../migrations.js';
import { kindOfStatement, withValues } from '../statements.js';
import { type Imagined, newImagined } from './imagined.js';
import { literal } from './literal.js';

/** An answer of the driver's with these rows. */
const answer = (rows: readonly Row[]) => ({ rows, rowCount: rows.length, fields: [], command: '' });

const FACTS_OF = /a\.attrelid = pg_catalog\.to_regclass\((E?'(?:[^']|'')*')\)/;
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
    name: column.name,
    type: column.type,
    nullable: true,
    default_to: null,
    is_metadata: column.isMetadata,
    trigger_name: null,
    trigger_body: null,
    trigger_enabled: null,
  }));
}

function notOffline(sql: string, isOffline: boolean): KnexMetaError {
  const text = sql.replace(/\s+/g, ' ').slice(0, 300);
  return new KnexMetaError(
    'NOT_OFFLINE',
    isOffline
      ? `It asks the database for something, and there is none here: ${text}`
      : `It asks the database about something that this plan itself would change: ${text}`,
    {
      remedy: isOffline
        ? 'With the database at hand: npx knex-meta migrate:plan'
        : 'Plan up to the migration before it, apply that, and plan again.',
      details: { statement: sql },
    },
  );
}

/**
 * Statements that change something are written down and not sent. What a migration asks is asked of the database, in
 * sessions that may only read; of tables that the migrations themselves make, an account is kept.
 */
export async function openSandbox(config: Knex.Config, live: Knex | undefined): Promise<Sandbox> {
  const isOffline = live === undefined;
  const taken: string[] = [];
  const imagined = newImagined();
  const Base = config.client as unknown as ClientClass;

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
      if (kind === 'transaction') return respond([]);
      if (kind === 'write') {
        taken.push(whole);
        imagined.apply(whole);
        return respond([]);
      }
      const known = imaginedAnswer(imagined, statement, isOffline);
      if (known !== undefined) return respond(known);
      if (isOffline || imagined.touches(whole)) throw notOffline(whole, isOffline);
      try {
        return await super._query(connection, statement);
      } catch (error) {
        // A function that writes: the server says so.
        if ((error as { readonly code?: string }).code !== '25006') throw error;
        taken.push(whole);
        return respond([]);
      }
    }
  }
  const db = knex({ ...config, client: Unsent as unknown as typeof Knex.Client });
  return { db, take: () => taken.splice(0), end: () => db.destroy() };
}
