import type { Knex } from 'knex';
import { type EngineName, q, type Side, type TableSpec, tableSql } from './spec.js';

/** The values of tables by slot, row and slot of the column, as text. */
export type Contents = ReadonlyMap<string, readonly Readonly<Record<string, string | null>>[]>;

const METADATA = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

async function rowsOf(
  db: Knex,
  engine: EngineName,
  table: TableSpec,
): Promise<readonly Record<string, string | null>[]> {
  const own = table.columns.map(({ slot, name }) => [slot, name] as const);
  const all = [...own, ...(table.metadata ? METADATA.map((name) => [name, name] as const) : [])];
  const read = (name: string) => (engine === 'postgresql' ? `${q(name)}::text` : q(name));
  const sql = `select ${all.map(([slot, name]) => `${read(name)} as ${q(slot)}`).join(', ')} from ${tableSql(table)} order by ${q('id')}`;
  const answer = await db.raw(engine === 'postgresql' ? sql.replaceAll('?', '\\?') : sql);
  return engine === 'postgresql' ? answer.rows : answer;
}

export async function readSide(db: Knex, engine: EngineName, side: Side): Promise<Contents> {
  const contents = new Map<string, readonly Readonly<Record<string, string | null>>[]>();
  for (const table of side.tables) contents.set(table.slot, await rowsOf(db, engine, table));
  return contents;
}

/** What a value is, whatever type of its family has it. */
/** A text keeps the value that the type has renamed: either name is the value. */
function meaning(slot: string, value: unknown, mood: readonly string[]): unknown {
  if (value === null) return null;
  const written = String(value);
  switch (slot) {
    case 'num':
    case 'id':
    case 'ref':
    case 'second':
      return Number(written);
    case 'flag':
      return /^(t|true|1)$/.test(written);
    case 'when':
      return written.slice(0, 10);
    case 'doc':
      return JSON.stringify(JSON.parse(written));
    case 'kind':
    case 'kinds':
      return mood.includes(written.replace(/["{}]/g, '')) ? '$mood' : written;
    default:
      return written.trimEnd();
  }
}

/** The rows of both, where both have the table, with the columns that both have. */
export function shared(from: Side, to: Side, contents: Contents): unknown {
  return from.tables.flatMap((table) => {
    const other = to.tables.find(({ slot }) => slot === table.slot);
    if (other === undefined) return [];
    const slots = table.columns.flatMap(({ slot }) =>
      !['computed', 'label'].includes(slot) && other.columns.some((each) => each.slot === slot) ? [slot] : [],
    );
    const rows = contents.get(table.slot) ?? [];
    return rows.map((row) => [
      table.slot,
      ...slots.map((slot) => meaning(slot, row[slot], [...from.mood, ...to.mood])),
      ...(table.metadata ? METADATA.map((name) => row[name]) : []),
    ]);
  });
}

/** How far the sequences are that number `id`, where they number it in the same way on both sides. */
export async function positions(db: Knex, engine: EngineName, side: Side, other: Side): Promise<unknown> {
  const found: unknown[] = [];
  for (const table of side.tables) {
    const there = other.tables.find(({ slot }) => slot === table.slot);
    const [mine] = table.columns;
    if (there === undefined || mine?.numbering !== there.columns[0]?.numbering) continue;
    if (engine === 'sqlite') {
      const [row] =
        mine?.numbering === 'autoincrement'
          ? await db.raw('select seq from sqlite_sequence where name = ?', [table.name])
          : [];
      found.push([table.slot, row?.seq || undefined]);
    } else {
      const { rows } = await db.raw('select pg_get_serial_sequence(?, ?) as name', [tableSql(table), 'id']);
      const { rows: counted } = await db.raw(
        `select last_value, is_called from ${rows[0].name}`.replaceAll('?', '\\?'),
      );
      found.push([table.slot, counted[0]]);
    }
  }
  return found;
}
