import { resolve } from 'node:path';
import { KnexMetaError } from '../errors.js';
import type { Command } from './command.js';
import { extensionOf, type FileForm, fileNameOf, formOf, timestamp, writeNewFile } from './newFile.js';
import { renderStub } from './stub.js';

const TEMPLATES: Readonly<Record<FileForm, string>> = {
  typescript: `import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {}

export async function down(knex: Knex): Promise<void> {}
`,
  esm: `/**
 * @param { import('knex').Knex } knex
 * @returns { Promise<void> }
 */
export async function up(knex) {}

/**
 * @param { import('knex').Knex } knex
 * @returns { Promise<void> }
 */
export async function down(knex) {}
`,
  commonjs: `/**
 * @param { import('knex').Knex } knex
 * @returns { Promise<void> }
 */
exports.up = async function (knex) {};

/**
 * @param { import('knex').Knex } knex
 * @returns { Promise<void> }
 */
exports.down = async function (knex) {};
`,
};

export const migrateMake: Command = {
  command: 'migrate:make <name>',
  describe: 'Create a migration file',
  flags: {
    x: { type: 'string', describe: 'the extension of the file: js, mjs, cjs, ts, mts, cts' },
    stub: { type: 'string', describe: 'a template: a path, or a name in the migrations directory' },
  },
  examples: [['knex-meta migrate:make add_profile', 'in the language of the knexfile']],
  run: async ({ args, output, project }) => {
    const { config, extension: fallback, knexfile } = await project();
    const { migrations = {} } = config;
    const directory = [migrations.directory ?? './migrations'].flat().at(-1) ?? './migrations';
    const name = fileNameOf(String(args.name));
    if (name === '') {
      throw new KnexMetaError('USAGE', 'A name must be specified for the generated migration.');
    }
    const extension = extensionOf(args.x, migrations.extension ?? fallback);
    const stub = args.stub === undefined ? migrations.stub : String(args.stub);
    const text =
      stub === undefined
        ? TEMPLATES[formOf(extension, resolve(knexfile ?? '.', '..'))]
        : renderStub(stub, directory, config.migrations as object);
    const file = `${timestamp()}_${name}.${extension}`;
    const path = writeNewFile(directory, file, text);
    output.line(output.style('green', `Created Migration: ${path}`));
    return { data: { ok: true, path: resolve(path), file } };
  },
};
