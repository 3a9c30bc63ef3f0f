import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Ran, ROOT, runProgram } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';

const NPM = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];

/** Runs npm, and once more when the registry was slow. */
async function npm(args: readonly string[], cwd: string): Promise<Ran> {
  const ran = await runProgram('npm', args, cwd);
  return ran.code === 0 ? ran : runProgram('npm', args, cwd);
}

function versionOf(name: string): string {
  const file = join(ROOT, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

/** A project in which the packed tarball is installed, with packages of the registry beside it. */
export async function packedProject(...others: readonly string[]): Promise<string> {
  const packed = temporaryFolder();
  const pack = await npm(['pack', '--ignore-scripts', '--silent', '--pack-destination', packed], ROOT);
  expect(pack.code, pack.stderr).to.equal(0);
  const tarball = join(packed, readdirSync(packed)[0] ?? '');
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'package.json'), '{"name":"empty","private":true}\n');
  const wanted = [tarball, `knex@${versionOf('knex')}`, 'pg', ...others];
  const install = await npm(['install', ...NPM, ...wanted, '--omit=peer'], folder);
  expect(install.code, install.stderr).to.equal(0);
  // The driver takes two minutes to compile: the compiled copy of this checkout serves.
  for (const name of ['better-sqlite3', 'bindings', 'file-uri-to-path', '@types/node', 'undici-types']) {
    mkdirSync(join(folder, 'node_modules', name, '..'), { recursive: true });
    if (existsSync(join(folder, 'node_modules', name))) continue;
    cpSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules', 'typescript'), join(folder, 'node_modules', 'typescript'));
  return folder;
}
