import type { Engine } from '../engines/contract.js';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { pendingOf } from '../migrator/plan.js';
import { recordTables, type Settings } from '../migrator/settings.js';
import { readSituation } from '../migrator/situation.js';
import type { MigrationContent } from '../migrator/source.js';
import type { DatabaseSchema } from '../schema/database.js';
import { found, type MigrationFinding } from './findings.js';
import { differences, nameOf, type Objects, objectsOf } from './objects.js';
import { lostRows, type RowsByTable, readRowsOf } from './rows.js';
import type { Stage } from './stage.js';
import { quoted } from './statements.js';

/** What climbing the stairs showed. */
export interface Climb {
  readonly findings: readonly MigrationFinding[];
  readonly notes: readonly string[];
  /** Migrations that went up, down and up. */
  readonly verified: readonly string[];
  readonly tables: number;
}

export interface ClimbRequest {
  readonly engine: Engine;
  readonly settings: Settings;
  /** A new database as it is before the first migration that is verified. */
  readonly open: () => Promise<Stage>;
  readonly signal: AbortSignal | undefined;
  readonly tell: (name: string, isWell: boolean) => void;
}

interface FirstUp {
  readonly writes: number;
  /** It would not work with rows: the tables were emptied for it. */
  readonly isOnEmpty: boolean;
}

/** A database at one moment. */
interface Picture {
  readonly schema: DatabaseSchema;
  readonly objects: Objects;
  readonly rows: RowsByTable;
}

const said = (error: Error): string => {
  const lines = error.message.split('\n');
  const first = (lines[0] ?? '').replace(/^The migration .*? failed \((?:up|down)\): /, '');
  return [first, ...lines.slice(1)].join('\n');
};

/** Whether it refused by itself: its error is none of the database's, and it had changed nothing. */
const refusedItself = (error: Error, writes: number): boolean =>
  writes === 0 && !/\n {2}statement: /.test(error.message);

/**
 * Takes every migration that is pending in a throwaway database up, down and up again, with rows in every table. What is
 * wrong with one does not keep the others from being looked at, as far as they can be.
 */
export async function climb({ engine, settings, open, signal, tell }: ClimbRequest): Promise<Climb> {
  const own = ownTables(recordTables(settings));
  const how = engine.changes.comparison;
  const findings: MigrationFinding[] = [];
  const notes: string[] = [];
  const verified: string[] = [];
  const applied: string[] = [];
  const unseeded = new Set<string>();
  let stage = await open();

  const isProjects = ({ name }: { readonly name: string }): boolean => !own.includes(name);
  const projects = (schema: DatabaseSchema): DatabaseSchema => ({
    ...schema,
    tables: schema.tables.filter(isProjects),
  });
  const readSchema = async (): Promise<DatabaseSchema> => projects(await engine.introspect(stage.plain));
  async function picture(): Promise<Picture> {
    const schema = await readSchema();
    return { schema, objects: objectsOf(schema, how, own), rows: await readRowsOf(stage.plain, schema, own) };
  }

  /** Rows for tables that are new or have changed, and for those that have none. */
  async function seed(
    after: string | undefined,
    schema: DatabaseSchema,
    wanted: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    for (const { table, reason } of await stage.seeder.seed(schema, wanted)) {
      if (unseeded.has(table)) continue;
      unseeded.add(table);
      const when = after === undefined ? '' : ` after ${after}`;
      findings.push(found('NOT_SEEDED', `no row could be made up for ${table}${when}: ${reason}`, { table }));
    }
  }

  /** A new database with what is applied so far, where the state of this one is not known any more. */
  async function startAgain(): Promise<void> {
    await stage.end();
    stage = await open();
    for (const name of applied) {
      const { error } = await stage.step('up', name, signal);
      if (error !== undefined) throw error;
    }
    await seed(undefined, await readSchema());
  }

  async function emptyAll(): Promise<readonly string[]> {
    const { tables } = await readSchema();
    return engine.seeding.empty(tables.map((table) => quoted(stage.plain, table)));
  }

  const isInTransaction = (content: MigrationContent): boolean =>
    content.config?.transaction !== false && settings.disableTransactions !== true;

  /** Whether a step that failed would do so without rows too. False also where nobody can tell. */
  async function worksWhenEmpty(content: MigrationContent, direction: 'up' | 'down'): Promise<boolean> {
    if (!isInTransaction(content)) return false;
    return (await stage.rehearse(await emptyAll(), [[content, direction]])) === undefined;
  }

  function changedTables(from: DatabaseSchema, to: DatabaseSchema): ReadonlySet<string> {
    const before = new Map(from.tables.map((table) => [nameOf(table), JSON.stringify(table)]));
    return new Set(
      to.tables.filter((table) => before.get(nameOf(table)) !== JSON.stringify(table)).map(nameOf),
    );
  }

  /** The first step up; undefined: it cannot be taken, and nothing behind it can be looked at. */
  async function firstUp(
    entry: KnownEntry,
    next: KnownEntry | undefined,
  ): Promise<FirstUp | 'out of order' | undefined> {
    const { name, path: file } = entry;
    const where = { migration: name, file };
    const content = await entry.load().catch((error: Error) => error);
    const { error, writes } = await stage.step('up', name, signal);
    if (error === undefined) return { writes, isOnEmpty: false };
    if (content instanceof Error || !isKnexMetaError(error) || error.code === 'MIGRATION_INVALID') {
      findings.push(found('UP_FAILED', `${name} cannot be run: ${said(error)}`, where));
      return undefined;
    }
    if (await worksWhenEmpty(content, 'up')) {
      findings.push(
        found('UP_FAILED_WITH_ROWS', `${name} fails on tables that have rows (up): ${said(error)}`, where),
      );
      for (const sql of await emptyAll()) await stage.plain.raw(sql);
      const again = await stage.step('up', name, signal);
      if (again.error === undefined) return { writes: again.writes, isOnEmpty: true };
    }
    const later = await next?.load().catch(() => undefined);
    if (later !== undefined && next !== undefined && isInTransaction(content) && isInTransaction(later)) {
      const both = await stage.rehearse(
        [],
        [
          [later, 'up'],
          [content, 'up'],
        ],
      );
      if (both === undefined) {
        findings.push(
          found('NEEDS_LATER', `${name} needs ${next.name}, which comes after it: ${said(error)}`, where),
        );
        await stage.step('up', next.name, signal);
        await stage.step('up', name, signal);
        applied.push(next.name, name);
        return 'out of order';
      }
    }
    findings.push(found('UP_FAILED', `${name} fails (up): ${said(error)}`, where));
    return undefined;
  }

  /** Down fails here; after the next migration it may not. */
  const failedDowns = new Map<KnownEntry, { readonly index: number; readonly error: Error }>();

  async function failedDown(entry: KnownEntry, error: Error, writes: number, up: Picture): Promise<void> {
    const { name, path: file } = entry;
    const content = await entry.load();
    const where = { migration: name, file };
    if (refusedItself(error, writes)) {
      findings.push(found('IRREVERSIBLE', `${name} has no way back: ${said(error)}`, where));
    } else if (await worksWhenEmpty(content, 'down')) {
      findings.push(
        found(
          'DOWN_FAILED_WITH_ROWS',
          `the down of ${name} fails on tables that have rows: ${said(error)}`,
          where,
        ),
      );
    } else {
      failedDowns.set(entry, { index: findings.length, error });
      findings.push(found('DOWN_FAILED', `the down of ${name} fails: ${said(error)}`, where));
    }
    // What its transaction has not undone is still there.
    const now = await picture();
    if (differences(up.objects, now.objects).length > 0) await startAgain();
  }

  /** A down that failed at its place, and would work here: it needs what this migration has made. */
  async function blameLater(entry: KnownEntry): Promise<void> {
    for (const [earlier, { index, error }] of failedDowns) {
      failedDowns.delete(earlier);
      const content = await earlier.load();
      if (!isInTransaction(content)) continue;
      if ((await stage.rehearse([], [[content, 'down']])) !== undefined) continue;
      findings[index] = found(
        'NEEDS_LATER',
        `the down of ${earlier.name} needs ${entry.name}, which comes after it and is undone before it: ${said(error)}`,
        { migration: earlier.name, file: earlier.path },
      );
    }
  }

  async function stair(
    entry: KnownEntry,
    next: KnownEntry | undefined,
  ): Promise<'on' | 'skip next' | 'stop'> {
    const { name, path: file } = entry;
    const where = { migration: name, file };
    const findingsBefore = findings.length;
    const before = await picture();
    const first = await firstUp(entry, next);
    if (first === undefined) return 'stop';
    if (first === 'out of order') {
      await seed(name, await readSchema());
      return 'skip next';
    }
    const { writes, isOnEmpty } = first;
    applied.push(name);
    const content = await entry.load();
    if (content.config?.transaction === false)
      notes.push(`${name} runs without a transaction: where it fails halfway, half of it stays`);
    await blameLater(entry);
    const schema = await readSchema();
    const wanted = changedTables(before.schema, schema);
    if (!isOnEmpty) await seed(name, schema, wanted);
    const up = await picture();
    const changes = differences(before.objects, up.objects);
    if (writes > 0 && changes.length === 0)
      notes.push(`${name} changes nothing of the schema: it is about rows or settings`);

    const down = await stage.step('down', name, signal);
    if (down.error !== undefined) {
      if (writes === 0)
        findings.push(
          found('EMPTY', `${name} is a placeholder: its up does nothing on ${engine.title}`, where),
        );
      await failedDown(entry, down.error, down.writes, up);
      return 'on';
    }
    if (writes === 0 && down.writes === 0)
      findings.push(
        found('EMPTY', `${name} is a placeholder: up and down do nothing on ${engine.title}`, where),
      );
    else if (writes === 0)
      findings.push(found('EMPTY', `the up of ${name} does nothing, and its down does`, where));
    else if (down.writes === 0) {
      const what = changes.length === 0 ? ': what it did to the rows stays' : '';
      findings.push(found('EMPTY_DOWN', `${name} has an empty down${what}`, where));
    }
    const after = await picture();
    const rest = differences(before.objects, after.objects);
    if (rest.length > 0 && down.writes > 0) {
      findings.push(
        found(
          'DOWN_DIFFERS',
          `after the down of ${name} the schema is not what it was before its up:\n  ${rest.join('\n  ')}`,
          where,
        ),
      );
    }
    const changed = isOnEmpty ? [] : lostRows(before.rows, up.rows, after.rows);
    for (const { table, lost, of, columns } of changed) {
      const what = columns.length === 0 ? '' : ` (${columns.join(', ')})`;
      findings.push(
        found(
          'ROWS_CHANGED',
          `after up and down of ${name}, ${lost} of ${of} rows of ${table} are not what they were${what}`,
          { ...where, table },
        ),
      );
    }

    const second = await stage.step('up', name, signal);
    if (second.error !== undefined) {
      if (down.writes > 0 || writes === 0) {
        findings.push(
          found(
            'UP_AGAIN_FAILED',
            `${name} cannot be applied again after its down: ${said(second.error)}`,
            where,
          ),
        );
      }
      await startAgain();
    } else {
      const again = await picture();
      const other = differences(up.objects, again.objects);
      if (other.length > 0 && rest.length === 0) {
        findings.push(
          found(
            'UP_AGAIN_DIFFERS',
            `${name} made something else the second time:\n  ${other.join('\n  ')}`,
            where,
          ),
        );
      }
      if (other.length > 0) await startAgain();
    }
    if (isOnEmpty) await seed(name, await readSchema());
    verified.push(name);
    tell(name, findings.length === findingsBefore);
    return 'on';
  }

  try {
    const situation = await readSituation(stage.plain, settings, true);
    const pending = pendingOf(situation);
    await seed(undefined, await readSchema());
    for (let index = 0; index < pending.length; index += 1) {
      if (signal?.aborted)
        throw new KnexMetaError('INTERRUPTED', 'The check was interrupted.', {
          remedy: 'The throwaway database is gone. Nothing was changed.',
        });
      const entry = pending[index] as KnownEntry;
      const outcome = await stair(entry, pending[index + 1]);
      if (!verified.includes(entry.name)) tell(entry.name, false);
      if (outcome === 'skip next') index += 1;
      if (outcome !== 'stop') continue;
      const rest = pending.slice(index + 1);
      for (const { name, path: file } of rest) {
        findings.push(
          found(
            'NOT_REACHED',
            `${name} was not looked at: ${entry.name}, which comes before it, cannot be applied`,
            { migration: name, file },
          ),
        );
      }
      break;
    }
    const { tables } = await readSchema();
    return { findings, notes, verified, tables: tables.length };
  } finally {
    await stage.end();
  }
}
