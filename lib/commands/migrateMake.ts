import { resolve } from 'node:path';
import type { Knex } from 'knex';
import { KnexMetaError } from '../errors.js';
import { valueFor } from '../migrator/revises.js';
import type { Statements } from '../render/file.js';
import { generate } from '../render/generate.js';
import type { Command, Context, Outcome } from './command.js';
import { type Compared, compareModels } from './compareModels.js';
import { readFilesIfAny } from './migrateHistory.js';
import { differenceData, MODEL_FLAGS, nothingDetected, renameHints, tellDifference } from './modelReport.js';
import {
  EXTENSION_FLAG,
  extensionOf,
  type FileForm,
  fileNameOf,
  formOf,
  timestamp,
  writeNewFile,
} from './newFile.js';
import { askRenames } from './renameQuestion.js';
import { statementsOf } from './sqlMigration.js';
import { renderStub } from './stub.js';

const TEMPLATES: Readonly<Record<FileForm, string>> = {
  typescript: `import type { Knex } from 'knex';
%REVISES%
export async function up(knex: Knex): Promise<void> {}

export async function down(knex: Knex): Promise<void> {}
`,
  esm: `%REVISES%/**
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
  commonjs: `%REVISES%/**
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

/** The template for SQL that somebody is going to write. */
function withRaw(template: string): string {
  const body = '{\n  await knex.raw(`\n    \n  `);\n}';
  return template.replace(/\{\}(;?)$/gm, (_, semicolon: string) => `${body}${semicolon}`);
}

/** The line that says what a new migration follows; empty for the first one. */
function revisesLine(form: FileForm, parents: readonly string[]): string {
  if (parents.length === 0) return '';
  const value = valueFor(parents);
  const line = `${form === 'commonjs' ? 'exports.revises' : 'export const revises'} = ${value};\n`;
  return form === 'typescript' ? `\n${line}` : `${line}\n`;
}

/** The heads of the files that there are; none when there is no directory yet. */
export async function parentsOfNew(context: Context): Promise<readonly string[]> {
  const { config } = await context.project();
  if (config.migrations?.migrationSource !== undefined) return [];
  const files = await readFilesIfAny(context);
  return files?.history.heads.map(({ revision }) => revision) ?? [];
}

/** Writes a new migration that follows the given ones. */
export async function newMigration(
  { args, project }: Context,
  name: string,
  parents: readonly string[],
  render?: (form: FileForm) => string,
): Promise<{ readonly path: string; readonly file: string }> {
  const { config, extension: fallback, knexfile } = await project();
  const { migrations = {} } = config;
  const directory = [migrations.directory ?? './migrations'].flat().at(-1) ?? './migrations';
  const extension = extensionOf(args.x, migrations.extension ?? fallback);
  const stub = args.stub === undefined ? migrations.stub : String(args.stub);
  const form = formOf(extension, resolve(knexfile ?? '.', '..'));
  const template = args.sql === true ? withRaw(TEMPLATES[form]) : TEMPLATES[form];
  const text =
    render !== undefined
      ? render(form)
      : stub === undefined
        ? template.replace('%REVISES%', () => revisesLine(form, parents))
        : renderStub(stub, directory, migrations);
  const file = `${timestamp()}_${name}.${extension}`;
  return { path: writeNewFile(directory, file, text), file };
}

/** The line behind the header and the imports, where a person looks for it. */
export function withParents(text: string, form: FileForm, parents: readonly string[]): string {
  const line = revisesLine(form, parents).trim();
  return line === '' ? text : text.replace(/^(?=\/\*\*|export |exports\.)/m, () => `${line}\n\n`);
}

/** The text of the migration, by the form that it is to have. */
async function textOf(
  { engine, operations, actual, hazards, home, metadata, written }: Compared,
  db: Knex,
  isSql: boolean,
): Promise<(form: FileForm) => string> {
  const counts = new Map(hazards.map(({ evidence, count }) => [evidence?.sql, count]));
  const changes = { ...engine.changes, defaultSchema: home };
  const write = (form: FileForm, statements?: Statements) =>
    generate(changes, operations, actual, form, metadata, (sql) => counts.get(sql), statements, written);
  const statements = isSql ? await statementsOf(engine, db, write('esm')) : undefined;
  return (form) => write(form, statements);
}

/** Writes what makes the database what the models say; nothing when it is that already. */
function autogenerate(context: Context, name: string, parents: readonly string[]): Promise<Outcome> {
  const { args, output } = context;
  return compareModels(context, askRenames(context), async (compared, db) => {
    const data = differenceData(compared);
    tellDifference(compared, output, output.style('green', 'Detected'));
    for (const hint of renameHints(compared)) output.warn(hint);
    const isNothing = compared.operations.length === 0;
    if (isNothing) {
      for (const line of nothingDetected(compared)) output.line(line);
      if (args.empty !== true) return { data: { ok: true, ...data } };
    }
    const text = isNothing ? undefined : await textOf(compared, db, args.sql === true);
    const render = text && ((form: FileForm) => withParents(text(form), form, parents));
    const { path, file } = await newMigration(context, name, parents, render);
    output.line(output.style('green', `Created Migration: ${path}`));
    if (render !== undefined) output.line('Read it before you apply it.');
    return { data: { ok: true, path: resolve(path), file, revises: parents, ...data } };
  });
}

export const migrateMake: Command = {
  command: 'migrate:make <name>',
  describe: 'Create a migration file',
  flags: {
    x: EXTENSION_FLAG,
    autogenerate: { type: 'boolean', describe: 'write what makes the database what the models say' },
    empty: { type: 'boolean', describe: 'a file to fill in, with --autogenerate also when nothing changed' },
    sql: {
      type: 'boolean',
      describe: 'a file of SQL statements in knex.raw, in place of the schema builder',
    },
    ...MODEL_FLAGS,
    stub: { type: 'string', describe: 'a template: a path, or a name in the migrations directory' },
  },
  examples: [
    ['knex-meta migrate:make add_profile', 'in the language of the knexfile'],
    ['knex-meta migrate:make add_profile --autogenerate', 'the models beside the database, up and down'],
    [
      'knex-meta migrate:make rename --autogenerate --rename users.name:full_name',
      'where nobody can be asked: in CI, in a pipe',
    ],
  ],
  run: async (context) => {
    const { args, output } = context;
    const name = fileNameOf(String(args.name));
    if (name === '') {
      throw new KnexMetaError('USAGE', 'A name must be specified for the generated migration.');
    }
    const heads = await parentsOfNew(context);
    if (heads.length > 1) {
      output.warn(
        `There are ${heads.length} heads (${heads.join(', ')}): the new migration follows the last. \`npx knex-meta migrate:merge\` joins them.`,
      );
    }
    const parents = heads.slice(-1);
    if (args.autogenerate === true) return autogenerate(context, name, parents);
    const { path, file } = await newMigration(context, name, parents);
    output.line(output.style('green', `Created Migration: ${path}`));
    return { data: { ok: true, path: resolve(path), file, revises: parents } };
  },
};
