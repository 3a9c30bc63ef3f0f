import type { ClientInternals } from '../../metadata/knexInternals.js';
import { sessionOn } from '../../metadata/session.js';
import type { PreservingEngine, Session } from '../contract.js';
import { isWord, significant, tokenize } from '../tokens.js';
import { ownSession } from './ddl/index.js';
import { quoteName, quoteText } from './identifiers.js';
import { TRIGGER_MARK } from './trigger.js';

/** What ends the condition of one of our triggers while it rests, and what ends it otherwise. */
const RESTING = ` and 0 /* knex-meta: preserve */ begin ${TRIGGER_MARK}`;
const AWAKE = ` begin ${TRIGGER_MARK}`;

const RESTED = RESTING.slice(0, -AWAKE.length);

/** On a connection: our triggers rest in its transaction. Another copy of this package, whose hook it has, sees it too. */
const RESTS = Symbol.for('knex-meta.preserving');

interface Connection {
  [RESTS]?: boolean;
}

const toResting = (sql: string): string =>
  sql.includes(RESTING) || !sql.includes(AWAKE) ? sql : sql.replace(AWAKE, () => RESTING);

const toAwake = (sql: string): string => sql.replace(RESTING, () => AWAKE);

/**
 * Changes the text of our triggers, in every file of the connection. What was created behind one of them on its
 * table is created anew too: SQLite fires triggers in the order in which they were made.
 */
async function rewrite(session: Session, which: string, change: (sql: string) => string): Promise<void> {
  const files = await session.rows("select name from pragma_database_list where name <> 'temp'");
  for (const file of files.map(({ name }) => quoteName(String(name)))) {
    const master = `${file}.sqlite_master`;
    const triggers = await session.rows(`select t.name, t.sql from ${master} t where t.type = 'trigger'
      and t.rowid >= (select min(o.rowid) from ${master} o
        where o.type = 'trigger' and lower(o.tbl_name) = lower(t.tbl_name) and ${which})
      order by t.rowid`);
    for (const { name } of triggers) await session.rows(`drop trigger ${file}.${quoteName(String(name))}`);
    for (const { sql } of triggers) {
      await session.rows(
        change(String(sql)).replace(/^create\s+trigger\s+/i, (create) => `${create}${file}.`),
      );
    }
  }
}

const has = (text: string): string => `instr(o.sql, ${quoteText(text)}) > 0`;

async function wake(session: Session): Promise<void> {
  const connection = session.connection as Connection;
  connection[RESTS] = false;
  try {
    await rewrite(session, has(RESTED), toAwake);
  } catch (error) {
    // What commits tries again.
    connection[RESTS] = true;
    throw error;
  }
}

/**
 * SQLite has no setting of a transaction that a trigger could read. But its schema is a part of the transaction: while
 * our triggers rest, only this connection sees them rest, and a rollback or the end of the process wakes them.
 */
export const preserving: PreservingEngine = {
  begin: async (session) => {
    (session.connection as Connection)[RESTS] = true;
    await rewrite(session, `${has(AWAKE)} and not ${has(RESTED)}`, toResting);
  },
  end: wake,
  // Triggers of any version can rest.
  upgrade: async () => ({ upgraded: [], left: [] }),
};

export function isPreserving(connection: unknown): boolean {
  return (connection as Connection | undefined)?.[RESTS] === true;
}

/**
 * Looks at each statement of a connection whose triggers rest. None is committed as it rests: what commits wakes them
 * before. One that is made meanwhile rests too.
 */
export async function whilePreserving(
  client: ClientInternals,
  connection: unknown,
  sql: string,
): Promise<string> {
  const [first, second, third] = significant(tokenize(sql));
  if (isWord(first, 'COMMIT', 'END')) await wake(ownSession(sessionOn(client, connection)));
  if (isWord(first, 'ROLLBACK') && !isWord(second, 'TO') && !isWord(third, 'TO'))
    (connection as Connection)[RESTS] = false;
  return isWord(first, 'CREATE') && isWord(second, 'TRIGGER') ? toResting(sql) : sql;
}
