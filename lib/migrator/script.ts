import type { Knex } from 'knex';
import { namedSchemas } from '../config/searchPath.js';
import { toolName } from '../config/version.js';
import type { Engine } from '../engines/contract.js';
import type { Sandbox } from '../engines/sandbox.js';
import { significant, tokenize } from '../engines/tokens.js';
import type { AssumedRows } from '../engines/watched.js';
import { KnexMetaError } from '../errors.js';
import { captureTasks, type PlannedMigration, type PlanOptions } from './capture.js';
import { checksumOfEntry } from './entries.js';
import type { KnownEntry } from './history.js';
import { modeOf } from './options.js';
import type { Plan } from './plan.js';
import { recordWriter } from './recordWriter.js';
import { fromEmpty, openSandbox } from './sandbox.js';
import { recordTables, type Settings } from './settings.js';
import { checkPending, type Found, readSituation } from './situation.js';
import { createTables } from './tables.js';
import { revisionsAt } from './target.js';
import { loadTasks } from './task.js';
import { migratorView } from './views.js';

/** A script for a database administrator, and what is in it. */
export interface Script {
  readonly text: string;
  readonly direction: 'up' | 'down';
  readonly migrations: readonly PlannedMigration[];
}

interface Range {
  readonly direction: 'up' | 'down';
  /** What is applied before the script runs, in the order of the history. */
  readonly before: readonly KnownEntry[];
  readonly steps: readonly KnownEntry[];
}

/** `a:b`: from one state to another; the way is up when `b` stands on `a`, and down when `a` stands on `b`. */
function rangeOf(text: string, found: Found): Range {
  const [first = '', second] = text.split(':');
  const from = revisionsAt(second === undefined || first === '' ? 'base' : first, found.history);
  const to = revisionsAt(second === undefined ? first || 'heads' : second || 'heads', found.history);
  const all = found.history.revisions;
  const isUp = [...from].every((revision) => to.has(revision));
  if (!isUp && ![...to].every((revision) => from.has(revision))) {
    throw new KnexMetaError(
      'USAGE',
      `Neither end of ${text} stands on the other: they are on two branches.`,
      {
        remedy: 'Write two scripts: down to where the branches meet, and up from there.',
      },
    );
  }
  const before = all.filter(({ revision }) => from.has(revision));
  const steps = isUp
    ? all.filter(({ revision }) => to.has(revision) && !from.has(revision))
    : before.filter(({ revision }) => !to.has(revision)).reverse();
  return { direction: isUp ? 'up' : 'down', before, steps };
}

/** The migrations that do something else when their statements change rows and when they change none. */
function firstOther(
  none: readonly PlannedMigration[],
  some: readonly PlannedMigration[],
): PlannedMigration | undefined {
  const verb = (sql: string) => significant(tokenize(sql))[0]?.text.toLowerCase();
  return none.find(({ statements }, position) => {
    const others = some[position]?.statements;
    // Values may be random, and names of savepoints and temporary tables are.
    return !(
      others?.length === statements.length &&
      statements.every((sql, at) => verb(sql) === verb(others[at] ?? ''))
    );
  });
}

function checkSame(none: readonly PlannedMigration[], some: readonly PlannedMigration[]): void {
  const other = firstOther(none, some);
  if (other === undefined) return;
  throw new KnexMetaError(
    'NOT_OFFLINE',
    `${other.name} could not be planned: what it does depends on how many rows a statement changes, and there is no database here.`,
    { remedy: 'With the database at hand: npx knex-meta migrate:plan', details: { migration: other.name } },
  );
}

interface Followed {
  /** Whether the migrations ran in a database. */
  readonly isReal: boolean;
  readonly migrations: readonly PlannedMigration[];
}

const changesRows = (sql: string): boolean => /^\s*(update|delete|with|merge)\b/i.test(sql);

/** The migrations from an empty database: where they ask how many rows they changed, as a real one answers. */
async function followedFromBase(
  follow: (rows: AssumedRows, isRealOnly?: boolean) => Promise<Followed>,
): Promise<readonly PlannedMigration[]> {
  const none = await follow('none');
  if (none.isReal || !none.migrations.some(({ statements }) => statements.some(changesRows)))
    return none.migrations;
  const some = await follow('own');
  if (some.isReal) return some.migrations;
  if (firstOther(none.migrations, some.migrations) === undefined) return none.migrations;
  const real = await follow('none', true);
  if (!real.isReal) checkSame(none.migrations, some.migrations);
  return real.migrations;
}

/** A plan of what is not applied. */
export const up = (steps: readonly KnownEntry[]): Plan => ({ direction: 'up', steps });
const down = (steps: readonly KnownEntry[]): Plan => ({
  direction: 'down',
  steps: steps.map((entry) => ({ entry, row: { id: 0, name: entry.name, batch: 0, appliedAt: undefined } })),
});

/** Knex's tables, for a database that may have them already. */
async function tableStatements(
  engine: Engine,
  config: Knex.Config,
  settings: Settings,
): Promise<readonly string[]> {
  const sandbox = await openSandbox(engine, config, { from: 'files' });
  try {
    await createTables(migratorView(sandbox.db), recordTables(settings));
    return sandbox
      .take()
      .map(({ sql }) => `${sql.replace(/^create (table|index) (?!if )/i, 'create $1 if not exists ')};`);
  } finally {
    await sandbox.end();
  }
}

const ended = (sql: string): string => (/;\s*$/.test(sql) ? sql.trimEnd() : `${sql.trimEnd()};`);

/** The schemas that the project's names are looked up in, and the record's. */
function schemasOf({ searchPath }: Knex.Config, { schemaName }: Settings) {
  const path = [searchPath ?? []].flat();
  return { path, created: namedSchemas(searchPath)[0], record: schemaName || undefined };
}

/**
 * Writes what migrations would run as a script, with the rows of the record. No database is asked: what is applied
 * before it is taken from the range.
 *
 * @param range - `base:head` (the default), `20240101:head`, `head:base` for the way down
 * @throws KnexMetaError NOT_OFFLINE when a migration asks the database for something
 */
export async function writeScript(
  engine: Engine,
  config: Knex.Config,
  range: string,
  options: PlanOptions = {},
): Promise<Script> {
  const settings: Settings = config.migrations ?? {};
  const found = await readSituation(undefined, settings, true);
  checkPending(found);
  const { direction, before, steps } = rangeOf(range, found);
  const form = engine.migrations.script;
  const tool = toolName();
  const mode = modeOf(options, settings);
  const write = async (sandbox: Sandbox, assumed: AssumedRows): Promise<Followed> => {
    // What is there before the script is made first, so that alterations know the tables.
    await captureTasks(sandbox, engine, await loadTasks(up(before)), mode, options.signal);
    if (before.length > 0) sandbox.assumeRows(assumed);
    // What a database gave must not stand in the script as a value: the script's own database gives another one.
    else if (sandbox.isReal || assumed === 'own') sandbox.assumeRows('own');
    const tasks = await loadTasks(direction === 'up' ? up(steps) : down(steps));
    const migrations = await captureTasks(sandbox, engine, tasks, mode, options.signal);
    return { isReal: sandbox.isReal, migrations };
  };
  const follow = (assumed: AssumedRows, isRealOnly = false) =>
    fromEmpty(
      engine,
      config,
      options,
      (sandbox) => write(sandbox, assumed),
      ({ isReal }) => isReal || !isRealOnly,
    );
  const migrations = before.length === 0 ? await followedFromBase(follow) : (await follow('none')).migrations;
  if (before.length > 0) checkSame(migrations, (await follow('some')).migrations);
  const sandbox = await openSandbox(engine, config, { from: 'files' });
  try {
    const sums = new Map<string, string>();
    for (const entry of steps) sums.set(entry.name, await checksumOfEntry(entry));
    const writer = recordWriter(sandbox.db, form, settings, tool);
    const isOne = migrations.every(({ isTransaction }) => isTransaction);
    const needsBegin = !(isOne && form.isWrapped);
    const lines = [
      `-- ${tool}: ${range}, ${migrations.length} migrations ${direction}. Run it with: ${form.command(isOne)}`,
      ...form.prelude(schemasOf(config, settings)),
    ];
    let isOpen = false;
    const open = (wanted: boolean): void => {
      if (isOpen === wanted || !needsBegin) return;
      lines.push(wanted ? form.begin : form.commit);
      isOpen = wanted;
    };
    open(true);
    lines.push(...(await tableStatements(engine, config, settings)), writer.lockRow);
    for (const [index, { name, isTransaction, statements }] of migrations.entries()) {
      if (mode === 'each') open(false);
      open(isTransaction);
      lines.push('', `-- ${name} (${direction})`, ...statements.map(ended));
      lines.push(direction === 'up' ? writer.applied(name, index === 0) : writer.undone(name));
      lines.push(writer.journal(name, direction, sums.get(name) ?? ''));
    }
    open(false);
    return { text: `${lines.join('\n')}\n`, direction, migrations };
  } finally {
    await sandbox.end();
  }
}
