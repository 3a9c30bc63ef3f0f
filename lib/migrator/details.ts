import type { Knex } from 'knex';
import { currentOf, describeHistory, type RevisionInfo } from './describe.js';
import { checksumOfEntry } from './entries.js';
import { latestUps, readLines } from './journal.js';
import { revisionOf } from './revision.js';
import { recordTables, type Settings } from './settings.js';
import { readSituation } from './situation.js';
import { findRevision, readTarget } from './target.js';
import { docstringOf, tablesOf } from './text.js';

/** One revision, as `migrate:show` shows it. */
export interface RevisionDetails extends RevisionInfo {
  /** The comment that its file begins with. */
  readonly description: string | undefined;
  readonly checksum: string;
  /** True when the file says something else than when it was applied. */
  readonly isEdited: boolean;
  /** The tables that its text names. */
  readonly tables: readonly string[];
}

/** What the files and the journal say beside it, of many revisions in one reading. */
export async function withDetails(
  view: Knex | undefined,
  settings: Settings,
  infos: readonly RevisionInfo[],
): Promise<readonly RevisionDetails[]> {
  const { history } = await readSituation(view, settings, true);
  const entries = new Map(history.revisions.map((entry) => [entry.revision, entry]));
  const ups = latestUps(await readLines(view, recordTables(settings)));
  const recorded = new Map([...ups.values()].map(({ name, checksum }) => [revisionOf(name), checksum]));
  const details: RevisionDetails[] = [];
  for (const info of infos) {
    const entry = entries.get(info.revision);
    const source = (await entry?.text()) ?? '';
    const checksum = entry === undefined ? '' : await checksumOfEntry(entry);
    const known = recorded.get(info.revision);
    const isEdited = info.state === 'applied' && known !== undefined && known !== checksum;
    details.push({ ...info, description: docstringOf(source), checksum, isEdited, tables: tablesOf(source) });
  }
  return details;
}

/** Everything that is known of one revision. Throws MIGRATION_NOT_FOUND. */
export async function describeRevision(
  view: Knex | undefined,
  settings: Settings,
  text: string,
): Promise<RevisionDetails> {
  const all = await describeHistory(view, settings);
  const found = await readSituation(view, settings, true);
  const target = /^(head|base|current)/.test(text)
    ? readTarget(text === 'current' ? ([...currentOf(found)][0] ?? 'base') : text, found.history)
    : undefined;
  const wanted = target?.kind === 'revisions' && target.revision !== undefined ? target.revision : text;
  const { revision } = findRevision(wanted, all);
  const info = all.filter((each) => each.revision === revision).slice(0, 1);
  const [details] = await withDetails(view, settings, info);
  return details as RevisionDetails;
}
