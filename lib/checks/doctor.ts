import type { Presence } from '../migrator/presence.js';
import type { MigrationStatus } from '../migrator/status.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Finding } from './finding.js';
import { shellWord } from './quote.js';
import { recordings, revisionOf } from './recording.js';

type Thing = Presence['made'][number];

function wordsOf(things: readonly Thing[]): string {
  // A table that is there or not says it for its columns too.
  const tables = new Set(things.flatMap(({ kind, table }) => (kind === 'table' ? [table] : [])));
  return things
    .filter(({ kind, table }) => kind === 'table' || !tables.has(table))
    .map(({ kind, table, name }) =>
      kind === 'table' ? `table ${name}` : kind === 'column' ? `column ${table}.${name}` : `${kind} ${name}`,
    )
    .join(', ');
}

function absentFinding({ name, made, present, rest }: Presence): Finding {
  const absent = made.filter((thing) => !present.includes(thing));
  return {
    code: 'APPLIED_ABSENT',
    migration: name,
    message: `${name} is recorded as applied, and what it makes is not there: ${wordsOf(absent)}`,
    remedy:
      'Was it dropped by hand, or is the record of another database? What was in it is in a backup at best; this makes it anew, without rows.',
    ...(rest === undefined || rest.length === 0 ? {} : { mend: rest }),
  };
}

/** What the record says of migrations beside what the database has of them. */
export function presenceFindings(
  presences: readonly Presence[],
  { applied, unfinished, missing }: MigrationStatus,
  record: string,
): readonly Finding[] {
  // A stamp sets the record to one revision with all before it, and nothing else.
  let areEarlierDone = missing.length === 0;
  const names = new Set(applied.map(({ name }) => revisionOf(name)));
  const begun = new Set(unfinished.map(revisionOf));
  const isUnfinished = (name: string): boolean => begun.has(revisionOf(name)) && !names.has(revisionOf(name));
  const open = presences
    .filter(({ isApplied }) => !isApplied)
    .map((presence) => {
      const isNext = areEarlierDone && presence.isBehind;
      areEarlierDone = false;
      return { ...presence, isNext, isUnfinished: isUnfinished(presence.name) };
    });
  const records = recordings(
    open.filter(({ present }) => present.length > 0),
    applied,
    record,
  );
  return presences.flatMap((presence): readonly Finding[] => {
    const { name, made, present, rest, isApplied } = presence;
    if (isApplied) return present.length < made.length ? [absentFinding(presence)] : [];
    const isDone = made.length > 0 && present.length === made.length;
    const say = (): string => records.get(name) ?? '';
    if (isDone) {
      return [
        {
          code: 'PENDING_PRESENT',
          migration: name,
          message: `${name} is not recorded as applied, and all that it makes is there: ${wordsOf(present)}`,
          remedy:
            'It ran and was not recorded, or its changes were made by hand: running it fails with "already exists". When what is there is what it makes, record it.',
          mend: [say()],
        },
      ];
    }
    if (present.length > 0) {
      const absent = made.filter((thing) => !present.includes(thing));
      return [
        {
          code: 'PENDING_PARTLY',
          migration: name,
          message: `${name} is half done: there is ${wordsOf(present)}; there is not ${wordsOf(absent)}`,
          remedy:
            rest === undefined
              ? 'It ran without a transaction and did not end. What is left cannot be told from its statements: do by hand what is missing, then record it.'
              : 'It ran without a transaction and did not end. Run what is missing, then record it.',
          ...(rest === undefined ? {} : { mend: [...rest, say()] }),
        },
      ];
    }
    if (!isUnfinished(name)) return [];
    return [
      {
        code: 'UNFINISHED',
        migration: name,
        message: `${name} was begun without a transaction and did not end, and nothing of what it makes is there`,
        remedy: made.length === 0 ? 'Compare the database with the file.' : 'Say so, and run it again.',
        ...(made.length === 0
          ? {}
          : {
              mend: [
                `npx knex-meta migrate:resolve ${shellWord(revisionOf(name))} --undone`,
                'npx knex-meta migrate:latest',
              ],
            }),
      },
    ];
  });
}

/** Indexes that a CREATE INDEX CONCURRENTLY which failed has left. */
export function indexFindings(
  { tables }: Pick<DatabaseSchema, 'tables'>,
  mend: (schema: string | undefined, index: string) => readonly string[],
): readonly Finding[] {
  return tables.flatMap(({ schema, name, indexes }) =>
    indexes
      .filter(({ isValid }) => !isValid)
      .map((index) => ({
        code: 'INDEX_INVALID',
        table: schema === undefined ? name : `${schema}.${name}`,
        message: `the index ${index.name} on ${name} is not valid: making it without a lock failed, and no query uses it`,
        remedy: 'Make it anew. A unique one needs its duplicates taken away first.',
        mend: mend(schema, index.name),
      })),
  );
}

/** The record is in a schema that the configuration does not look in. */
export function searchPathFinding(found: string, looked: string, mend: readonly string[]): Finding {
  return {
    code: 'SEARCH_PATH',
    message: `the record of migrations is in the schema ${found}, and this configuration looks in ${looked}`,
    remedy:
      mend.length === 0
        ? `Correct it in the knexfile: \`searchPath: ['${found}']\`, or \`migrations.schemaName\`. A run would begin from nothing.`
        : `Say it in the knexfile, \`searchPath: ['${found}']\`, or for the database. A run would begin from nothing.`,
    ...(mend.length === 0 ? {} : { mend }),
  };
}
