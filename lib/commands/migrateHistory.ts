import { absentFile } from '../cli/project.js';
import { EXIT, isKnexMetaError } from '../errors.js';
import { current, describeHistory, type Reading, type RevisionInfo, readAll } from '../migrator/describe.js';
import { describeRevision, withDetails } from '../migrator/details.js';
import { describeHeads } from '../migrator/heads.js';
import type { Settings } from '../migrator/settings.js';
import { type Found, readSituation } from '../migrator/situation.js';
import { migratorView } from '../migrator/views.js';
import type { Command, Context } from './command.js';

/** The database, when there is one: reading must not make a file. */
export async function databaseForReading({ project, database }: Context) {
  const { config, extension } = await project();
  const settings: Settings = { ...config.migrations, extension };
  return { db: absentFile(config) === undefined ? (await database()).db : undefined, settings };
}

async function openForReading(context: Context) {
  const { db, settings } = await databaseForReading(context);
  return { view: db && migratorView(db), settings };
}

/** Files, record and journal; nothing is written, nor a database made. */
export async function readHistory(context: Context): Promise<Reading> {
  const { view, settings } = await openForReading(context);
  return readAll(view, settings);
}

/** The files alone: no database is asked. */
export async function readFiles({ project }: Context): Promise<Found> {
  const { config, extension } = await project();
  return readSituation(undefined, { ...config.migrations, extension }, true);
}

/** The files; undefined where there is no directory of migrations yet. */
export async function readFilesIfAny(context: Context): Promise<Found | undefined> {
  try {
    return await readFiles(context);
  } catch (error) {
    if (isKnexMetaError(error) && error.code === 'MIGRATIONS_DIRECTORY_MISSING') return undefined;
    throw error;
  }
}

export const migrateCurrent: Command = {
  command: 'migrate:current',
  describe: 'Show the revision that the database is at; writes nothing',
  examples: [['knex-meta migrate:current', '20240102_add_profile (head), or base when nothing is applied']],
  run: async (context) => {
    const { view, settings } = await openForReading(context);
    const { output } = context;
    const where = await current(view, settings);
    const heads = new Set(where.heads);
    for (const revision of where.revisions) {
      output.line(`${output.style('cyan', revision)}${heads.has(revision) ? ' (head)' : ''}`);
    }
    if (where.revisions.length === 0) output.line(output.style('cyan', 'base'));
    if (where.pending > 0) output.line(`${where.pending} pending`);
    return { data: { ok: true, ...where } };
  },
};

const SIGNS = { applied: '✓', pending: '·', missing: '✗' } as const;
const STYLES = { applied: 'green', pending: 'yellow', missing: 'red' } as const;

function historyLines({ output, args }: Context, info: RevisionInfo): void {
  const { revision, state, isHead, isCurrent, appliedAt, batch, duration, runBy, path, revises } = info;
  const marks = [...(isCurrent ? ['current'] : []), ...(isHead ? ['head'] : [])];
  const when = appliedAt === undefined ? state : `applied ${appliedAt.toISOString()}`;
  const after = marks.length === 0 ? '' : ` (${marks.join(', ')})`;
  output.line(
    `${output.style(STYLES[state], SIGNS[state])} ${revision}${after}  ${output.style('dim', when)}`,
  );
  if (args.verbose !== true) return;
  const facts: readonly (readonly [string, unknown])[] = [
    ['file', path],
    ['revises', revises.join(', ') || 'base'],
    ['batch', batch],
    ['duration', duration === undefined ? undefined : `${duration} ms`],
    ['by', runBy],
  ];
  for (const [name, value] of facts) if (value !== undefined) output.line(`    ${name}: ${value}`);
}

export const migrateHistory: Command = {
  command: 'migrate:history',
  describe: 'List every revision in its order, with the current one and the heads marked; writes nothing',
  flags: {
    range: {
      type: 'string',
      describe: 'a part of it, with both ends: base:head, current:, 20240101:20240301',
    },
  },
  examples: [
    ['knex-meta migrate:history', 'what is applied, what is pending, where the database is'],
    ['knex-meta migrate:history --range current: --verbose', 'what is still to come, with its files'],
  ],
  run: async (context) => {
    const { view, settings } = await openForReading(context);
    const { args, output } = context;
    const reading = await readAll(view, settings);
    const revisions = describeHistory(reading, args.range === undefined ? undefined : String(args.range));
    const details = args.verbose === true ? await withDetails(reading, revisions) : [];
    for (const [index, info] of revisions.entries()) {
      historyLines(context, info);
      const { checksum = '', description } = details[index] ?? {};
      if (checksum !== '') output.line(`    checksum: ${checksum}`);
      for (const line of description?.split('\n') ?? []) output.line(`    ${line}`);
    }
    if (revisions.length === 0) output.line('No migration.');
    return { data: { ok: true, revisions: details.length === 0 ? revisions : details } };
  },
};

export const migrateShow: Command = {
  command: 'migrate:show <revision>',
  describe: 'Show one revision: what it is, when it was applied, the tables that it names; writes nothing',
  examples: [['knex-meta migrate:show head', 'the newest one; the beginning of a name is enough']],
  run: async (context) => {
    const { view, settings } = await openForReading(context);
    const { output, args } = context;
    const details = await describeRevision(await readAll(view, settings), String(args.revision));
    historyLines({ ...context, args: { ...args, verbose: true } }, details);
    output.line(
      `    checksum: ${details.checksum}${details.isEdited ? ' (edited since it was applied)' : ''}`,
    );
    if (details.tables.length > 0) output.line(`    tables: ${details.tables.join(', ')}`);
    for (const line of details.description?.split('\n') ?? []) output.line(`    ${line}`);
    return { data: { ok: true, ...details } };
  },
};

export const migrateHeads: Command = {
  command: 'migrate:heads',
  describe: 'List the revisions that no other one follows; exit code 3 when there is more than one',
  examples: [
    ['knex-meta migrate:heads', 'in CI: two migrations were made at the same time, on two branches'],
  ],
  run: async (context) => {
    const { output } = context;
    const found = await describeHeads(await readFiles(context));
    for (const { revision, path, branch } of found.heads) {
      output.line(`${output.style('cyan', revision)} (head)`);
      if (found.heads.length === 1) continue;
      output.line(`    file: ${path}`);
      if (branch.length > 1) output.line(`    its branch: ${branch.join(', ')}`);
    }
    for (const { table, heads } of found.conflicts) {
      output.line(`${output.style('red', '✗')} ${table} is touched by ${heads.join(' and ')}`);
    }
    const isOne = found.heads.length < 2;
    if (!isOne) {
      output.line(`${found.heads.length} heads. \`npx knex-meta migrate:merge\` joins them.`);
      if (found.conflicts.length === 0) output.line('No table is named by more than one of them.');
    }
    return { data: { ok: isOne, ...found }, ...(isOne ? {} : { exitCode: EXIT.found }) };
  },
};
