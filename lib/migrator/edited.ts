import { extname } from 'node:path';
import { checksumOfEntry, type Entry } from './entries.js';
import type { JournalLine } from './journal.js';
import type { AppliedMigration } from './record.js';
import { revisionOf } from './revision.js';

/** TypeScript and what a compiler made of it are not compared: another text may be the same migration. */
function isOtherLanguage(entry: Entry, recorded: string): boolean {
  const isTypeScript = (name: string): boolean => /\.[cm]?ts$/.test(extname(name));
  return isTypeScript(entry.path ?? entry.name) !== isTypeScript(recorded);
}

/**
 * The applied migrations whose file says something else than when they were applied.
 *
 * @param ups - how each came to be, by revision
 */
export async function editedMigrations(
  applied: readonly AppliedMigration[],
  entries: readonly Entry[],
  ups: ReadonlyMap<string, JournalLine>,
): Promise<readonly string[]> {
  const present = new Map(entries.map((entry) => [entry.revision, entry]));
  const edited: string[] = [];
  for (const { name } of applied) {
    const entry = present.get(revisionOf(name));
    const sum = ups.get(revisionOf(name))?.checksum;
    if (entry === undefined || sum === undefined || sum === (await checksumOfEntry(entry))) continue;
    if (!isOtherLanguage(entry, name)) edited.push(name);
  }
  return edited;
}
