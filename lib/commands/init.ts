import { existsSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { changeDirectory } from '../cli/project.js';
import { canAsk, choose } from '../cli/question.js';
import { findKnexfile } from '../config/knexfile.js';
import { resolveMeta } from '../metadata/resolve.js';
import { interrupted } from '../migrator/failure.js';
import type { Command, Context } from './command.js';
import { EXTENSION_FLAG, extensionOf, type FileForm, formOf, writeNewFile } from './newFile.js';

/** The text of a new knexfile. */
function knexfileText(form: FileForm, prefix: string): string {
  const lines = [
    '  // DATABASE_URL chooses the database; without it this file is used.',
    "  databaseUrl: 'sqlite:./dev.sqlite3',",
    "  migrations: { directory: './migrations' },",
    "  seeds: { directory: './seeds' },",
    ...(prefix === '' ? [] : [`  meta: { prefix: '${prefix}' },`]),
  ];
  const [first, call] =
    form === 'commonjs'
      ? ["const { defineConfig } = require('knex-meta');", 'module.exports = defineConfig({']
      : ["import { defineConfig } from 'knex-meta';", 'export default defineConfig({'];
  return [first, '', call, ...lines, '});', ''].join('\n');
}

const USUAL_PREFIX = 'row_';

/** What the names of the metadata columns begin with: as --prefix says, or as a person at a terminal chooses. */
async function prefixOf({ args, output }: Pick<Context, 'args' | 'output'>): Promise<string | undefined> {
  const { prefix } = args;
  if (prefix !== undefined) {
    resolveMeta({ prefix: String(prefix) }, {});
    return String(prefix);
  }
  if (!canAsk(args)) return '';
  output.line(
    'A query that joins tables must write the table before a column that both have, such as notes.',
  );
  const answer = await choose('Names of the metadata columns', [
    { value: '', label: 'notes, created_at, updated_at, is_active, is_flagged' },
    { value: USUAL_PREFIX, label: `with a prefix: ${USUAL_PREFIX}notes, ${USUAL_PREFIX}created_at, ...` },
  ]);
  return answer === 'cancelled' ? undefined : answer.value;
}

export const init: Command = {
  command: 'init',
  describe: 'Create a knexfile where there is none; beside one, say how to go on',
  flags: {
    x: EXTENSION_FLAG,
    prefix: {
      type: 'string',
      describe: 'what the names of the metadata columns begin with: row_ makes row_notes',
    },
  },
  examples: [
    ['knex-meta init -x ts', 'a knexfile in TypeScript'],
    ['knex-meta init --prefix row_', 'for a project whose queries join tables'],
  ],
  run: async ({ args, output }) => {
    if (args.cwd !== undefined) changeDirectory(String(args.cwd));
    const { knexfile } = findKnexfile(
      process.cwd(),
      args.knexfile === undefined ? undefined : String(args.knexfile),
    );
    if (knexfile !== undefined) {
      output.line(`${relative('', knexfile)} is there: nothing to configure, nothing was changed.`);
      output.line('Apply your migrations, with the metadata columns:  npx knex-meta migrate:latest');
      output.line(
        `For stock knex and the application, wrap the configuration in ${basename(knexfile)}:  withMeta({ ... }), imported from 'knex-meta'`,
      );
      output.line(
        `Do queries join tables and name notes or created_at without the table? Add  meta: { prefix: '${args.prefix ?? USUAL_PREFIX}' }  before the first migration; \`npx knex-meta doctor\` finds such views and migrations.`,
      );
      return { data: { ok: true, created: false, knexfile } };
    }
    const prefix = await prefixOf({ args, output });
    if (prefix === undefined) throw interrupted(undefined, 'Nothing was written.');
    const extension = extensionOf(args.x, existsSync('tsconfig.json') ? 'ts' : 'js');
    const path = writeNewFile(
      '.',
      `knexfile.${extension}`,
      knexfileText(formOf(extension, process.cwd()), prefix),
    );
    output.line(output.style('green', `Created ./${path}`));
    output.line(
      'Add to .gitignore:  the database file, and *-knex-meta.lock, the lock file of migration runs',
    );
    output.line('Next:  npx knex-meta migrate:make create_users');
    return { data: { ok: true, created: true, knexfile: path } };
  },
};
