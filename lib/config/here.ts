import nodeModule from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The URL of this file. A bundle in CommonJS has none: the folder that the application runs in stands for it. */
export function urlHere(): string {
  const url = import.meta.url as string | undefined;
  return url ?? pathToFileURL(join(process.cwd(), 'bundle.js')).href;
}

/** `require` as a file of this URL or path has it. The name `createRequire` is often taken in the file of a bundle. */
export const requireFrom = (from: string): NodeJS.Require => nodeModule.createRequire(from);

let made: NodeJS.Require | undefined;

/** Node's `require`, made when it is first asked for: a bundle that never asks loads without it. */
export function requireHere(): NodeJS.Require {
  made ??= requireFrom(urlHere());
  return made;
}
