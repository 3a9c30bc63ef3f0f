import { isKnexMetaError } from '../errors.js';
import { isAdoptionError } from '../migrator/capture.js';
import type { KnownEntry } from '../migrator/history.js';
import { DENIED, FROM_BEFORE, found } from './findings.js';
import { differences } from './objects.js';
import { lostRows } from './rows.js';
import type { Picture, Scene } from './scene.js';
import type { Rename } from './stage.js';

/** The first step up, where it could be taken. */
export interface FirstUp {
  readonly writes: number;
  readonly renames: readonly Rename[];
  /** It fails with sample rows: there are none. */
  readonly isOnEmpty: boolean;
}

/** The error of a run in its own words, without those around it that name the migration. */
export function said(error: Error): string {
  const lines = error.message.split('\n');
  const first = (lines[0] ?? '').replace(/^The migration .*? failed \((?:up|down)\): /, '');
  return [first, ...lines.slice(1)].join('\n');
}

/** Whether it refused by itself: its error is none of the database's, and it had changed nothing. */
const refusedItself = (error: Error, writes: number): boolean =>
  writes === 0 && !/\n {2}statement: /.test(error.message);

/**
 * Takes the first step up. Where it fails with sample rows it is tried in a new database without them, then behind the next
 * migration. Undefined: nothing behind it can be looked at.
 */
export async function firstUp(
  scene: Scene,
  entry: KnownEntry,
  next: KnownEntry | undefined,
): Promise<FirstUp | 'with the next' | undefined> {
  const { name, path: file } = entry;
  const where = { migration: name, file };
  const content = await entry.load().catch((error: Error) => error);
  const { error, writes, renames } = await scene.step('up', name);
  if (error === undefined) return { writes, renames, isOnEmpty: false };
  if (content instanceof Error || !isKnexMetaError(error)) {
    scene.findings.push(found('UP_FAILED', `${name} cannot be run: ${said(error)}`, where));
    return undefined;
  }
  let failure: Error = error;
  if (!(await scene.failsWithoutRows(content, 'up', error))) {
    await scene.startAgain('without sample rows');
    const again = await scene.step('up', name);
    if (again.error === undefined) {
      const message = `${name} fails on tables that have rows (up): ${said(error)}`;
      scene.findings.push(found('UP_FAILED_WITH_ROWS', message, where));
      return { writes: again.writes, renames: again.renames, isOnEmpty: true };
    }
    failure = again.error;
    if (!scene.isUndone(content)) await scene.startAgain('without sample rows');
  }
  const isNext =
    next !== undefined &&
    (await scene.step('up', next.name)).error === undefined &&
    (await scene.step('up', name)).error === undefined;
  if (isNext) {
    const message = `${name} needs ${next.name}, which comes after it: ${said(failure)}`;
    scene.findings.push(found('NEEDS_LATER', message, where));
    scene.keep(next.name, name);
    return 'with the next';
  }
  const failed = found('UP_FAILED', `${name} fails (up): ${said(failure)}`, where);
  const isAbsent = [failure, failure.cause].some(isAdoptionError);
  const more = isAbsent ? FROM_BEFORE : scene.isDenied(failure) ? DENIED : {};
  scene.findings.push({ ...failed, ...more });
  return undefined;
}

/** Downs that failed at their place: after the next migration they may not. */
export type FailedDowns = Map<KnownEntry, { readonly index: number; readonly error: Error }>;

/** Says why a down failed. What its transaction has not undone makes a new database. */
export async function failedDown(
  scene: Scene,
  entry: KnownEntry,
  failed: { readonly error: Error; readonly writes: number; readonly up: Picture },
  downs: FailedDowns,
): Promise<void> {
  const { error, writes, up } = failed;
  const { name, path: file } = entry;
  const where = { migration: name, file };
  if (refusedItself(error, writes)) {
    scene.findings.push(found('IRREVERSIBLE', `${name} has no way back: ${said(error)}`, where));
  } else if (
    !(await scene.failsWithoutRows(await entry.load(), 'down', error)) &&
    (await scene.tryWithoutRows(name, 'down')) === undefined
  ) {
    const message = `the down of ${name} fails on tables that have rows: ${said(error)}`;
    scene.findings.push(found('DOWN_FAILED_WITH_ROWS', message, where));
  } else {
    downs.set(entry, { index: scene.findings.length, error });
    scene.findings.push(found('DOWN_FAILED', `the down of ${name} fails: ${said(error)}`, where));
  }
  const { objects, rows } = await scene.picture();
  const isSame = differences(up.objects, objects).length === 0;
  if (!isSame || lostRows(up.rows, up.rows, rows, []).length > 0) await scene.startAgain('with sample rows');
}

/** Whether a migration that failed the second time goes up, down and up in a database without sample rows. */
export async function climbsWithoutRows(scene: Scene, before: Picture, name: string): Promise<boolean> {
  // With rows in every table before its first up, it is the down that leaves something.
  if ([...before.rows.values()].every(({ rows }) => rows.length > 0)) return false;
  return (await scene.tryWithoutRows(name, 'down', 'up')) === undefined;
}

/** A down that failed at its place, and would work now: it needs what this migration has made. */
export async function blameLater(scene: Scene, entry: KnownEntry, downs: FailedDowns): Promise<void> {
  for (const [earlier, { index, error }] of downs) {
    downs.delete(earlier);
    if ((await scene.rehearse([await earlier.load(), 'down'])) !== undefined) continue;
    scene.findings[index] = found(
      'NEEDS_LATER',
      `the down of ${earlier.name} needs ${entry.name}, which comes after it and is undone before it: ${said(error)}`,
      { migration: earlier.name, file: earlier.path },
    );
  }
}
