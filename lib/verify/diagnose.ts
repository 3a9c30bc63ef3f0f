import { isKnexMetaError } from '../errors.js';
import { isAdoption } from '../migrator/capture.js';
import type { KnownEntry } from '../migrator/history.js';
import { FROM_BEFORE, found } from './findings.js';
import { differences } from './objects.js';
import type { Picture, Scene } from './scene.js';

/** The first step up, where it could be taken. */
export interface FirstUp {
  readonly writes: number;
  /** It would not work with rows: the tables were emptied for it. */
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
 * Takes the first step up, and says why it cannot be taken: on no database, with rows, or before the next migration.
 * Undefined: nothing behind it can be looked at.
 */
export async function firstUp(
  scene: Scene,
  entry: KnownEntry,
  next: KnownEntry | undefined,
): Promise<FirstUp | 'with the next' | undefined> {
  const { name, path: file } = entry;
  const where = { migration: name, file };
  const content = await entry.load().catch((error: Error) => error);
  const { error, writes } = await scene.step('up', name);
  if (error === undefined) return { writes, isOnEmpty: false };
  if (content instanceof Error || !isKnexMetaError(error)) {
    scene.findings.push(found('UP_FAILED', `${name} cannot be run: ${said(error)}`, where));
    return undefined;
  }
  if (await scene.works([[content, 'up']], true)) {
    scene.findings.push(
      found('UP_FAILED_WITH_ROWS', `${name} fails on tables that have rows (up): ${said(error)}`, where),
    );
    await scene.empty();
    const again = await scene.step('up', name);
    if (again.error === undefined) return { writes: again.writes, isOnEmpty: true };
  }
  const later = await next?.load().catch(() => undefined);
  const both =
    later === undefined
      ? []
      : ([
          [later, 'up'],
          [content, 'up'],
        ] as const);
  if (next !== undefined && both.length > 0 && (await scene.works(both, false))) {
    scene.findings.push(
      found('NEEDS_LATER', `${name} needs ${next.name}, which comes after it: ${said(error)}`, where),
    );
    await scene.step('up', next.name);
    await scene.step('up', name);
    scene.keep(next.name, name);
    return 'with the next';
  }
  const failed = found('UP_FAILED', `${name} fails (up): ${said(error)}`, where);
  scene.findings.push([error, error.cause].some(isAdoption) ? { ...failed, ...FROM_BEFORE } : failed);
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
  } else if (await scene.works([[await entry.load(), 'down']], true)) {
    scene.findings.push(
      found(
        'DOWN_FAILED_WITH_ROWS',
        `the down of ${name} fails on tables that have rows: ${said(error)}`,
        where,
      ),
    );
  } else {
    downs.set(entry, { index: scene.findings.length, error });
    scene.findings.push(found('DOWN_FAILED', `the down of ${name} fails: ${said(error)}`, where));
  }
  if (differences(up.objects, (await scene.picture()).objects).length > 0) await scene.startAgain();
}

/** A down that failed at its place, and would work now: it needs what this migration has made. */
export async function blameLater(scene: Scene, entry: KnownEntry, downs: FailedDowns): Promise<void> {
  for (const [earlier, { index, error }] of downs) {
    downs.delete(earlier);
    if (!(await scene.works([[await earlier.load(), 'down']], false))) continue;
    scene.findings[index] = found(
      'NEEDS_LATER',
      `the down of ${earlier.name} needs ${entry.name}, which comes after it and is undone before it: ${said(error)}`,
      { migration: earlier.name, file: earlier.path },
    );
  }
}
