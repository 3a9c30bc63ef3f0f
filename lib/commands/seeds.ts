import { existsSync, readdirSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { Knex } from 'knex';
import { defaultOf, loadModule } from '../config/loadModule.js';
import { KnexMetaError } from '../errors.js';
import type { Command } from './command.js';
import {
  EXTENSION_FLAG,
  extensionOf,
  type FileForm,
  fileNameOf,
  formOf,
  timestamp,
  writeNewFile,
} from './newFile.js';
import { renderStub } from './stub.js';

const BODY = `  // Deletes ALL existing entries
  await knex('table_name').del();
  await knex('table_name').insert([{ id: 1, colName: 'rowValue1' }]);
`;

const TEMPLATES: Readonly<Record<FileForm, string>> = {
  typescript: `import type { Knex } from 'knex';\n\nexport async function seed(knex: Knex): Promise<void> {\n${BODY}}\n`,
  esm: `/**\n * @param { import('knex').Knex } knex\n * @returns { Promise<void> }\n */\nexport async function seed(knex) {\n${BODY}}\n`,
  commonjs: `/**\n * @param { import('knex').Knex } knex\n * @returns { Promise<void> }\n */\nexports.seed = async function (knex) {\n${BODY}};\n`,
};

export const seedMake: Command = {
  command: 'seed:make <name>',
  describe: 'Create a seed file',
  flags: {
    x: EXTENSION_FLAG,
    stub: { type: 'string', describe: 'a template: a path, or a name in the seeds directory' },
    'timestamp-filename-prefix': { type: 'boolean', describe: 'begin the file name with the present second' },
  },
  examples: [['knex-meta seed:make users', 'writes seeds/users.ts beside a knexfile.ts']],
  run: async ({ args, output, project }) => {
    const { config, extension: fallback, knexfile } = await project();
    const seeds = config.seeds ?? {};
    const directory = [seeds.directory ?? './seeds'].flat().at(-1) ?? './seeds';
    const extension = extensionOf(args.x, seeds.extension ?? fallback);
    const hasPrefix = args['timestamp-filename-prefix'] === true || seeds.timestampFilenamePrefix === true;
    const stub = args.stub === undefined ? seeds.stub : String(args.stub);
    const text =
      stub === undefined
        ? TEMPLATES[formOf(extension, resolve(knexfile ?? '.', '..'))]
        : renderStub(stub, directory, seeds);
    const name = fileNameOf(String(args.name));
    const path = writeNewFile(directory, `${hasPrefix ? `${timestamp()}_` : ''}${name}.${extension}`, text);
    output.line(output.style('green', `Created seed file: ${resolve(path)}`));
    return { data: { ok: true, path: resolve(path) } };
  },
};

const LOADED = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

function listSeeds(seeds: Knex.SeederConfig): readonly string[] {
  const {
    directory = './seeds',
    recursive = false,
    sortDirsSeparately = false,
    loadExtensions = LOADED,
  } = seeds;
  const lists = [directory].flat().map((each) => {
    if (!existsSync(each)) {
      throw new KnexMetaError('SEED_FAILED', `There is no seeds directory ${each}.`, {
        remedy:
          'Make a first seed with `npx knex-meta seed:make <name>`, or correct `seeds.directory` in the knexfile.',
      });
    }
    const files = readdirSync(each, { recursive }).map((file) => resolve(each, String(file)));
    return files
      .filter((file) => loadExtensions.includes(extname(file)) && !/\.d\.[cm]?ts$/.test(file))
      .sort();
  });
  return sortDirsSeparately ? lists.flat() : lists.flat().sort();
}

interface Seed {
  readonly file: string;
  readonly seed: (db: Knex) => unknown;
}

async function loadSeed(file: string): Promise<Seed> {
  try {
    const module = (await loadModule(file)) as { seed?: unknown };
    const seed = module.seed ?? (defaultOf(module) as { seed?: unknown } | undefined)?.seed;
    if (typeof seed !== 'function') throw new Error('it must have a seed function');
    return { file, seed: seed as Seed['seed'] };
  } catch (error) {
    throw new KnexMetaError(
      'SEED_FAILED',
      `Invalid seed file ${basename(file)}: ${(error as Error).message}`,
      { remedy: 'Correct the file. No seed was run.', details: { file }, cause: error },
    );
  }
}

async function runSeed(db: Knex, { file, seed }: Seed): Promise<void> {
  try {
    await seed(db);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new KnexMetaError('SEED_FAILED', `Error while executing "${basename(file)}" seed: ${message}`, {
      remedy: 'What the seeds before it wrote stays. Correct the seed, then run the command again.',
      details: { file },
      cause: error,
    });
  }
}

/** Seeds of the project's own `seedSource`: Knex's seeder asks it. */
async function runSeedSource(db: Knex, specific: unknown): Promise<readonly string[]> {
  try {
    const [names] = await db.seed.run(specific === undefined ? {} : { specific: String(specific) });
    return names;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new KnexMetaError('SEED_FAILED', message, {
      remedy: 'What the seeds before it wrote stays. Correct the seed, then run the command again.',
      cause: error,
    });
  }
}

async function runSeedFiles(
  db: Knex,
  seeds: Knex.SeederConfig,
  specific: unknown,
): Promise<readonly string[]> {
  const all = listSeeds(seeds);
  const files = specific === undefined ? all : all.filter((file) => basename(file) === specific);
  if (specific !== undefined && files.length === 0) {
    throw new KnexMetaError('SEED_FAILED', `There is no seed ${String(specific)}.`, {
      remedy: `The seeds there are: ${all.map((file) => basename(file)).join(', ') || 'none'}.`,
    });
  }
  // All are loaded before the first one runs: a file that cannot be loaded leaves nothing half done.
  const loaded: Seed[] = [];
  for (const file of files) loaded.push(await loadSeed(file));
  for (const seed of loaded) await runSeed(db, seed);
  return files;
}

export const seedRun: Command = {
  command: 'seed:run',
  describe: 'Run the seed files',
  flags: { specific: { type: 'string', describe: 'run this file alone' } },
  examples: [['knex-meta seed:run --specific users.ts', 'run one seed']],
  run: async ({ args, output, database }) => {
    const { db, project } = await database();
    const seeds = project.config.seeds ?? {};
    const specific = args.specific ?? seeds.specific;
    const files = await (seeds.seedSource === undefined
      ? runSeedFiles(db, seeds, specific)
      : runSeedSource(db, specific));
    output.line(
      files.length === 0
        ? output.style('cyan', 'No seed files exist')
        : output.style('green', `Ran ${files.length} seed files`),
    );
    return { data: { ok: true, seeds: files } };
  },
};
