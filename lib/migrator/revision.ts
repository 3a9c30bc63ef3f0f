import { extname } from 'node:path';

/** What is read off a directory: `.d.ts` files and the like are no migrations. */
export const EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'] as const;

/** The name of a migration without its extension: the same for `.ts` in development and `.js` in production. */
export function revisionOf(name: string): string {
  const extension = extname(name);
  return (EXTENSIONS as readonly string[]).includes(extension) ? name.slice(0, -extension.length) : name;
}
