import { extname } from 'node:path';
import type { Knex } from 'knex';
import { checksumOfEntry, type Entry, listEntries } from './entries.js';
import { latestUps, readLines } from './journal.js';
import { readRecord } from './record.js';
import { revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';

/** TypeScript and what a compiler made of it are not compared: another text may be the same migration. */
function isOtherLanguage(entry: Entry, recorded: string): boolean {
  const isTypeScript = (name: string): boolean => /\.[cm]?ts$/.test(extname(name));
  return isTypeScript(entry.path ?? entry.name) !== isTypeScript(recorded);
}

/** The applied migrations whose file says something else than when they were applied. */
export async function editedMigrations(view: Knex, settings: Settings): Promise<readonly string[]> {
  const { applied } = await readRecord(view, settings);
  const ups = latestUps(await readLines(view, recordTables(settings)));
  const byRevision = new Map([...ups.values()].map((line) => [revisionOf(line.name), line]));
  const entries = await listEntries(
    settings,
    applied.map(({ name }) => name),
  );
  const present = new Map(entries.map((entry) => [entry.revision, entry]));
  const edited: string[] = [];
  for (const { name } of applied) {
    const entry = present.get(revisionOf(name));
    const sum = byRevision.get(revisionOf(name))?.checksum;
    if (entry === undefined || sum === undefined || sum === (await checksumOfEntry(entry))) continue;
    if (!isOtherLanguage(entry, name)) edited.push(name);
  }
  return edited;
}
