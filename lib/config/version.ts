import { readFileSync } from 'node:fs';

/** The version of this package. */
export function versionOfPackage(): string {
  // Two levels up from lib/config, three from dist/lib/config.
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === 'knex-meta') return String(manifest.version);
    } catch {
      // The other one.
    }
  }
  return 'unknown';
}

/** What the journal and a script say of who wrote them: the package with its version. */
export function toolName(): string {
  return `knex-meta ${versionOfPackage()}`;
}
