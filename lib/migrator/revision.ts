/** What is read off a directory: `.d.ts` files and the like are no migrations. */
export const EXTENSIONS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'] as const;

const LANGUAGE = /(?<=.)(?:\.[cm]?[jt]s)+$/;

/**
 * The name of a migration without its extension: the same for `.ts` in development and `.js` in production. Of
 * `1_a.js.js` it is `1_a` too, so that a revision has no other revision.
 */
export function revisionOf(name: string): string {
  return name.replace(LANGUAGE, '');
}
