import { createHash } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Knex } from 'knex';
import type { RecordTables } from '../engines/migrations.js';
import type { Direction } from './events.js';
import { rowsOf, schemaOf } from './recordAccess.js';
import { revisionOf } from './revision.js';

/** What one line of the journal says of a migration. */
export interface JournalLine {
  readonly id: number;
  readonly name: string;
  readonly direction: Direction | 'stamp';
  /** `started`: a migration without a transaction that has not said that it ended. */
  readonly state: 'started' | 'done' | 'failed';
  readonly checksum: string | undefined;
  /** Milliseconds. */
  readonly duration: number | undefined;
  readonly startedAt: Date | undefined;
  /** `user@host`. */
  readonly runBy: string;
}

/** The longest name of a record, in bytes, whose journal and its index have whole names on every engine. */
const LONGEST_RECORD = 54;

export function journalName({ tableName }: RecordTables): string {
  const bytes = Buffer.from(tableName);
  if (bytes.length <= LONGEST_RECORD) return `${tableName}_journal`;
  // A server would cut the name, in the worst case to that of the record itself.
  const start = new TextDecoder().decode(bytes.subarray(0, 36)).replace(/\ufffd+$/, '');
  return `${start}_${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}_journal`;
}

/** Every table that is the migrator's own, and no migration's. */
export function ownTables(tables: RecordTables): readonly string[] {
  return [tables.tableName, tables.lockTable, journalName(tables)];
}

function from(db: Knex, tables: RecordTables): Knex.QueryBuilder {
  return rowsOf(db, tables, journalName(tables));
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user may have no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}

const RUN_BY = `${userName()}@${hostname()}`.slice(0, 255);

/** Makes the journal's table where there is none; `within` runs what makes it. */
export async function ensureJournal(
  db: Knex,
  tables: RecordTables,
  within: (act: (db: Knex) => Promise<void>) => Promise<void>,
): Promise<void> {
  if (await schemaOf(db, tables).hasTable(journalName(tables))) return;
  await within(async (on) => {
    await schemaOf(on, tables).createTable(journalName(tables), (t) => {
      t.increments('id');
      t.string('name').notNullable().index();
      t.string('direction', 8).notNullable();
      t.string('state', 8).notNullable();
      t.string('checksum', 64);
      t.integer('duration_ms');
      t.timestamp('started_at');
      t.string('run_by');
      t.string('tool', 40);
    });
  });
}

export interface NewLine {
  readonly name: string;
  readonly direction: JournalLine['direction'];
  readonly state: JournalLine['state'];
  readonly checksum?: string | undefined;
  readonly duration?: number;
  readonly startedAt: Date;
}

/** Adds lines. */
export async function writeLines(
  db: Knex,
  tables: RecordTables,
  tool: string,
  lines: readonly NewLine[],
): Promise<void> {
  if (tables.hasJournal === false) return;
  const rows = lines.map(({ name, direction, state, checksum, duration, startedAt }) => ({
    name,
    direction,
    state,
    checksum: checksum ?? null,
    duration_ms: duration ?? null,
    started_at: startedAt,
    run_by: RUN_BY,
    tool,
  }));
  for (let start = 0; start < rows.length; start += 50) {
    await from(db, tables).insert(rows.slice(start, start + 50));
  }
}

/** Ends the line of a migration that was begun without a transaction. */
export async function endLine(
  db: Knex,
  tables: RecordTables,
  name: string,
  state: 'done' | 'failed',
  duration: number,
): Promise<void> {
  if (tables.hasJournal === false) return;
  await from(db, tables).where({ name, state: 'started' }).update({ state, duration_ms: duration });
}

/** Lines of migrations that were begun and whose end nobody wrote down: those are settled now. */
export async function settleLines(db: Knex, tables: RecordTables): Promise<void> {
  if (tables.hasJournal === false) return;
  await from(db, tables).where({ state: 'started' }).update({ state: 'failed' });
}

function lineOf(row: Readonly<Record<string, unknown>>): JournalLine {
  return {
    id: Number(row.id),
    name: String(row.name),
    direction: row.direction as JournalLine['direction'],
    state: row.state as JournalLine['state'],
    checksum: row.checksum == null ? undefined : String(row.checksum),
    duration: row.duration_ms == null ? undefined : Number(row.duration_ms),
    startedAt: row.started_at == null ? undefined : new Date(row.started_at as string | number | Date),
    runBy: String(row.run_by ?? ''),
  };
}

/** The journal's lines, oldest first; none where there is no journal. `unfinished`: only those without an end. */
export async function readLines(
  db: Knex | undefined,
  tables: RecordTables,
  unfinished = false,
): Promise<readonly JournalLine[]> {
  if (db === undefined) return [];
  if (!(await schemaOf(db, tables).hasTable(journalName(tables)))) return [];
  const query = from(db, tables).select('*').orderBy('id');
  const rows: readonly Record<string, unknown>[] = await (unfinished
    ? query.where({ state: 'started' })
    : query);
  return rows.map(lineOf);
}

/** The line that says how each applied migration came to be, by revision. */
export function latestUps(lines: readonly JournalLine[]): ReadonlyMap<string, JournalLine> {
  const found = new Map<string, JournalLine>();
  for (const line of lines)
    if (line.direction !== 'down' && line.state === 'done') found.set(revisionOf(line.name), line);
  return found;
}
