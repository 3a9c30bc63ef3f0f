import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KnexMetaError } from '../errors.js';

/**
 * A project's own template: `<%= d.name %>` takes from `variables` of the configuration.
 *
 * @param stub - a path, or a name in the directory
 * @throws KnexMetaError USAGE when there is no such file
 */
export function renderStub(stub: string, directory: string, settings: object | undefined): string {
  const path = /[/\\]/.test(stub) ? stub : join(directory, stub);
  if (!existsSync(path)) {
    throw new KnexMetaError('USAGE', `There is no stub ${path}.`, {
      remedy: 'Give a path from the working directory, or the name of a file in the configured directory.',
    });
  }
  const variables =
    (settings as { variables?: Readonly<Record<string, unknown>> } | undefined)?.variables ?? {};
  return readFileSync(path, 'utf8').replace(/<%=\s*d\.([\w$]+)\s*%>/g, (_match, name: string) =>
    String(variables[name] ?? ''),
  );
}
