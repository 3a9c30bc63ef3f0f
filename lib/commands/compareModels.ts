import type { Knex } from 'knex';
import { engineOf } from '../cli/project.js';
import { type Difference, diff } from '../diff/index.js';
import { type DiffOptions, LEFT_KINDS, type LeftKind, type Rename } from '../diff/options.js';
import { both } from '../engines/both.js';
import type { Engine } from '../engines/contract.js';
import { resolveMeta } from '../metadata/resolve.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import type { AnyModel } from '../models/definition.js';
import { readDesired } from '../models/desired.js';
import { type LoadedModels, loadModels } from '../models/load.js';
import { describe } from '../operations/describe.js';
import { type CountedHazard, countHazards, hazardFinder } from '../operations/hazards/index.js';
import type { Operation } from '../operations/operation.js';
import type { ImpliedColumn } from '../render/metadata.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { WrittenText } from '../schema/written.js';
import { type Context, textsOf } from './command.js';
import { type ComparedDatabase, withCompared } from './comparedDatabase.js';
import { excludedOf, notCompared, uncheckedOf, withPlaces } from './leftAlone.js';
import { readRenames, toDiff } from './renameFlag.js';

/** The models beside the database. */
export interface Compared extends Difference {
  readonly engine: Engine;
  readonly loaded: LoadedModels;
  readonly actual: DatabaseSchema;
  /** The schema of what names none; undefined where the engine has none. */
  readonly home: string | undefined;
  /** Texts of the models that the engine writes in other words. */
  readonly written: readonly WrittenText[];
  /** Each operation in words. */
  readonly detected: readonly string[];
  readonly hazards: readonly CountedHazard[];
  /** The metadata columns that a table gets when nothing is said. */
  readonly metadata: readonly ImpliedColumn[];
}

/** Asks a person which of the candidates were renamed; says no for all others. */
export type AskRenames = (
  candidates: readonly Rename[],
  home: string | undefined,
) => Promise<readonly Rename[]>;

/** Kinds of which the models have nothing at all: what a database has of them is not theirs to drop. */
function leftKinds(desired: DatabaseSchema): readonly LeftKind[] {
  const own = ({ extension }: { readonly extension: string | undefined }) => extension === undefined;
  const has: Readonly<Record<LeftKind, boolean>> = {
    view: desired.views.some(own),
    function: desired.functions.some((each) => own(each) && !each.isMetadata),
    trigger: desired.tables.some(({ triggers }) => triggers.some(({ stamps }) => stamps === undefined)),
    sequence: desired.sequences.some(({ ownedBy }) => ownedBy === undefined),
    domain: desired.domains.some(own),
    extension: desired.extensions.length > 0,
    // Others may keep what they have in a schema that only looks empty.
    schema: false,
  };
  return LEFT_KINDS.filter((kind) => !has[kind]);
}

/** The schemas that the models are about: the connection's own, those they name, those they come from. */
function schemasOf(
  models: readonly AnyModel[],
  home: string | undefined,
  desired: DatabaseSchema,
  renames: readonly Rename[],
) {
  const from = renames.flatMap((each) =>
    each.kind === 'table' || each.kind === 'type' ? [each.from.schema] : [],
  );
  const named = [home, ...desired.schemas.map(({ name }) => name), ...from].filter(
    (name) => name !== undefined,
  );
  // An extension's schema is only where its objects are.
  const isOnlyExtensions = (name: string) =>
    models.some((each) => each.kind === 'extension' && each.schema === name) && name !== home;
  const others = new Set(desired.tables.map(({ schema }) => schema));
  return new Set(named.filter((name) => !isOnlyExtensions(name) || others.has(name)));
}

/** Asks for as long as an answer brings up another pair: columns show when their table has its new name. */
async function withAnswers(
  compare: (renames: readonly Rename[]) => Difference,
  told: readonly Rename[],
  home: string | undefined,
  ask: AskRenames | undefined,
): Promise<Difference> {
  const asked = new Set<string>();
  let renames = told;
  for (;;) {
    const difference = compare(renames);
    const news = difference.candidates.filter((each) => !asked.has(JSON.stringify(each)));
    if (ask === undefined || news.length === 0) return difference;
    for (const each of news) asked.add(JSON.stringify(each));
    const answers = await ask(news, home);
    if (answers.length === 0) return difference;
    renames = [...renames, ...answers];
  }
}

async function count(
  engine: Engine,
  operations: readonly Operation[],
  actual: DatabaseSchema,
  { db, isLive }: ComparedDatabase,
): Promise<readonly CountedHazard[]> {
  const find = hazardFinder(operations, engine.changes.hazards, actual);
  const queries = [
    ...new Set(operations.flatMap((each) => find(each).flatMap(({ evidence }) => evidence?.sql ?? []))),
  ];
  // What was made for the moment has no rows to count.
  const counts = isLive && queries.length > 0 ? await engine.countRows(db, queries) : [];
  const answers = new Map(queries.flatMap((sql, at) => [[sql, counts[at]]] as [string, number | Error][]));
  return countHazards(operations, find, answers);
}

/**
 * Compares the models with the database, which is only read.
 *
 * @param ask - asks about renames; without it pairs are candidates
 * @param act - what is done with the result, while what it was compared with is still there
 * @throws KnexMetaError MODELS_DIRECTORY_MISSING, MODELS_NONE, MODEL_LOAD_FAILED, MODEL_INVALID, MODEL_DUPLICATE,
 *   MODEL_BUILD_FAILED, RENAME_UNKNOWN, RENAME_AMBIGUOUS, and what `withCompared` throws
 */
export async function compareModels<Result>(
  context: Context,
  ask: AskRenames | undefined,
  act: (compared: Compared, db: Knex) => Promise<Result>,
): Promise<Result> {
  const { config } = await context.project();
  const meta = config.meta ?? {};
  const { manages, columns } = resolveMeta(meta, process.env);
  const engine = engineOf(config);
  // The server reads its catalog while the files are read.
  const loading = loadModels([meta.models ?? './models'].flat());
  const comparing = withCompared(context, async (database) => {
    const { db, shadow } = database;
    const {
      actual,
      schema: desired,
      renames: declared,
      home,
      written,
    } = await readDesired(
      engine,
      db,
      loading.then(({ models }) => models),
      { shadow },
    );
    const loaded = await loading;
    const flags = textsOf(context.args.rename);
    const lasting = declared.flatMap(toDiff);
    const told = [...lasting, ...readRenames(flags, { actual, desired, home })];
    const schemas = schemasOf(loaded.models, home, desired, told);
    const isInside = ({ schema }: ObjectName) => schema === undefined || schemas.has(schema);
    const includes = (object: ObjectName) => isInside(object) && manages(object);
    const options: DiffOptions = {
      includes,
      leave: leftKinds(desired),
      ownTables: ownTables(recordTables(config.migrations ?? {})),
      indexedMetadata: columns.filter(({ index }) => index).map(({ name }) => name),
    };
    const compare = (renames: readonly Rename[]) =>
      diff(actual, desired, engine.changes.comparison, {
        ...options,
        renames: lasting,
        once: renames.filter((each) => !lasting.includes(each)),
      });
    const difference = await withAnswers(compare, told, home, ask);
    const { operations } = difference;
    const compared: Compared = {
      ...difference,
      unmanaged: [
        ...withPlaces(difference.unmanaged, loaded.models),
        ...excludedOf([actual, desired], isInside, manages),
        ...uncheckedOf(actual, desired, includes),
        ...loaded.unexported.map(notCompared),
      ],
      engine,
      loaded,
      actual,
      home,
      written,
      detected: operations.map((operation) => describe(operation, home)),
      metadata: columns.filter(({ add }) => add === undefined),
      hazards: await count(engine, operations, actual, database),
    };
    return act(compared, db);
  });
  // What is wrong with the models is told before what is wrong with the database.
  return (await both(loading, comparing))[1];
}
