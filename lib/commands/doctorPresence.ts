import { presenceFindings } from '../checks/doctor.js';
import type { CheckReport, Finding } from '../checks/finding.js';
import { migrationFinding, viewFindings } from '../checks/joins.js';
import { nameOf } from '../checks/migration.js';
import { engineOf } from '../cli/project.js';
import { configOf } from '../config/connections.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { resolveMeta } from '../metadata/resolve.js';
import { appliedRevisions } from '../migrator/applied.js';
import { captureFromEmpty, isAdoptionError } from '../migrator/capture.js';
import type { OwnedThing } from '../migrator/expected.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { compareWithDatabase } from '../migrator/presence.js';
import { readRecordFacts } from '../migrator/recordFacts.js';
import { withoutParents } from '../migrator/revises.js';
import { recordTables } from '../migrator/settings.js';
import { tokensOf } from '../migrator/sourceTokens.js';
import { plainView } from '../migrator/views.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';
import type { Context } from './command.js';
import { checkConstraints } from './doctorConstraints.js';
import { plainText, runApplied, type Trial } from './doctorTrial.js';
import { ambiguousMetadata, viewsBrokenByGains, withoutMetadataColumns } from './joins.js';
import { databaseForReading, readFiles } from './migrateHistory.js';
import { readStatus } from './migrateInspect.js';
import { shadowOf } from './rehearsal.js';

const ADOPTIONS =
  'a migration that makes the tables from before would let them be compared: npx knex-meta migrate:baseline';

/** Things that a migration which could not be followed names: it may have renamed or dropped them. */
async function namedBehind(
  entries: readonly KnownEntry[],
  unfollowed: ReadonlyMap<string, Error>,
): Promise<(thing: OwnedThing) => boolean> {
  const places = new Map(entries.map(({ name }, index) => [name, index]));
  const onlyAdds = (error: Error | undefined): boolean => [error, error?.cause].some(isAdoptionError);
  const behind = await Promise.all(
    entries
      .filter(({ name }) => unfollowed.has(name) && !onlyAdds(unfollowed.get(name)))
      .map(async (entry) => ({ place: places.get(entry.name) ?? 0, text: plainText(await textOf(entry)) })),
  );
  return ({ owner, kind, table, name }) =>
    behind.some(
      ({ place, text }) =>
        place > (places.get(owner) ?? 0) &&
        // Only an index is dropped without a word of its table.
        (text.includes(plainText(table)) || (kind === 'index' && text.includes(plainText(name)))),
    );
}

const ASKS =
  /\b(hasTable|hasColumn|createTableIfNotExists|to_regclass|\w+_(?:schema|master|catalog|class|tables|indexes)|create\s+table\s+if\s+not\s+exists)\b/i;

/** Migrations that ask what is there before they make it: it may be from before them. By name, with their texts. */
async function askingTexts(entries: readonly KnownEntry[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const entry of entries) {
    const text = withoutParents(tokensOf(await textOf(entry)))
      .map(({ value }) => value)
      .join(' ');
    if (ASKS.test(text)) texts.set(entry.name, plainText(text));
  }
  return texts;
}

/** Names of the migrations that make what was there before, where it is missing. */
async function baselinesOf(entries: readonly KnownEntry[]): Promise<ReadonlySet<string | undefined>> {
  const found = new Set<string | undefined>();
  for (const entry of entries) {
    const content = await entry.load().catch(() => undefined);
    if (content?.config?.baseline === true) found.add(entry.name);
  }
  return found;
}

const textOf = async (entry: KnownEntry): Promise<string> => (await entry.text()) ?? '';
const firstLine = ({ message }: Error): string => String(message.split('\n')[0]);

/** Why migrations could not be followed: in a database where they ran for real, those that failed there. */
function failuresOf(
  trial: Trial | undefined,
  unfollowed: ReadonlyMap<string, Error>,
): ReadonlyMap<string, Error> {
  if (trial === undefined) return unfollowed;
  return new Map([...trial.failed].map(([{ name }, error]) => [name, error]));
}

/** Views and applied migrations that metadata columns break. */
async function joinFindings(
  context: Context,
  actual: DatabaseSchema,
  trial: Trial | undefined,
  failures: ReadonlyMap<string, Error>,
  rerun: (config: KnexMetaConfig) => Promise<Trial | string>,
): Promise<readonly Finding[]> {
  const { config } = await context.project();
  const engine = engineOf(config);
  const { columns, includesTable } = resolveMeta(config.meta, process.env);
  const { foldName } = engine.metadata;
  const tables = new Map(actual.tables.map((table) => [nameOf(table), table]));
  const own = ownTables(recordTables(config.migrations ?? {}));
  // Made with metadata columns switched on, these have none: their migrations do not want them.
  const bare = new Set(
    trial?.tables.filter((table) => !table.columns.some(({ isMetadata }) => isMetadata)).map(nameOf),
  );
  const gains = (name: ObjectName): readonly string[] => {
    const has = new Set(tables.get(nameOf(name))?.columns.map((column) => foldName(column.name)));
    if (!includesTable(name.name) || own.includes(name.name) || bare.has(nameOf(name))) return [];
    return columns.map((column) => column.name).filter((each) => !has.has(foldName(each)));
  };
  const { now, later } = await viewsBrokenByGains(engine, config, actual, gains);
  const failed = [...failures].flatMap(([name, error]) => {
    const column = ambiguousMetadata(engine, columns, error);
    return column === undefined ? [] : [{ name, column }];
  });
  const without = failed.length === 0 ? '' : await rerun(withoutMetadataColumns(config));
  const stillFail = new Set(
    typeof without === 'string' ? [] : [...without.failed.keys()].map(({ name }) => name),
  );
  const migrations = typeof without === 'string' ? [] : failed.filter(({ name }) => !stillFail.has(name));
  return [
    ...viewFindings(now, later),
    ...migrations.map(({ name, column }) => migrationFinding(name, column)),
  ];
}

/** What the migrations make beside what there is. */
export async function checkPresence(context: Context, actual: DatabaseSchema): Promise<CheckReport> {
  const { config, extension } = await context.project();
  const engine = engineOf(config);
  const { db } = await context.database();
  const status = await readStatus(context);
  const { settings } = await databaseForReading(context);
  const { history } = await readFiles(context);
  const { planned, unfollowed } = await captureFromEmpty(
    engine,
    { ...configOf(db), migrations: { ...config.migrations, extension } },
    history.revisions,
    { ...shadowOf(context, config), signal: context.signal() },
  );
  const meta = resolveMeta(config.meta, process.env);
  const names = new Set(meta.columns.map(({ name }) => name));
  const own = new Set(ownTables(recordTables(config.migrations ?? {})));
  const applied = appliedRevisions(status.applied);
  const done = history.revisions.filter(({ revision }) => applied.has(revision));
  // Also where the database itself says in which schema it looks.
  const home = await engine.homeSchema(plainView(db));
  const isAsked = done.length > 0 && context.args.constraints !== false;
  const ran = isAsked ? await runApplied(context, done, home) : '';
  const trial = typeof ran === 'string' ? undefined : ran;
  const failures = failuresOf(trial, unfollowed);
  const joins = await joinFindings(context, actual, trial, failures, (config) =>
    runApplied(context, done, home, config),
  );
  const isNamedBehind = await namedBehind(history.revisions, failures);
  const baselines = await baselinesOf(history.revisions);
  // A baseline says what was there before: that can be compared.
  const asking = await askingTexts(history.revisions.filter(({ name }) => !baselines.has(name)));
  const isLeftOut = (thing: OwnedThing): boolean => {
    const { kind, table, name } = thing;
    const isOurs =
      own.has(table) ||
      kind === 'trigger' ||
      (kind !== 'table' && [...names].some((each) => each === name || name === `${table}_${each}_index`));
    return isOurs || isNamedBehind(thing);
  };
  const presences = compareWithDatabase({
    captured: planned,
    applied,
    actual,
    trial,
    path: await engine.searchPath(plainView(db)),
    fold: engine.metadata.foldName,
    isLeftOut,
    asking: new Set(asking.keys()),
  });
  const { record } = await readRecordFacts(db, settings);
  const asked = done.filter(({ name }) => asking.has(name));
  const askedBy = ({ name }: Pick<Table, 'name'>): KnownEntry | undefined =>
    asked.find((entry) => asking.get(entry.name)?.includes(plainText(name)));
  const constraints =
    trial === undefined
      ? {
          findings: [],
          notes: ran === '' ? [] : [`constraints and types of columns are not compared: ${ran}`],
        }
      : await checkConstraints({
          engine,
          actual,
          trial,
          home,
          known: unfollowed,
          mayBeFromBefore: (table) => askedBy(table) !== undefined,
        });
  const fromBefore = new Set((trial?.tables ?? []).map(askedBy).filter((entry) => entry !== undefined));
  return {
    findings: [
      ...presenceFindings(presences, status, record).filter(
        // It runs well where its tables are there.
        ({ code, migration }) => code !== 'PENDING_PRESENT' || !baselines.has(migration),
      ),
      ...constraints.findings,
      ...joins,
    ],
    notes: [
      ...[...unfollowed.values()].map((error) => `not compared with the database: ${firstLine(error)}`),
      ...([...unfollowed.values()].some(isAdoptionError) ? [ADOPTIONS] : []),
      ...constraints.notes,
      ...[...fromBefore].map(
        ({ name }) =>
          `columns and constraints of what ${name} names are not compared: it asks what exists before it makes something`,
      ),
    ],
  };
}
