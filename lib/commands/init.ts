import { existsSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { changeDirectory } from '../cli/project.js';
import { findKnexfile } from '../config/knexfile.js';
import type { Command } from './command.js';
import { EXTENSION_FLAG, extensionOf, type FileForm, formOf, writeNewFile } from './newFile.js';

const SETTINGS = `  // DATABASE_URL chooses the database; without it this file is used.
  databaseUrl: 'sqlite:./dev.sqlite3',
  migrations: { directory: './migrations' },
  seeds: { directory: './seeds' },
`;

const TEMPLATES: Readonly<Record<FileForm, string>> = {
  typescript: `import { defineConfig } from 'knex-meta';\n\nexport default defineConfig({\n${SETTINGS}});\n`,
  esm: `import { defineConfig } from 'knex-meta';\n\nexport default defineConfig({\n${SETTINGS}});\n`,
  commonjs: `const { defineConfig } = require('knex-meta');\n\nmodule.exports = defineConfig({\n${SETTINGS}});\n`,
};

export const init: Command = {
  command: 'init',
  describe: 'Create a knexfile where there is none; beside one, say how to go on',
  flags: { x: EXTENSION_FLAG },
  examples: [['knex-meta init -x ts', 'a knexfile in TypeScript']],
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
      return { data: { ok: true, created: false, knexfile } };
    }
    const extension = extensionOf(args.x, existsSync('tsconfig.json') ? 'ts' : 'js');
    const path = writeNewFile('.', `knexfile.${extension}`, TEMPLATES[formOf(extension, process.cwd())]);
    output.line(output.style('green', `Created ./${path}`));
    output.line(
      'Add to .gitignore:  the database file, and *-knex-meta.lock, the lock file of migration runs',
    );
    output.line('Next:  npx knex-meta migrate:make create_users');
    return { data: { ok: true, created: true, knexfile: path } };
  },
};
