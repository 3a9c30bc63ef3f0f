import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The URL of this file. A bundle in CommonJS has none: the folder that the application runs in stands for it. */
export function urlHere(): string {
  const url = import.meta.url as string | undefined;
  return url ?? pathToFileURL(join(process.cwd(), 'bundle.js')).href;
}

let made: NodeJS.Require | undefined;

/** Node's `require`, made when it is first asked for: a bundle that never asks loads without it. */
export function requireHere(): NodeJS.Require {
  made ??= createRequire(urlHere());
  return made;
}
