import { allRules } from '../lib/commands/lintRun.js';
import { PEERS } from './lintPeers.js';

const INTRODUCTION = `\`npx knex-meta lint\` runs the pending migrations where nobody sees it, as \`migrate:plan\` does, and looks at each statement:
what the builder writes and what is raw SQL alike. SQL for PostgreSQL is read by PostgreSQL's own parser (the npm package
\`libpg-query\`, loaded by this command alone). Nothing is run on the database.

| command                              | looks at                                            | database                             |
| ------------------------------------ | --------------------------------------------------- | ------------------------------------ |
| \`lint\`                               | what is pending                                     | is asked for the record and evidence |
| \`lint --since <revision>\`            | what comes behind a revision, as one batch          | none; a temporary one where a join or a question needs it |
| \`lint --all\`                         | every migration, each as if those before ran long ago | none; a temporary one where a join or a question needs it |
| \`lint migrations/a.ts b.ts\`          | these files, each as if those before ran long ago   | none; a temporary one where a join or a question needs it |

A table that the same batch makes is new: nobody waits for its lock, and no rule about locks, rows or old code counts for it.
\`--since\`, \`--all\` and files are for CI with nothing but the repository; \`--format github\` writes annotations,
\`--format sarif\` a SARIF 2.1.0 document for code scanning, with paths from the root of the repository.

**Severities.** Errors and warnings end with exit code 3 (\`--fail-on error\`, \`note\`, \`never\`). Where a database is
connected, it is asked in a transaction that may only read, for two seconds a question: how many rows, NULLs, duplicates,
orphans there are. A table of at most 1000 rows (\`smallTable\`) makes a note of a lock; no row that would be lost or would fail
makes a note; rows that do stop the migration make an error. What cannot be asked in time stays as it was.

**Switches.** A comment before the statement, or inside the call that makes it; before the statement means the next line of
code. In SQL of one's own \`--\` begins the comment.

\`\`\`ts
// knex-meta-lint-ignore DROP_TABLE, INDEX_LOCKS nobody has used it since March
await knex.schema.dropTable('old_sessions');

// knex-meta-lint-ignore-file BACKFILL a table of twelve rows
\`\`\`

For the project: \`meta: { lint: { ignore: ['SMALL_KEY'], severity: { VARCHAR_LIMIT: 'warning' }, smallTable: 10000 } }\`.

The harms are those that a generated migration names in its comments, with the same safe ways: DATA LOSS, CAN FAIL, LONG LOCK,
INCOMPATIBLE.`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

function sections(): readonly string[] {
  return allRules().map(({ rule, engines }) => {
    const { code, severity, harm, finds, reason, remedy } = rule;
    return [
      `### ${code}`,
      `${severity}, ${harm}; ${engines.join(', ')}. Finds: ${finds}.`,
      `${reason} **Safe:** ${remedy}`,
    ].join('\n\n');
  });
}

function peerTables(): readonly string[] {
  return Object.entries(PEERS).map(([peer, names]) => {
    const rows = Object.entries(names).map(
      ([name, ours]) =>
        `| ${cell(name)} | ${typeof ours === 'string' ? `not taken: ${cell(ours)}` : ours.join(', ')} |`,
    );
    return [`### ${peer}`, ['| there | here |', '|---|---|', ...rows].join('\n')].join('\n\n');
  });
}

/** The text of docs/lint.md. */
export function lintDocument(): string {
  return `${[
    '# Lint',
    'Made from the rules themselves by `npm run docs`; a test compares.',
    INTRODUCTION,
    '## Rules',
    ...sections(),
    '## What other linters know',
    ...peerTables(),
  ].join('\n\n')}\n`;
}
