import type { Knex } from 'knex';
import { openKnex } from '../config/connections.js';
import type { ClientClass, QueryObject } from '../metadata/knexInternals.js';
import { rowsOf } from '../metadata/session.js';
import { notOffline } from './offline.js';
import { kindOfStatement, type StatementKind, withValues } from './statements.js';
import { newStreamErrors, withStreams } from './streamed.js';
import type { Token } from './tokens.js';
import { markUnknown, type Unknowns, withUnknowns } from './unknown.js';
import { type WrittenStatement, withOrigins, writtenOf } from './written.js';

/**
 * How many rows a statement of a script changes in a database that nobody sees; `own`: the script begins with an empty
 * database, so the rows are those of its own statements, and only their values are unknown. A sandbox that has no database
 * answers then that a statement changes a row.
 */
export type AssumedRows = 'none' | 'some' | 'own';

/** A statement on its way to a database that exists only for this. */
export interface Passing {
  readonly statement: QueryObject;
  readonly kind: StatementKind;
  readonly connection: unknown;
  /** Sends a text on the same connection, past everything else. */
  readonly ask: (sql: string) => Promise<unknown>;
  /** Sends the statement itself. */
  readonly send: () => Promise<unknown>;
}

/** What an engine does about a statement that runs for real. */
export interface WatchForm {
  readonly literal: (value: unknown) => string;
  /** The place of a binding, by its token. */
  readonly placeOf: (token: Token) => number | 'next' | undefined;
  /** Whether a question is about rows, and not about the schema alone. */
  readonly asksForRows: (sql: string) => boolean;
  /** What the driver gives for a row of one column. */
  readonly oneRow: unknown;
  /** Runs it; `isWrite` says that it changed something, whatever its text looks like. */
  readonly run: (passing: Passing) => Promise<{ readonly answer: unknown; readonly isWrite: boolean }>;
}

/** A Knex whose statements run, or are followed, and are written down. */
export interface Watched {
  readonly db: Knex;
  /** The statements since the last call that change something. */
  readonly take: () => readonly WrittenStatement[];
  /** Rejects with the next error of a stream that the migration does not listen to. */
  readonly nextStreamError: () => Promise<never>;
  /**
   * The script runs in a database whose rows nobody knows: what asks for them, or goes on with what the database gave,
   * is refused with NOT_OFFLINE. How many rows a statement changes is answered by the assumption.
   */
  readonly assumeRows: (rows: AssumedRows) => void;
}

/** Whether the driver's answer has a value that another database may not give: nothing, zero and no rows it gives too. */
function hasValues(answer: unknown): boolean {
  const rows = rowsOf((answer as { readonly response?: unknown } | undefined)?.response);
  return rows.some((row) =>
    Object.values(row).some((value) => value !== null && value !== false && Number(value) !== 0),
  );
}

/** Whether a question is about no table at all: the time, a random value, the server, the role. */
const isAboutServer = (sql: string): boolean => !/\bfrom\b/i.test(sql) && !/\bto_reg\w+\s*\(/i.test(sql);

/** A question of the hook's own: whether there is anything to carry. */
const IS_THERE_ANY = /^select 1 from .+ limit 1$/is;

/** Opens a Knex on a database of its own, whose statements are written down. */
export function openWatched(config: Knex.Config, form: WatchForm): Watched {
  const taken: WrittenStatement[] = [];
  const errors = newStreamErrors();
  const unknowns: Unknowns = new WeakMap();
  let assumed: AssumedRows | undefined;
  const Base = withStreams(
    withUnknowns(withOrigins(config.client as unknown as ClientClass), unknowns),
    errors,
    unknowns,
  );
  class WatchedClient extends Base {
    override async _query(connection: unknown, statement: QueryObject): Promise<unknown> {
      // Written down before it runs: a statement may be changed on the way.
      const { sql, bindings = [], origin, isOwn, isHook } = statement;
      const kind = kindOfStatement(sql);
      if (assumed !== undefined && assumed !== 'own' && kind === 'read') {
        const isHooks = isOwn === true || isHook === true;
        // What carries nothing does no harm; what is not carried is lost.
        if (isHooks && IS_THERE_ANY.test(sql)) return Object.assign(statement, { response: form.oneRow });
        if (!isHooks && form.asksForRows(sql)) throw notOffline(sql);
      }
      const { answer, isWrite } = await form.run({
        statement,
        kind,
        connection,
        ask: (text) => super._query(connection, { sql: text }),
        send: () => super._query(connection, statement),
      });
      const isAboutValues = assumed === 'own' && !isWrite && (form.asksForRows(sql) || isAboutServer(sql));
      if (isAboutValues && kind === 'read' && hasValues(answer))
        markUnknown(unknowns, statement, sql, undefined);
      // Knex's own words for a transaction come from no builder.
      if (isWrite || (kind === 'transaction' && origin !== undefined)) {
        const whole = withValues(sql, bindings, form.placeOf, form.literal);
        taken.push(writtenOf(statement, whole, connection));
        const count = assumed === 'own' ? undefined : Number(assumed === 'some');
        if (assumed !== undefined) markUnknown(unknowns, statement, whole, count);
      }
      return answer;
    }
  }
  const db = openKnex({ ...config, client: WatchedClient as unknown as typeof Knex.Client });
  return {
    db,
    take: () => taken.splice(0),
    nextStreamError: errors.next,
    assumeRows: (rows) => {
      assumed = rows;
    },
  };
}
