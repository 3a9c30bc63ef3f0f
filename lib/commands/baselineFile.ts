import { readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { KnexMetaError } from '../errors.js';
import type { KnownEntry } from '../migrator/history.js';
import { withRevises } from '../migrator/revises.js';
import { revisionOf } from '../migrator/revision.js';
import { timestamp } from './newFile.js';
import { notWritten, replaceFile } from './stagedFile.js';

/** Where a new file goes. */
export interface FilePlace {
  readonly directory: string;
  readonly file: string;
  /** Lets the one that comes behind it revise it, where that one says what it revises. */
  readonly relink: () => void;
}

/** The same second before: what sorts before a file, and behind the one before that. */
function secondBefore(digits: string): string | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  if (year === undefined || month === undefined) return undefined;
  return timestamp(new Date(Date.UTC(year, month - 1, day, hour, minute, (second ?? 0) - 1)));
}

/** A name with which the file comes between two others. Throws USAGE where there is none. */
function nameBetween(before: string | undefined, after: string, name: string, extension: string): string {
  const [digits = ''] = /^\d*/.exec(after) ?? [];
  const starts = [secondBefore(digits), digits === '' ? '0' : `${digits}_0`];
  const found = starts
    .map((start) => `${start}_${name}.${extension}`)
    .find((file) => file < after && (before === undefined || file > before));
  if (found !== undefined) return found;
  throw new KnexMetaError('USAGE', `No name comes between ${before} and ${after}.`, {
    remedy: `Rename ${after} where nobody has applied it. Nothing was written.`,
  });
}

/** The place of a file before the one that needs it. Throws USAGE. */
export function placeBefore(
  { path, name: after, revises }: KnownEntry,
  before: string | undefined,
  name: string,
  extension: string,
): FilePlace {
  if (path === undefined) {
    throw new KnexMetaError('USAGE', 'The migrations come from a source of the project’s own.', {
      remedy: 'A file can only be written where they are files. Nothing was written.',
    });
  }
  const file = nameBetween(before, after, name, extension);
  const old = readFileSync(resolve(path), 'utf8');
  const text = revises === undefined ? old : withRevises(old, [revisionOf(file)]);
  if (text === undefined) {
    throw new KnexMetaError('USAGE', `${path} does not say in one plain line what it revises.`, {
      remedy: `Write \`revises = '${revises?.at(-1)}'\` into it in one line. Nothing was written.`,
    });
  }
  return {
    directory: dirname(path),
    file,
    relink: () => {
      if (text === old) return;
      try {
        replaceFile(resolve(path), text);
      } catch (error) {
        // A baseline beside a migration that does not follow it would be a second head.
        rmSync(join(dirname(path), file), { force: true });
        throw notWritten(path, error);
      }
    },
  };
}
