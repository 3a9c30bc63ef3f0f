import type { Session } from '../../contract.js';
import { identifierOf, isWord, mentions, sameName, significant, tokenize } from '../../tokens.js';
import { TRIGGER_MARK } from '../trigger.js';
import { refuse, type TableSchema } from './schema.js';

/** The columns of a trigger's UPDATE OF. SQLite takes names there that the table has not: it would never fire. */
function columnsOfUpdate(triggerSql: string): readonly string[] {
  const tokens = significant(tokenize(triggerSql));
  const start = tokens.findIndex((token, at) => isWord(token, 'OF') && isWord(tokens[at - 1], 'UPDATE'));
  if (start < 0) return [];
  const end = tokens.findIndex((token, at) => at > start && isWord(token, 'ON'));
  return tokens
    .slice(start + 1, end)
    .filter(({ text }) => text !== ',')
    .map(identifierOf);
}

async function refuseKeys(session: Session, table: string, isDropped: (name: string) => boolean) {
  const rows = await session.rows(
    `select m.name as child, f."from", f."to" from sqlite_master m join pragma_foreign_key_list(m.name) f
     where m.type = 'table' and lower(f."table") = lower(?)`,
    [table],
  );
  for (const { child, from, to } of rows) {
    const goesToo = sameName(String(child), table) && isDropped(String(from));
    if (to === null || !isDropped(String(to)) || goesToo) continue;
    throw refuse(
      table,
      `the foreign key ${String(child)}.${String(from)} refers to its column ${String(to)}`,
      'Drop that foreign key first.',
    );
  }
}

/** A full-text index reads the columns of its table when it is asked, not before. */
async function refuseVirtual(session: Session, table: string, dropped: readonly string[]): Promise<void> {
  const rows = await session.rows(
    "select name, sql from sqlite_master where sql like 'create virtual table%'",
  );
  for (const { name, sql } of rows) {
    const strings = tokenize(String(sql)).filter(({ kind }) => kind === 'string');
    const namesTable =
      mentions(String(sql), table) || strings.some((token) => sameName(identifierOf(token), table));
    const column = namesTable ? dropped.find((each) => mentions(String(sql), each)) : undefined;
    if (column !== undefined)
      throw refuse(table, `the virtual table ${String(name)} names its column ${column}`, 'Drop that first.');
  }
}

/**
 * Refuses to drop columns that something else names in a way that the engine would not notice, or not say clearly.
 *
 * @throws KnexMetaError ALTER_REFUSED
 */
export async function refuseUsed(
  session: Session,
  table: TableSchema,
  dropped: readonly string[],
): Promise<void> {
  const isDropped = (name: string): boolean => dropped.some((each) => sameName(each, name));
  await refuseKeys(session, table.name, isDropped);
  await refuseVirtual(session, table.name, dropped);
  for (const { name, sql } of table.triggers) {
    const column = columnsOfUpdate(sql).find(isDropped);
    if (column !== undefined && !sql.includes(TRIGGER_MARK))
      throw refuse(
        table.name,
        `the trigger ${name} is for updates of its column ${column}`,
        'Drop that trigger first, and create it again afterwards.',
      );
  }
}
