import type { Session } from '../contract.js';
import { withWritableSchema } from './ddl/index.js';

/** SQLite refuses every rename and drop of a column while some view or trigger, of whatever table, does not compile. */
const BROKEN_BEFORE = /error in (?:view|trigger) (?!.* after (?:rename|drop column)).*: /;

/**
 * Runs an ALTER TABLE also where a view or trigger was broken before: the column is not what is wrong with it. One that
 * the alteration itself would break still stops it.
 */
export async function alterPastBroken(session: Session, sql: string): Promise<void> {
  try {
    await session.rows(sql);
  } catch (error) {
    if (!BROKEN_BEFORE.test(String(error))) throw error;
    const [row] = await session.rows('pragma legacy_alter_table');
    await session.rows('pragma legacy_alter_table = on');
    try {
      // While the schema may be written, SQLite leaves a text alone that it cannot rewrite.
      await withWritableSchema(session, async () => void (await session.rows(sql)));
    } finally {
      await session.rows(`pragma legacy_alter_table = ${Number(row?.legacy_alter_table)}`);
    }
  }
}
