/**
 * Completes package-lock.json after `npm install`: `npm run lock`. npm leaves out packages of other platforms that it did not
 * install, and `npm ci` then refuses the file. Addresses are left out: they are those of one machine's registry.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = 'package-lock.json';
const lock = JSON.parse(readFileSync(FILE, 'utf8'));

/** Where a package that another one asks for is, as Node looks for it. */
function placeOf(from, name) {
  for (let folder = from; ; folder = folder.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, '')) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (lock.packages[place] !== undefined || folder === '') return place;
  }
}

/** What the lock says of a package, as the registry describes it. */
function entryOf(name, version, isDev) {
  const found = JSON.parse(
    execFileSync('npm', ['view', `${name}@${version}`, '--json'], { encoding: 'utf8' }),
  );
  const { cpu, libc, license, os, engines } = found;
  const integrity = found.dist?.integrity ?? found['dist.integrity'];
  const dev = isDev ? true : undefined;
  return { version: found.version, integrity, cpu, dev, libc, license, optional: true, os, engines };
}

for (const [from, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = placeOf(from, name);
    if (lock.packages[place] !== undefined) continue;
    console.log(`${place} ${version}`);
    lock.packages[place] = entryOf(name, version, dev);
  }
}
for (const each of Object.values(lock.packages)) delete each.resolved;
const [[root, self], ...others] = Object.entries(lock.packages);
others.sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = Object.fromEntries([[root, self], ...others]);
writeFileSync(FILE, `${JSON.stringify(lock, undefined, 2)}\n`);
