import type { Knex } from 'knex';
import { openKnex } from '../../../config/connections.js';
import { KnexMetaError } from '../../../errors.js';
import type { ClientClass, QueryObject } from '../../../metadata/knexInternals.js';
import type { Row } from '../../contract.js';
import { notOffline } from '../../offline.js';
import type { KnownTable, Sandbox } from '../../sandbox.js';
import { kindOfStatement, withValues } from '../../statements.js';
import { newStreamErrors, withStreams } from '../../streamed.js';
import { markUnknown, type Unknowns, withUnknowns } from '../../unknown.js';
import type { AssumedRows } from '../../watched.js';
import { type WrittenStatement, withOrigins, writtenOf } from '../../written.js';
import { quoteName } from '../identifiers.js';
import { literal } from '../literal.js';
import { PLANNED } from '../planned.js';
import { type Account, newAccount } from './account.js';
import { placeOf } from './places.js';

/** How often one and the same statement may come in a row: a loop that waits for rows has no end here. */
const MOST_REPEATS = 200;
const MOST_STATEMENTS = 100_000;

const FACTS_OF = /a\.attrelid = pg_catalog\.to_regclass\((E?'(?:[^']|'')*')\)/;
const KNEX_ASKS =
  /^select \* from information_schema\.tables where table_name = \$1|^select \* from information_schema\.columns where table_name = \$1 and column_name = \$2/i;
const HOOK_ASKS_FOR_ROWS = /^select 1 from (.+?)(?: where .+)? limit 1$/is;

/** Whether a metadata column can become the own one: not known without a server, so values would be copied. */
const HOOK_ASKS_TO_KEEP = /^select pg_catalog\.format_type\(o\.atttypid, o\.atttypmod\) as own_type/;

const HOOK_ASKS_WHAT_IS_HIDDEN = /^select pg_catalog\.row_security_active\((E?'(?:[^']|'')*')\)/;

const textOf = (literal: string): string => literal.replace(/^E?'|'$/g, '').replaceAll("''", "'");

/** An answer of the driver's with these rows. */
const answer = (rows: readonly Row[]) => ({ rows, rowCount: rows.length, fields: [], command: '' });

/** What is known without a server: whether a table or column is there, and the facts that the hook asks for. */
function knownAnswer(account: Account, statement: QueryObject): readonly Row[] | undefined {
  const { sql, bindings = [], isOwn, isHook, origin } = statement;
  const isHooks = isOwn === true || isHook === true;
  if (!isHooks && origin?.isRaw !== true && KNEX_ASKS.test(sql)) {
    const name = String(bindings[0]);
    const schema = /current_schema\(\)/i.test(sql) ? undefined : bindings.at(-1);
    const table = account.table(
      [...(schema === undefined ? [] : [String(schema)]), name].map(quoteName).join('.'),
    );
    if (table === 'unknown') return undefined;
    if (table === 'none') return [];
    if (/information_schema\.tables/i.test(sql)) return [{ table_name: name }];
    return table.some((column) => column.name === bindings[1]) ? [{ column_name: bindings[1] }] : [];
  }
  if (!isHooks) return undefined;
  const [, from] = HOOK_ASKS_FOR_ROWS.exec(sql) ?? [];
  // What carries nothing does no harm; what is not carried is lost.
  if (from !== undefined) return account.mayHaveRows(from) ? [{ '?column?': 1 }] : [];
  if (HOOK_ASKS_TO_KEEP.test(sql)) return [];
  const [, hiding] = HOOK_ASKS_WHAT_IS_HIDDEN.exec(sql) ?? [];
  // Where no row is, none is hidden.
  if (hiding !== undefined) return account.mayHaveRows(textOf(hiding)) ? undefined : [{ hides: false }];
  const [, quoted] = FACTS_OF.exec(sql) ?? [];
  if (quoted === undefined) return undefined;
  const table = account.table(textOf(quoted));
  if (table === 'unknown') return undefined;
  if (table === 'none') return [];
  return table.map(({ name: column, type, isMetadata, known }) => ({
    nullable: true,
    default_to: null,
    trigger_name: null,
    trigger_body: null,
    trigger_enabled: null,
    ...known,
    name: column,
    type,
    is_metadata: isMetadata,
  }));
}

function endless(sql: string): KnexMetaError {
  const text = sql.replace(/\s+/g, ' ').slice(0, 300);
  return new KnexMetaError(
    'NOT_OFFLINE',
    `It repeats a statement until the database says that no row is left, and there is no database here: ${text}`,
    {
      remedy: 'With the database at hand: npx knex-meta migrate:plan',
      details: { statement: sql },
    },
  );
}

/**
 * See `SandboxEngine.record`: nothing is sent anywhere. Statements that change something are written down, and account is
 * kept of the tables that they make, for what Knex and the hook ask; every other question is refused.
 *
 * @param known - tables that are there before
 */
export function openRecorder(config: Knex.Config, known?: readonly KnownTable[]): Sandbox {
  const taken: WrittenStatement[] = [];
  const account = newAccount(known);
  const errors = newStreamErrors();
  const unknowns: Unknowns = new WeakMap();
  const Base = withStreams(
    withUnknowns(withOrigins(config.client as unknown as ClientClass), unknowns),
    errors,
    unknowns,
  );
  let assumed: AssumedRows = 'none';
  let last = '';
  let repeats = 0;
  let count = 0;

  const limit = (whole: string): void => {
    repeats = whole === last ? repeats + 1 : 0;
    last = whole;
    count += 1;
    if (repeats > MOST_REPEATS || count > MOST_STATEMENTS) throw endless(whole);
  };

  class Recorder extends Base {
    override async acquireRawConnection(): Promise<unknown> {
      return {};
    }

    override async destroyRawConnection(): Promise<void> {}

    override validateConnection(): boolean {
      return true;
    }

    override async _query(connection: unknown, statement: QueryObject): Promise<unknown> {
      const { sql, bindings = [] } = statement;
      const whole = withValues(sql, bindings, placeOf, literal);
      const respond = (response: object): QueryObject => Object.assign(statement, { response });
      const kind = kindOfStatement(sql);
      if (kind === 'transaction') {
        // Knex's own come from no builder.
        if (statement.origin !== undefined) taken.push(writtenOf(statement, whole, connection));
        return respond(answer([]));
      }
      if (kind === 'write') {
        limit(whole);
        taken.push(writtenOf(statement, whole, connection));
        account.apply(whole);
        markUnknown(unknowns, statement, whole, assumed === 'none' ? 0 : 1);
        return respond(answer([]));
      }
      const rows = knownAnswer(account, statement);
      if (rows === undefined) throw notOffline(whole);
      return respond(answer(rows));
    }
  }
  // What prepares a connection has none to prepare.
  const { afterCreate: _prepare, ...pool } = (config.pool ?? {}) as Record<string, unknown>;
  const planned = {
    ...config,
    ...(config.pool === undefined ? {} : { pool }),
    client: Recorder as unknown as typeof Knex.Client,
    [PLANNED]: true,
  };
  const db = openKnex(planned as Knex.Config);
  return {
    db,
    isReal: false,
    doubts: [],
    take: () => taken.splice(0),
    nextStreamError: errors.next,
    takeUnseenTables: () => [],
    assumeRows: (rows) => {
      assumed = rows;
      if (rows !== 'own') account.forgetRows();
    },
    end: () => db.destroy(),
  };
}
