import type { Knex } from 'knex';
import { toolName } from '../config/version.js';
import type { LockBusy } from '../engines/migrations.js';
import { journalName } from './journal.js';
import { rowsOf, schemaOf } from './recordAccess.js';
import { engineOf, recordTables, type Settings } from './settings.js';
import { readSituation, renamedFiles } from './situation.js';
import { migratorView } from './views.js';

/** The columns that each of the record's tables has. */
const COLUMNS = {
  record: ['id', 'name', 'batch', 'migration_time'],
  lock: ['index', 'is_locked'],
  journal: ['id', 'name', 'direction', 'state', 'checksum', 'duration_ms', 'started_at', 'run_by', 'tool'],
} as const;

/** A table of the record that has other columns than this version knows. */
export interface OddTable {
  readonly table: string;
  readonly kind: keyof typeof COLUMNS;
  readonly unknown: readonly string[];
  readonly missing: readonly string[];
}

/** What the record's tables are like, beside what they say. */
export interface RecordFacts {
  /** The quoted names of Knex's two tables, as a statement takes them. */
  readonly record: string;
  readonly lock: string;
  readonly hasLock: boolean;
  readonly odd: readonly OddTable[];
  /** The newest version that wrote into the journal, when it is newer than this one. */
  readonly newerTool: string | undefined;
  /** Who runs migrations now. */
  readonly holder: LockBusy | undefined;
  /** What the engine's own runs write as a flag. */
  readonly ownFlag: number | undefined;
  /** Recorded names without a file, each with the pending file that says the same, by the journal's checksum. */
  readonly renamed: readonly (readonly [from: string, to: string])[];
  readonly heads: readonly string[];
}

function quoted(...path: readonly (string | undefined)[]): string {
  return path.flatMap((part) => (part === undefined ? [] : [`"${part.replaceAll('"', '""')}"`])).join('.');
}

function numbersOf(tool: string): readonly number[] {
  return (/(\d+)\.(\d+)\.(\d+)/.exec(tool) ?? []).slice(1).map(Number);
}

/** Whether the first version is newer. */
function isNewer(one: string, other: string): boolean {
  const there = numbersOf(other);
  const different = numbersOf(one)
    .map((number, index) => number - (there[index] ?? 0))
    .find((by) => by !== 0);
  return different !== undefined && different > 0;
}

/** Reads what `check:version` asks beside the status. Writes nothing. */
export async function readRecordFacts(db: Knex | undefined, settings: Settings): Promise<RecordFacts> {
  const tables = recordTables(settings);
  const { schemaName, tableName, lockTable } = tables;
  const view = db && migratorView(db);
  const found = await readSituation(view, settings, true);
  const names = {
    record: quoted(schemaName, tableName),
    lock: quoted(schemaName, lockTable),
    heads: found.history.heads.map(({ revision }) => revision),
  };
  if (view === undefined || db === undefined) {
    return {
      ...names,
      hasLock: false,
      odd: [],
      newerTool: undefined,
      holder: undefined,
      ownFlag: undefined,
      renamed: [],
    };
  }
  const engine = engineOf(db);
  const odd: OddTable[] = [];
  const present = new Set<string>();
  for (const [kind, table] of [
    ['record', tableName],
    ['lock', lockTable],
    ['journal', journalName(tables)],
  ] as const) {
    if (!(await schemaOf(view, tables).hasTable(table))) continue;
    present.add(kind);
    const own = Object.keys(await rowsOf(view, tables, table).columnInfo());
    const known: readonly string[] = COLUMNS[kind];
    const unknown = own.filter((name) => !known.includes(name));
    const missing = known.filter((name) => !own.includes(name));
    if (unknown.length + missing.length > 0) odd.push({ table, kind, unknown, missing });
  }
  const hasTools = present.has('journal') && !odd.some(({ missing }) => missing.includes('tool'));
  const tools: readonly unknown[] = hasTools
    ? await rowsOf(view, tables, journalName(tables)).distinct('tool').pluck('tool')
    : [];
  const newer = tools.map(String).filter((tool) => isNewer(tool, toolName()));
  return {
    ...names,
    hasLock: present.has('lock'),
    odd,
    newerTool: newer.sort((a, b) => (isNewer(a, b) ? -1 : 1))[0],
    holder: present.has('record') ? await engine.checks.runHolder(view, tables) : undefined,
    ownFlag: engine.migrations.ownFlag,
    renamed: await renamedFiles(view, settings, found),
  };
}
