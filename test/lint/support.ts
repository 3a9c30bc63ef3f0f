import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { lintScope } from '../../lib/commands/lintRun.js';
import { engineForClient } from '../../lib/engines/registry.js';
import type { LintFinding } from '../../lib/lint/report.js';
import { withMeta } from '../../lib/metadata/withMeta.js';
import type { Scope } from '../../lib/migrator/written.js';
import { temporaryFolder } from '../support/databases.js';

/** Configurations that reach no database. */
export const OFFLINE = {
  postgresql: { client: 'pg', connection: 'postgres://nobody@127.0.0.1:1/none' },
  sqlite: {
    client: 'better-sqlite3',
    connection: { filename: '/nowhere/none.sqlite3' },
    useNullAsDefault: true,
  },
} as const satisfies Record<string, Knex.Config>;

/** A migration whose `up` is this; SQL where it is no JavaScript. */
export function migration(up: string, isAlone = false): string {
  const body = /await |throw /.test(up) ? up : `await k.raw(${JSON.stringify(up)});`;
  const config = isAlone ? 'exports.config = { transaction: false };\n' : '';
  return `${config}exports.up = async (k) => {\n${body}\n};\nexports.down = async () => {};\n`;
}

/** Findings of files, without a database. */
export async function lintFiles(
  engine: keyof typeof OFFLINE,
  files: Readonly<Record<string, string>>,
  scope: Scope,
  lint: object = {},
): Promise<readonly LintFinding[]> {
  const directory = join(temporaryFolder(), 'migrations');
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const config = { ...OFFLINE[engine], migrations: { directory }, meta: { lint } };
  const found = engineForClient(OFFLINE[engine].client);
  if (found === undefined) throw new Error(engine);
  return (await lintScope(found, withMeta(config), undefined, scope, {})).findings;
}
