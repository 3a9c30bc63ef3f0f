import { presenceFindings } from '../checks/doctor.js';
import type { CheckReport } from '../checks/finding.js';
import { engineOf } from '../cli/project.js';
import { configOf } from '../config/connections.js';
import { resolveMeta } from '../metadata/resolve.js';
import { appliedRevisions } from '../migrator/applied.js';
import { type Captured, captureOffline, isAdoption } from '../migrator/capture.js';
import type { OwnedThing } from '../migrator/expected.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { compareWithDatabase } from '../migrator/presence.js';
import { readRecordFacts } from '../migrator/recordFacts.js';
import { recordTables } from '../migrator/settings.js';
import { plainView } from '../migrator/views.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Context } from './command.js';
import { checkConstraints } from './doctorConstraints.js';
import { databaseForReading, readFiles } from './migrateHistory.js';
import { readStatus } from './migrateInspect.js';

const ADOPTIONS =
  'a migration that makes the tables from before would let them be compared: npx knex-meta migrate:baseline';

/** Things that a migration which could not be followed names: it may have renamed or dropped them. */
async function namedBehind(
  entries: readonly KnownEntry[],
  unfollowed: Captured['unfollowed'],
): Promise<(thing: OwnedThing) => boolean> {
  const places = new Map(entries.map(({ name }, index) => [name, index]));
  const behind = await Promise.all(
    entries
      // An adoption only adds.
      .filter(({ name }) => unfollowed.has(name) && !isAdoption(unfollowed.get(name)))
      .map(async (entry) => ({ place: places.get(entry.name) ?? 0, text: (await entry.text()) ?? '' })),
  );
  return ({ owner, kind, table, name }) =>
    behind.some(
      ({ place, text }) =>
        place > (places.get(owner) ?? 0) &&
        // Only an index is dropped without a word of its table.
        (text.includes(table) || (kind === 'index' && text.includes(name))),
    );
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

const firstLine = ({ message }: Error): string => String(message.split('\n')[0]);

/** What the migrations make beside what there is. */
export async function checkPresence(context: Context, actual: DatabaseSchema): Promise<CheckReport> {
  const { config, extension } = await context.project();
  const engine = engineOf(config);
  const { db } = await context.database();
  const status = await readStatus(context);
  const { settings } = await databaseForReading(context);
  const { history } = await readFiles(context);
  const { planned, unfollowed } = await captureOffline(
    engine,
    { ...configOf(db), migrations: { ...config.migrations, extension } },
    history.revisions,
  );
  const meta = resolveMeta(config.meta, process.env);
  const names = new Set(meta.columns.map(({ name }) => name));
  const own = new Set(ownTables(recordTables(config.migrations ?? {})));
  const isNamedBehind = await namedBehind(history.revisions, unfollowed);
  const isLeftOut = (thing: OwnedThing): boolean => {
    const { kind, table, name } = thing;
    const isOurs =
      own.has(table) ||
      kind === 'trigger' ||
      (kind !== 'table' && [...names].some((each) => each === name || name === `${table}_${each}_index`));
    return isOurs || isNamedBehind(thing);
  };
  const applied = appliedRevisions(status.applied);
  // Also where the database itself says in which schema it looks.
  const home = await engine.homeSchema(plainView(db));
  const presences = compareWithDatabase(planned, applied, actual, home, engine.metadata.foldName, isLeftOut);
  const { record } = await readRecordFacts(db, settings);
  const baselines = await baselinesOf(history.revisions);
  const constraints = await checkConstraints(context, actual, {
    entries: history.revisions.filter(({ revision }) => applied.has(revision)),
    home,
    known: unfollowed,
  });
  return {
    findings: [
      ...presenceFindings(presences, status, record).filter(
        // It runs well where its tables are there.
        ({ code, migration }) => code !== 'PENDING_PRESENT' || !baselines.has(migration),
      ),
      ...constraints.findings,
    ],
    notes: [
      ...[...unfollowed.values()].map((error) => `not compared with the database: ${firstLine(error)}`),
      ...([...unfollowed.values()].some(isAdoption) ? [ADOPTIONS] : []),
      ...constraints.notes,
    ],
  };
}
