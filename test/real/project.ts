import { execFileSync } from 'node:child_process';
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
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { ROOT } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';

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
