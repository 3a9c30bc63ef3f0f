import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables of the machine that would choose a database or an environment for a test. */
const NOT_INHERITED = {
  DATABASE_URL: undefined,
  ENVIRONMENT: undefined,
  NODE_ENV: undefined,
  NODE_OPTIONS: undefined,
};

/** Runs a program to its end. `tell` hears all that it has written to standard error so far. */
export function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
  tell: (stderr: string) => void = () => {},
): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...NOT_INHERITED, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk;
      tell(output.stderr);
    });
    child.once('error', failed);
    child.once('close', (code) => done({ code, ...output }));
  });
}

/** The built command line: `npm test` builds it first. */
export const KNEX_META = resolve(ROOT, 'dist/bin/knex-meta.js');

/** Runs our command line, as it is published, in a folder. */
export function knexMeta(
  args: readonly string[],
  cwd: string,
  env?: NodeJS.ProcessEnv,
  tell?: (stderr: string) => void,
): Promise<Ran> {
  return runProgram(process.execPath, [KNEX_META, ...args], cwd, env, tell);
}

/** Runs stock Knex's command line, in a folder. */
export function stockKnex(args: readonly string[], cwd: string): Promise<Ran> {
  return runProgram(process.execPath, [resolve(ROOT, 'node_modules/knex/bin/cli.js'), ...args], cwd);
}

/** knex-meta as it is installed in a folder: what is generated imports it. */
export function install(folder: string, ...others: readonly string[]): void {
  const modules = resolve(folder, 'node_modules');
  rmSync(modules, { force: true });
  mkdirSync(modules);
  symlinkSync(ROOT, resolve(modules, 'knex-meta'));
  for (const name of ['knex', ...others])
    symlinkSync(resolve(ROOT, 'node_modules', name), resolve(modules, name));
}
