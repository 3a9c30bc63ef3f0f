import type { Session } from '../../contract.js';
import { sameName } from '../../tokens.js';
import { quoteName } from '../identifiers.js';
import { hasNoRowid, isAutoincrement, type TableDefinition } from './createTable.js';
import { refuse, type TableSchema } from './schema.js';

/** Whether a column of the table is its rowid: then its primary key has no index. */
async function hasRowidColumn(session: Session, table: string): Promise<boolean> {
  const keys = await session.rows('select 1 from pragma_table_xinfo(?) where pk > 0', [table]);
  const indexes = await session.rows("select 1 from pragma_index_list(?) where origin = 'pk'", [table]);
  return keys.length > 0 && indexes.length === 0;
}

/** The name by which a table's rowid can be asked for: one that no column has. */
function rowidName(table: TableDefinition): string | undefined {
  if (hasNoRowid(table)) return undefined;
  const taken = new Set(table.columns.map(({ name }) => name.toLowerCase()));
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
}

async function countRows(session: Session, table: string): Promise<number> {
  const [row] = await session.rows(`select count(*) as n from ${quoteName(table)}`);
  return Number(row?.n);
}

/** Copies every row, with its rowid where no column of the new table is that. */
export async function copyRows(
  session: Session,
  from: TableSchema,
  to: TableDefinition,
  target: string,
  fill: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  const kept = from.stored.filter((name) => {
    const column = to.columns.find((each) => sameName(each.name, name));
    return column !== undefined && !column.constraints.some(({ kind }) => kind === 'generated');
  });
  const source = rowidName(from.definition);
  const destination = (await hasRowidColumn(session, target)) ? undefined : rowidName(to);
  const isCarried = source !== undefined && destination !== undefined;
  const names = kept.map(quoteName);
  const into = [...(isCarried ? [destination] : []), ...names, ...[...fill.keys()].map(quoteName)].join(', ');
  const values = [...(isCarried ? [source] : []), ...names, ...fill.values()].join(', ');
  // OR ABORT: a constraint's own ON CONFLICT IGNORE or REPLACE would lose rows here.
  await session.rows(
    `insert or abort into ${quoteName(target)} (${into}) select ${values} from ${quoteName(from.name)}`,
  );
  const lost = (await countRows(session, from.name)) - (await countRows(session, target));
  if (lost !== 0) throw refuse(from.name, `${lost} rows would be lost`, 'Look at its constraints.');
}

/** Gives the copy the AUTOINCREMENT mark. In SQL alone: a number of JavaScript would round it. */
export async function copySequence(
  session: Session,
  from: TableSchema,
  to: TableDefinition,
  target: string,
): Promise<void> {
  if (!isAutoincrement(to)) return;
  await session.rows(
    'insert into sqlite_sequence (name, seq) select ?, 0 where not exists (select 1 from sqlite_sequence where name = ?)',
    [target, target],
  );
  await session.rows(
    'update sqlite_sequence set seq = (select max(seq) from sqlite_sequence where name in (?, ?)) where name = ?',
    [from.name, target, target],
  );
}
