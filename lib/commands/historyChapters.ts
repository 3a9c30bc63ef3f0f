import { relative, sep } from 'node:path';
import type { Knex } from 'knex';
import { diff } from '../diff/index.js';
import type { Chapter } from '../documents/history.js';
import type { Engine } from '../engines/contract.js';
import type { Sandbox } from '../engines/sandbox.js';
import { isWord, significant, tokenize } from '../engines/tokens.js';
import { isKnexMetaError } from '../errors.js';
import { resolveMeta } from '../metadata/resolve.js';
import { captureTasks, isAdoptionError, type PlanOptions } from '../migrator/capture.js';
import type { KnownEntry } from '../migrator/history.js';
import { ownTables } from '../migrator/journal.js';
import { fromEmpty } from '../migrator/sandbox.js';
import { recordTables, type Settings } from '../migrator/settings.js';
import { checkPending, readSituation } from '../migrator/situation.js';
import { descriptionOf } from '../migrator/text.js';
import { describe } from '../operations/describe.js';
import type { DatabaseSchema } from '../schema/database.js';

/** What the files tell. */
export interface Told {
  readonly chapters: readonly Chapter[];
  /** What they lead to, where the migrations can be run for it. */
  readonly schema: DatabaseSchema | undefined;
}

/** A statement of the hook's own, or of a rebuild. */
const IS_OWN = /knex[-_]meta/i;
const LONGEST = 160;

/** A statement in a line: without the columns of a new table, or the values of a row. */
function lineOf(sql: string): string {
  const tokens = significant(tokenize(sql));
  const isShort = isWord(tokens[0], 'INSERT') || (isWord(tokens[0], 'CREATE') && isWord(tokens[1], 'TABLE'));
  const end = isShort ? tokens.findIndex(({ text }) => text === '(') : -1;
  const words = (end === -1 ? tokens : tokens.slice(0, end))
    .map(({ kind, text }) => (kind === 'name' && /^["`][a-z_]\w*["`]$/.test(text) ? text.slice(1, -1) : text))
    .join(' ')
    .replace(/ ?\. ?/g, '.')
    .replace(/ (?=[,)])|(?<=\() /g, '');
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}

const changesRows = (sql: string): boolean =>
  isWord(significant(tokenize(sql))[0], 'INSERT', 'UPDATE', 'DELETE');

function namesOf(config: Knex.Config) {
  const { meta } = config as { readonly meta?: Parameters<typeof resolveMeta>[0] };
  return {
    ownTables: ownTables(recordTables(config.migrations ?? {})),
    indexedMetadata: resolveMeta(meta, process.env)
      .columns.filter(({ index }) => index)
      .map(({ name }) => name),
  };
}

/**
 * Runs the migrations in a sandbox, one after the other, and tells what each does: by the tables before and after it
 * where they can be read, by its statements where not.
 *
 * @throws what loading the files throws
 */
export async function tellHistory(
  engine: Engine,
  config: Knex.Config,
  settings: Settings,
  options: PlanOptions,
): Promise<Told> {
  const found = await readSituation(undefined, settings, true);
  checkPending(found);
  const { history } = found;
  // The same text with and without a server: statements are told where a database in memory would cost something.
  const isRead = engine.migrations.sandbox.record === undefined;
  const tell = async (sandbox: Sandbox): Promise<Told> => {
    // What depends on rows is not told from a database that has none.
    if (!isRead) sandbox.assumeRows('none');
    const read = async () => (isRead ? engine.introspect(sandbox.db) : undefined);
    let before = await read();
    const chapters: Chapter[] = [];
    let areAllHere = true;
    for (const entry of history.revisions) {
      let failure: string | undefined;
      const statements = await statementsOf(sandbox, engine, entry, options.signal).catch(
        (error: unknown) => {
          // A table from before is not in a sandbox: neither can be told what is done to it later.
          if (!isAdoptionError(error) && !(isKnexMetaError(error) && error.code === 'MIGRATION_FAILED'))
            throw error;
          areAllHere = false;
          failure = wordsOf(error);
          return undefined;
        },
      );
      const after = await read();
      const rows = statements?.filter(
        (sql) => !IS_OWN.test(sql) && (after === undefined || changesRows(sql)),
      );
      const changes =
        before && after
          ? diff(before, after, engine.changes.comparison, namesOf(config)).operations.map((each) =>
              describe(each),
            )
          : [];
      chapters.push({
        revision: entry.revision,
        path: entry.path === undefined ? undefined : relative('', entry.path).split(sep).join('/'),
        revises: history.parents.get(entry.revision) ?? [],
        ...descriptionOf((await entry.text()) ?? ''),
        failure,
        operations: rows && [...changes, ...new Set(rows.map(lineOf))],
      });
      before = after;
    }
    return { chapters, schema: areAllHere ? before : undefined };
  };
  const isWhole = ({ chapters }: Told) => chapters.every(({ operations }) => operations !== undefined);
  return fromEmpty(engine, config, options, tell, isWhole);
}

/** The first line of what the engine said. */
const wordsOf = ({ message, cause }: Error): string =>
  (cause instanceof Error ? cause.message : message).split(' - ').at(-1)?.split('\n')[0] ?? '';

/** What one migration sends; undefined where it asks for what only a database with rows can answer. */
async function statementsOf(
  sandbox: Sandbox,
  engine: Engine,
  entry: KnownEntry,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  const task = {
    entry,
    name: entry.name,
    direction: 'up',
    row: undefined,
    content: await entry.load(),
  } as const;
  try {
    const planned = await captureTasks(sandbox, engine, [task], 'each', signal);
    return planned.flatMap(({ statements }) => statements);
  } catch (error) {
    if (isKnexMetaError(error) && error.code === 'NOT_OFFLINE') return undefined;
    throw error;
  }
}
