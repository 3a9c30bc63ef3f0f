import type { DatabaseSchema } from '../schema/database.js';
import type { PlannedMigration } from './capture.js';
import { effectsOf, type Thing } from './effects.js';
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

/** Asks the database's schema whether it has a thing. */
function presenceIn(actual: DatabaseSchema, home: string | undefined, fold: Fold): (thing: Thing) => boolean {
  const keys = new Set<string>();
  const key = (...parts: readonly (string | undefined)[]): string =>
    JSON.stringify(parts.map((part) => (part === undefined ? null : fold(part))));
  for (const { schema, name, columns, indexes, triggers } of actual.tables) {
    keys.add(key('table', schema, name));
    for (const column of columns) keys.add(key('column', schema, name, column.name));
    for (const index of indexes) keys.add(key('index', schema, index.name));
    for (const trigger of triggers) keys.add(key('trigger', schema, trigger.name));
  }
  return ({ kind, schema = home, table, name }) =>
    keys.has(kind === 'column' ? key(kind, schema, table, name) : key(kind, schema, name));
}

const same = (one: Thing, other: Thing): boolean =>
  one.kind === other.kind && one.name === other.name && one.table === other.table;

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
): readonly string[] | undefined {
  const rest: string[] = [];
  const open = new Set(absent);
  const remade = new Set<string>();
  for (const sql of statements) {
    const { effects, isKnown, again, altered } = effectsOf(sql);
    if (again) {
      if (rest.length > 0) rest.push(sql);
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

/**
 * Compares what migrations make with what the database has. Reads texts alone.
 *
 * @param captured - in their order
 * @param applied - revisions
 * @param isLeftOut - what another check looks at, or nobody can tell
 */
export function compareWithDatabase(
  captured: readonly PlannedMigration[],
  applied: ReadonlySet<string>,
  actual: DatabaseSchema,
  home: string | undefined,
  fold: Fold,
  isLeftOut: (thing: OwnedThing) => boolean,
): readonly Presence[] {
  const has = presenceIn(actual, home, fold);
  const account = newAccount();
  const done = captured.filter(({ name }) => applied.has(revisionOf(name)));
  const pending = captured.filter(({ name }) => !applied.has(revisionOf(name)));
  const lastApplied = captured.findLastIndex(({ name }) => applied.has(revisionOf(name)));
  const presenceOf = ({ name, statements }: PlannedMigration, isApplied: boolean): Presence => {
    const made = account.things().filter((thing) => thing.owner === name && !isLeftOut(thing));
    const present = made.filter(has);
    const absent = made.filter((thing) => !has(thing));
    const isBehind = captured.findIndex((each) => each.name === name) > lastApplied;
    return { name, isApplied, isBehind, made, present, rest: restOf(statements, absent, isApplied) };
  };
  for (const { name, statements } of done) for (const sql of statements) account.apply(name, sql);
  const ofDone = done.map((each) => presenceOf(each, true));
  const ofPending = pending.map((each) => {
    for (const sql of each.statements) account.apply(each.name, sql);
    return presenceOf(each, false);
  });
  return [...ofDone, ...ofPending];
}
