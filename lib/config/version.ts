import { readFileSync } from 'node:fs';
import { urlHere } from './here.js';

/** What the build puts in place of the name; sources run without it. */
declare const BUILT_VERSION: string | undefined;

/** The version of this package. */
export function versionOfPackage(): string {
  if (typeof BUILT_VERSION === 'string') return BUILT_VERSION;
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', urlHere()), 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}

/** What the journal and a script say of who wrote them: the package with its version. */
export function toolName(): string {
  return `knex-meta ${versionOfPackage()}`;
}
