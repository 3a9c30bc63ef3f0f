import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { createJiti } from 'jiti';
import { cacheFolder } from './cacheFolder.js';
import { requireHere, urlHere } from './here.js';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/** Node's own errors that say "not in this language", where jiti can still read the file. */
const RETRY_CODES = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_MODULE_NOT_FOUND',
  'ERR_REQUIRE_ESM',
  'ERR_AMBIGUOUS_MODULE_SYNTAX',
]);

const WRONG_SYNTAX =
  /is not defined in ES module scope|Cannot use import statement outside a module|Unexpected token 'export'|require is not defined|exports is not defined|module is not defined/;

let jiti: ReturnType<typeof createJiti> | undefined;

/** Loaded when it is needed, and as CommonJS: an import would first look through all of it for its exports. */
function ourJiti(): ReturnType<typeof createJiti> {
  if (jiti === undefined) {
    const { createJiti: create } = requireHere()('jiti') as { readonly createJiti: typeof createJiti };
    jiti = create(urlHere(), { fsCache: cacheFolder(), interopDefault: false });
  }
  return jiti;
}

async function importWithJiti(path: string): Promise<unknown> {
  return ourJiti().import(path);
}

/** The line in which a text stops being code, which Node keeps to itself for ES modules; undefined when it is code. */
export function lineOfSyntaxError(path: string, source: string): number | undefined {
  const code = ourJiti().transform({ source, filename: path, async: true });
  const line = /^exports\.__JITI_ERROR__ = .*?"line":(\d+)/.exec(code)?.[1];
  return line === undefined ? undefined : Number(line);
}

/** What Node says to code that runs in a context of its own, as Jest's default mode does: there is no import in it. */
const NO_IMPORT = /^ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING/;

async function importOrRequire(path: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    if (!NO_IMPORT.test(String((error as { readonly code?: unknown }).code))) throw error;
    return requireHere()(path);
  }
}

function isNodesOwnTypeScript(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript);
}

/**
 * Imports a file in any of the languages that a Knex project is written in: JavaScript or TypeScript, ESM or
 * CommonJS, whatever the package's `type` says. Node's own loader where it can, jiti where it cannot.
 */
export async function loadModule(path: string): Promise<unknown> {
  if (TYPESCRIPT.has(extname(path)) && !isNodesOwnTypeScript()) return importWithJiti(path);
  try {
    return await importOrRequire(path);
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    if (!RETRY_CODES.has(code ?? '') && !WRONG_SYNTAX.test(String(message))) throw error;
    return importWithJiti(path).catch(() => {
      // What Node said is about the file as its author wrote it.
      throw error;
    });
  }
}

/** Loaders that somebody has registered are for imports: where there may be one, nothing is loaded past it. */
const HAS_LOADER = /(?:^|\s)(?:--import|--loader|--experimental-loader|--require|-r)(?=[\s=]|$)/.test(
  [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '),
);

/** Node's words where it has tried to link a module before: why that failed it then keeps to itself. */
const TRIED_BEFORE = /imported again after being required/;

/** The same for an ES module, where it can be without the many turns of the process that an import takes. */
export async function loadAtOnce(path: string): Promise<unknown> {
  const { require_module: isAble } = process.features as { readonly require_module?: boolean };
  if (isAble !== true || HAS_LOADER) return loadModule(path);
  try {
    return requireHere()(path);
  } catch (reason) {
    return loadModule(path).catch((error: unknown) => {
      throw TRIED_BEFORE.test(String((error as { message?: unknown })?.message)) ? reason : error;
    });
  }
}

/** The default export, also where a compiler or loader has wrapped it once more. */
export function defaultOf(module: unknown): unknown {
  let value = module;
  for (let depth = 0; depth < 2; depth += 1) {
    if (typeof value !== 'object' || value === null || !('default' in value)) return value;
    value = value.default;
  }
  return value;
}
