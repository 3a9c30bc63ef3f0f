import { readFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { lineOfSyntaxError, loadAtOnce, loadModule } from '../config/loadModule.js';
import { isEsmPackage } from '../config/packageType.js';
import { isKnexMetaError, KnexMetaError } from '../errors.js';
import { takeTurns } from '../turns.js';
import { type AnyModel, definedSoFar, isDefinition, titleOf } from './definition.js';
import { fileName, listModelFiles } from './loadFiles.js';
import { lineOfError, type Place } from './place.js';
import { exportsTypes } from './typeExports.js';

/** A file that was read, with how many definitions are written in it. */
interface ModelFile {
  readonly file: string;
  readonly models: number;
}

/** All that the files of models declare. */
export interface LoadedModels {
  readonly models: readonly AnyModel[];
  /** Those that are written in the files and that none of them exports. */
  readonly unexported: readonly AnyModel[];
  readonly files: readonly ModelFile[];
}

/** A place as messages name it. */
export function placeName({ file, line }: Place): string {
  return `${fileName(file)}:${line}`;
}

/** The line that names what another file does not export, which Node keeps to itself where a module is required. */
function lineOfImport(message: string, source: string): number | undefined {
  const [, name] = /does not provide an export named '([^']+)'/.exec(message) ?? [];
  const at = name === undefined ? -1 : source.split('\n').findIndex((line) => line.includes(name));
  return at < 0 ? undefined : at + 1;
}

async function lineOf(path: string, error: unknown): Promise<number | undefined> {
  const line = lineOfError(error, path);
  if (line !== undefined || !(error instanceof SyntaxError)) return line;
  const source = await readFile(path, 'utf8');
  return lineOfSyntaxError(path, source) ?? lineOfImport(error.message, source);
}

async function loadFailed(path: string, error: unknown): Promise<KnexMetaError> {
  const line = await lineOf(path, error);
  const at = line === undefined ? fileName(path) : placeName({ file: path, line });
  const [first = ''] = String((error as { message?: unknown })?.message ?? error).split('\n');
  // An import is called by its own name.
  const message = first
    .replace(/^ParseError: /, '')
    .replace(/\(0 ?, ?\w+\.(\w+)\)/, '$1')
    .trim();
  return new KnexMetaError('MODEL_LOAD_FAILED', `${at} could not be loaded: ${message}`, {
    remedy: isKnexMetaError(error) && error.remedy !== '' ? error.remedy : 'Correct the file.',
    details: { file: path, line },
    cause: error,
  });
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isDefinition(value) && !(value instanceof Promise);

/** What a module exports, by value: as names, as the default export, in an object or an array. */
function exportsOf(module: unknown, depth = 0): readonly unknown[] {
  if (!isPlain(module)) return [];
  return Object.values(module).flatMap((value: unknown) =>
    isPlain(value) && depth < 2 ? exportsOf(value, depth + 1) : [value],
  );
}

function exportsNothing(path: string): KnexMetaError {
  return new KnexMetaError('MODEL_INVALID', `${fileName(path)}:1 exports nothing.`, {
    remedy: "Export its models: `export const users = defineModel('users', (t) => { ... });`",
    details: { file: path, line: 1 },
  });
}

function exportsPromise(path: string, promises: readonly Promise<unknown>[]): KnexMetaError {
  // What they say is about the file as it will be.
  for (const promise of promises) promise.catch(() => {});
  return new KnexMetaError('MODEL_INVALID', `${fileName(path)}:1 exports a promise.`, {
    remedy: 'Export what it gives: `export const users = await …` waits for it.',
    details: { file: path, line: 1 },
  });
}

async function modelsIn(path: string, isEsm: boolean): Promise<readonly AnyModel[]> {
  let exported: readonly unknown[];
  try {
    exported = exportsOf(await (isEsm ? loadAtOnce(path) : loadModule(path)));
  } catch (error) {
    throw await loadFailed(path, error);
  }
  if (exported.length === 0) {
    if (exportsTypes(path, await readFile(path, 'utf8'))) return [];
    throw exportsNothing(path);
  }
  const promises = exported.filter((each) => each instanceof Promise);
  if (promises.length > 0) throw exportsPromise(path, promises);
  return exported.filter(isDefinition);
}

/** Whether a file is an ES module by its name and its package. */
function esModules(): (path: string) => boolean {
  const packages = new Map<string, boolean>();
  return (path) => {
    if (extname(path) !== '.js') return extname(path) === '.mjs';
    const folder = dirname(path);
    const isEsm = packages.get(folder) ?? isEsmPackage(folder);
    packages.set(folder, isEsm);
    return isEsm;
  };
}

const isSamePlace = (a: Place | undefined, b: Place | undefined): boolean =>
  a !== undefined && b !== undefined && a.file === b.file && a.line === b.line;

/** What of a schema can have a name once. */
function namespaceOf({ kind, schema, name, ...model }: AnyModel): string {
  const isRoutine = ['function', 'procedure', 'aggregate'].includes(kind);
  // Functions of one name differ in their arguments, triggers in their tables.
  const apart = isRoutine || kind === 'trigger' ? (model as { declaration?: string }).declaration : undefined;
  const group = ['table', 'view', 'materialized view', 'enum'].includes(kind) ? 'relation' : kind;
  return JSON.stringify([group, schema ?? null, name, apart ?? null]);
}

function duplicate(model: AnyModel, other: AnyModel, file: string): KnexMetaError {
  const title = titleOf(model);
  const places = [other.place, model.place]
    .filter((place) => place !== undefined)
    .sort((a, b) => (a.file === b.file ? a.line - b.line : 0))
    .map(placeName);
  const where = places.length === 2 ? `${places[0]} and ${places[1]}` : fileName(file);
  return new KnexMetaError(
    'MODEL_DUPLICATE',
    `${title[0]?.toUpperCase()}${title.slice(1)} is defined twice: ${where}.`,
    {
      remedy: 'Keep one of them. A model that another file exports again is no second one.',
      details: { name: model.name, schema: model.schema, places: [other.place, model.place] },
    },
  );
}

/** Definitions of these files that are none of the models, nor copies of one, in the order of the files. */
function unexportedOf(paths: readonly string[], models: readonly AnyModel[]): readonly AnyModel[] {
  const exported = new Set(models);
  const others = [...definedSoFar()].filter((model) => !exported.has(model));
  if (others.length === 0) return [];
  const keyOf = (model: AnyModel) => `${namespaceOf(model)}${model.place && placeName(model.place)}`;
  const places = new Set(models.map(keyOf));
  const orders = new Map(paths.map((path, at) => [path, at]));
  const orderOf = ({ place }: AnyModel) => orders.get(place?.file ?? '') ?? -1;
  return others
    .filter((model) => orderOf(model) >= 0 && !places.has(keyOf(model)))
    .sort((a, b) => orderOf(a) - orderOf(b));
}

/**
 * Loads every model of the project: TypeScript or JavaScript, ESM or CommonJS.
 *
 * @param directories - where they are; a model that several files export, such as an index, is one
 * @throws KnexMetaError MODELS_DIRECTORY_MISSING, MODELS_NONE, MODEL_LOAD_FAILED, MODEL_INVALID, MODEL_DUPLICATE
 */
export async function loadModels(directories: readonly string[]): Promise<LoadedModels> {
  const paths = await listModelFiles(directories);
  const known = new Map<string, AnyModel>();
  const counts = new Map(paths.map((path) => [path, 0]));
  // One after the other: a CommonJS file may not require an ES module that is being imported at the same time.
  const others = takeTurns();
  const isEsm = esModules();
  for (const path of paths) {
    await others();
    for (const model of await modelsIn(path, isEsm(path))) {
      const key = namespaceOf(model);
      const other = known.get(key);
      if (other === model || (other !== undefined && isSamePlace(other.place, model.place))) continue;
      if (other !== undefined) throw duplicate(model, other, path);
      known.set(key, model);
      const written = model.place?.file ?? path;
      const file = counts.has(written) ? written : path;
      counts.set(file, (counts.get(file) ?? 0) + 1);
    }
  }
  const files = [...counts].map(([path, models]) => ({ file: fileName(path), models }));
  const models = [...known.values()];
  if (models.length > 0) return { models, unexported: unexportedOf(paths, models), files };
  throw new KnexMetaError('MODELS_NONE', `There is no model in ${directories.join(', ')}.`, {
    remedy:
      paths.length === 0
        ? 'Write one into a file there, or have them written from what the database has: `npx knex-meta models:pull`.'
        : `The files there export none: ${paths.map(fileName).join(', ')}. A model is what \`defineModel\` returns.`,
    details: { directories, files: paths },
  });
}
