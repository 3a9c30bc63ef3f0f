import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Knex } from 'knex';
import { temporaryFolder } from '../support/databases.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(tmpdir(), 'knex-meta-test-packages');

/** Fetches one package's tarball, alone, and unpacks it outside the repository. */
export function fetchPackage(name: string, version: string): string {
  const folder = join(CACHE, `${name.replace(/[@/]/g, '_')}-${version}`);
  if (existsSync(folder)) return folder;
  const work = `${folder}-${process.pid}`;
  mkdirSync(work, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      execFileSync('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', work], {
        stdio: 'pipe',
        timeout: 120_000,
      });
      break;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
  const tarball = readdirSync(work).find((file) => file.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['xzf', join(work, tarball), '-C', work]);
  try {
    renameSync(join(work, 'package'), folder);
  } catch {
    // Another process was faster.
  }
  rmSync(work, { recursive: true, force: true });
  return folder;
}

/** A project of somebody's: its migrations, a plain knexfile, and no word of knex-meta. */
export function makeProject(packageFolder: string, config: Knex.Config): string {
  const folder = temporaryFolder();
  cpSync(join(packageFolder, 'migrations'), join(folder, 'migrations'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"name":"project","private":true}\n');
  writeFileSync(join(folder, 'knexfile.js'), `module.exports = ${JSON.stringify(config)};\n`);
  return folder;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = spawn(
      process.execPath,
      [...(file.endsWith('.ts') ? ['--import', tsx()] : []), file, ...args],
      {
        cwd,
        env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once('error', failed);
    child.once('close', (code) => done({ code, stdout, stderr }));
  });
}

function tsx(): string {
  return new URL(`file://${createRequire(import.meta.url).resolve('tsx/esm')}`).href;
}

/** Runs our command line from its sources, in a folder. */
export function knexMeta(args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<Ran> {
  return run(resolve(ROOT, 'bin/knex-meta.ts'), args, cwd, env);
}

/** Runs stock Knex's command line, in a folder. */
export function stockKnex(args: readonly string[], cwd: string): Promise<Ran> {
  return run(resolve(ROOT, 'node_modules/knex/bin/cli.js'), args, cwd);
}
