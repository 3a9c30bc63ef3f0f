import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import type { CheckReport, Finding } from '../../lib/checks/finding.js';
import { Output } from '../../lib/cli/output.js';
import type { Context } from '../../lib/commands/command.js';
import type { KnexMetaConfig } from '../../lib/metadata/options.js';
import { withMeta } from '../../lib/metadata/withMeta.js';
import { KNEX_META, runProgram } from '../support/commandLine.js';

const QUIET = { json: false, quiet: true, verbose: false, color: false };

/** What a command gets, for a configuration, without a process of its own. */
function contextFor(config: KnexMetaConfig, db: Knex): Context {
  const project = { knexfile: undefined, environment: 'development', config, extension: 'cjs' };
  return {
    args: {},
    output: new Output(QUIET),
    project: async () => project,
    database: async () => ({ db, project }),
    signal: () => new AbortController().signal,
  };
}

/** Runs something with a context of a connection with the hook, and closes it. */
export async function withContext<T>(
  config: KnexMetaConfig,
  act: (context: Context, db: Knex) => Promise<T>,
): Promise<T> {
  const db = knex(withMeta(config));
  try {
    return await act(contextFor(config, db), db);
  } finally {
    await db.destroy();
  }
}

/** The findings of a report as `table CODE`, sorted. */
export function codesOf({ findings }: CheckReport): readonly string[] {
  return findings.map(({ code, table = '' }) => `${table.replace(/^public\./, '')} ${code}`.trim()).sort();
}

/** Runs what findings say mends them, as a person would: SQL on the connection, commands in a shell in the folder. */
export async function runMending(
  db: Knex | undefined,
  findings: readonly Finding[],
  folder = '',
): Promise<void> {
  for (const command of findings.flatMap(({ mend = [] }) => mend)) {
    if (!/^np[mx] /.test(command)) {
      await db?.raw(command.replaceAll('?', '\\?'));
      continue;
    }
    expect(command).to.match(/^npx knex-meta /);
    const line = command.replace(/^npx knex-meta/, `"${process.execPath}" "${KNEX_META}"`);
    const { code, stdout, stderr } = await runProgram('sh', ['-c', line], folder);
    expect(code, `${command}\n${stdout}${stderr}`).to.equal(0);
  }
}
