import { mentions } from '../engines/tokens.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { PlannedMigration } from './capture.js';
import { effectsOf, keysOf, type Thing } from './effects.js';
import { newAccount, type OwnedThing } from './expected.js';
import { revisionOf } from './revision.js';

/** What the database has of what one migration makes. */
export interface Presence {
  readonly name: string;
  readonly isApplied: boolean;
  /** Whether it comes behind all that are applied. */
  readonly isBehind: boolean;
  /** What it makes, and what of that there is. */
  readonly made: readonly OwnedThing[];
  readonly present: readonly OwnedThing[];
  /** The statements that would make what is not there; undefined when that cannot be told from the statements. */
  readonly rest: readonly string[] | undefined;
}

type Fold = (name: string) => string;

/** What a database has: the schemas in which it has a thing of this kind and name. */
type Inventory = (thing: Thing) => ReadonlySet<string | undefined>;

function inventoryOf({ tables }: Pick<DatabaseSchema, 'tables'>, fold: Fold): Inventory {
  const places = new Map<string, Set<string | undefined>>();
  const key = (...parts: readonly string[]): string => JSON.stringify(parts.map(fold));
  const add = (schema: string | undefined, ...parts: readonly string[]): void => {
    const place = key(...parts);
    places.set(place, (places.get(place) ?? new Set()).add(schema));
  };
  for (const { schema, name, columns, indexes, triggers } of tables) {
    add(schema, 'table', name);
    for (const column of columns) add(schema, 'column', name, column.name);
    for (const index of indexes) add(schema, 'index', index.name);
    for (const trigger of triggers) add(schema, 'trigger', trigger.name);
  }
  return ({ kind, table, name }) =>
    places.get(kind === 'column' ? key(kind, table, name) : key(kind, name)) ?? new Set();
}

/** What is compared with what. */
export interface PresenceRequest {
  /** In their order. */
  readonly captured: readonly PlannedMigration[];
  /** Revisions. */
  readonly applied: ReadonlySet<string>;
  readonly actual: Pick<DatabaseSchema, 'tables'>;
  /** What the applied migrations make of an empty database, where that is known: what they only seem to make is not judged. */
  readonly trial?: Pick<DatabaseSchema, 'tables'> | undefined;
  /** The schemas in which a name without one is looked for; none where the engine has no schemas. */
  readonly path: readonly string[];
  readonly fold: Fold;
  /** What another check looks at, or nobody can tell. */
  readonly isLeftOut: (thing: OwnedThing) => boolean;
  /** Migrations, by name, that ask what is there before they make something. */
  readonly asking?: ReadonlySet<string>;
}

/** Asks the database whether it has a thing, where the migrations put it. */
function presenceIn({ actual, trial, path, fold }: PresenceRequest): (thing: Thing) => boolean {
  const places = inventoryOf(actual, fold);
  const meant = trial && inventoryOf(trial, fold);
  const folded = path.map(fold);
  const isOnPath = (schema: string | undefined): boolean =>
    schema === undefined || folded.includes(fold(schema));
  return (thing) => {
    const there = [...places(thing)];
    if (thing.schema !== undefined)
      return there.some((schema) => fold(schema ?? '') === fold(thing.schema ?? ''));
    const elsewhere = meant === undefined ? [] : [...meant(thing)];
    // A migration may have chosen the schema by a setting of its session.
    if (elsewhere.length === 0 || elsewhere.some(isOnPath)) return there.some(isOnPath);
    return there.some((schema) => elsewhere.includes(schema));
  };
}

const same = (one: Thing, other: Thing): boolean =>
  one.kind === other.kind && one.name === other.name && one.table === other.table;

/** Whether a comment, a setting or the hook's block is about a table: a block has the name in a text. */
const isAbout = (sql: string, table: string): boolean =>
  mentions(sql, table) || [`"${table}"`, `'${table}'`, `\`${table}\``].some((name) => sql.includes(name));

function quote(...path: readonly (string | undefined)[]): string {
  return path.flatMap((part) => (part === undefined ? [] : [`"${part.replaceAll('"', '""')}"`])).join('.');
}

/**
 * The statements of a migration that make what is absent, and what may be run again behind them. Of an applied one all
 * others were run; of a pending one nobody knows.
 */
function restOf(
  statements: readonly string[],
  absent: readonly OwnedThing[],
  isApplied: boolean,
  { tables }: Pick<DatabaseSchema, 'tables'>,
): readonly string[] | undefined {
  const rest: string[] = [];
  // What is on a column that is not there cannot be made.
  const hasColumns = ({ table, definition = '' }: Thing): boolean => {
    const there = tables.filter(({ name }) => name === table).flatMap(({ columns }) => columns);
    const gone = absent.filter((thing) => thing.kind === 'column' && thing.table === table);
    return keysOf(definition).every(
      (key) => gone.some(({ name }) => name === key) || there.some(({ name }) => name === key),
    );
  };
  const open = new Set(absent);
  const remade = new Set<string>();
  for (const sql of statements) {
    const { effects, isKnown, again, altered } = effectsOf(sql);
    if (again) {
      const isKept = /^\s*set\b/i.test(sql) || absent.some(({ table }) => isAbout(sql, table));
      if (rest.length > 0 && isKept) rest.push(sql);
      continue;
    }
    const made = effects.flatMap((effect) => (effect.kind === 'make' ? [effect.thing] : []));
    const missing = made.filter((thing) => absent.some((each) => same(each, thing)));
    // What stands on a table that is made anew goes with it.
    if (made.length > 0 && made.every(({ kind, table }) => /index|trigger/.test(kind) && remade.has(table))) {
      for (const each of absent) if (made.some((thing) => same(each, thing))) open.delete(each);
      rest.push(sql);
      continue;
    }
    // Its constraints too.
    if (missing.length === 0 && altered !== undefined && remade.has(altered)) {
      rest.push(sql);
      continue;
    }
    if (isApplied && missing.length === 0) continue;
    if (!isKnown || made.length < effects.length || made.length === 0) return undefined;
    if (missing.some((thing) => thing.kind === 'index' && !remade.has(thing.table) && !hasColumns(thing)))
      return undefined;
    for (const each of absent) if (made.some((thing) => same(each, thing))) open.delete(each);
    for (const { kind, table } of missing) if (kind === 'table') remade.add(table);
    // The metadata columns that stand in it are not asked about.
    if (missing.length === made.length || missing.some(({ kind }) => kind === 'table')) rest.push(sql);
    else {
      for (const { schema, table, definition } of missing.filter(({ kind }) => kind === 'column'))
        rest.push(`alter table ${quote(schema, table)} add column ${definition}`);
    }
  }
  return open.size === 0 ? rest : undefined;
}

/** Whether an applied migration has to answer for a thing that is not there. */
function judging({ actual, trial, asking, fold }: PresenceRequest): (thing: OwnedThing) => boolean {
  const places = inventoryOf(actual, fold);
  const meant = trial && inventoryOf(trial, fold);
  return (thing) => {
    if (meant === undefined ? thing.isUnsure === true : meant(thing).size === 0) return false;
    if (thing.kind === 'table') return true;
    const mayBeFromBefore = thing.isConditional === true || asking?.has(thing.owner) === true;
    // Where the table is not there either, it is the table that is told.
    return !mayBeFromBefore && places({ ...thing, kind: 'table', name: thing.table }).size > 0;
  };
}

/** Compares what migrations make with what the database has. Reads texts alone. */
export function compareWithDatabase(request: PresenceRequest): readonly Presence[] {
  const { captured, applied, actual, isLeftOut, asking } = request;
  const has = presenceIn(request);
  const isJudged = judging(request);
  const account = newAccount();
  const done = captured.filter(({ name }) => applied.has(revisionOf(name)));
  const pending = captured.filter(({ name }) => !applied.has(revisionOf(name)));
  const lastApplied = captured.findLastIndex(({ name }) => applied.has(revisionOf(name)));
  const presenceOf = ({ name, statements }: PlannedMigration, isApplied: boolean): Presence => {
    const own = account.things().filter((thing) => thing.owner === name && !isLeftOut(thing));
    const made = own.filter((thing) =>
      isApplied ? has(thing) || isJudged(thing) : thing.isConditional !== true && asking?.has(name) !== true,
    );
    const present = made.filter(has);
    const absent = made.filter((thing) => !has(thing));
    const isBehind = captured.findIndex((each) => each.name === name) > lastApplied;
    return { name, isApplied, isBehind, made, present, rest: restOf(statements, absent, isApplied, actual) };
  };
  for (const { name, statements } of done) for (const sql of statements) account.apply(name, sql);
  const ofDone = done.map((each) => presenceOf(each, true));
  const ofPending = pending.map((each) => {
    for (const sql of each.statements) account.apply(each.name, sql);
    return presenceOf(each, false);
  });
  return [...ofDone, ...ofPending];
}
