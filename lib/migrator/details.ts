import { currentOf, describeHistory, type Reading, type RevisionInfo } from './describe.js';
import { editedMigrations } from './edited.js';
import { checksumOfEntry } from './entries.js';
import { revisionOf } from './revision.js';
import { findRevision, readTarget } from './target.js';
import { descriptionOf, tablesOf } from './text.js';

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

/** What the files and the journal say beside it. */
export async function withDetails(
  { found, ups }: Reading,
  infos: readonly RevisionInfo[],
): Promise<readonly RevisionDetails[]> {
  const entries = new Map(found.history.revisions.map((entry) => [entry.revision, entry]));
  const asked = new Set(infos.map(({ revision }) => revision));
  const applied = found.applied.filter(({ name }) => asked.has(revisionOf(name)));
  const edited = new Set((await editedMigrations(applied, found.entries, ups)).map(revisionOf));
  const details: RevisionDetails[] = [];
  for (const info of infos) {
    const entry = entries.get(info.revision);
    const source = (await entry?.text()) ?? '';
    const checksum = entry === undefined ? '' : await checksumOfEntry(entry);
    const isEdited = edited.has(info.revision);
    details.push({
      ...info,
      description: descriptionOf(source).description,
      checksum,
      isEdited,
      tables: tablesOf(source),
    });
  }
  return details;
}

/** Everything that is known of one revision. Throws MIGRATION_NOT_FOUND. */
export async function describeRevision(reading: Reading, text: string): Promise<RevisionDetails> {
  const { found } = reading;
  const all = describeHistory(reading);
  const target = /^(head|base|current)/.test(text)
    ? readTarget(text === 'current' ? ([...currentOf(found)][0] ?? 'base') : text, found.history)
    : undefined;
  const wanted = target?.kind === 'revisions' && target.revision !== undefined ? target.revision : text;
  const { revision } = findRevision(wanted, all);
  const info = all.filter((each) => each.revision === revision).slice(0, 1);
  const [details] = await withDetails(reading, info);
  return details as RevisionDetails;
}
