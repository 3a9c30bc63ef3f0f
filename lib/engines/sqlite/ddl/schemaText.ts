import type { Session } from '../../contract.js';
import type { SchemaObject } from './schema.js';

/** better-sqlite3 guards the schema table unless this is called. */
interface Guarded {
  unsafeMode?: (isUnsafe: boolean) => unknown;
}

/** Does something while the schema may be written, and reads the schema again after it. */
export async function withWritableSchema(session: Session, act: () => Promise<void>): Promise<void> {
  const guarded = session.connection as Guarded;
  guarded.unsafeMode?.(true);
  try {
    await session.rows('pragma writable_schema = on');
    await act();
  } finally {
    await session.rows('pragma writable_schema = reset').finally(() => guarded.unsafeMode?.(false));
  }
}

/**
 * Puts the text of CREATE TABLE statements into the schema as it stands: the way that SQLite's documentation gives
 * for taking constraints away, or giving them back, without touching a row. It works where PRAGMA foreign_keys
 * does nothing: inside a transaction.
 */
export async function writeTableTexts(session: Session, tables: readonly SchemaObject[]): Promise<void> {
  if (tables.length === 0) return;
  await withWritableSchema(session, async () => {
    for (const { name, sql } of tables) {
      await session.rows("update sqlite_master set sql = ? where type = 'table' and name = ?", [sql, name]);
    }
  });
}

/** Makes the connection read its schema again, as after a rollback of such texts. */
export async function rereadSchema(session: Session): Promise<void> {
  const guarded = session.connection as Guarded;
  guarded.unsafeMode?.(true);
  await session.rows('pragma writable_schema = reset').finally(() => guarded.unsafeMode?.(false));
}
