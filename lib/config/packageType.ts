import { readFileSync } from 'node:fs';
import escalade from 'escalade/sync';

/** Whether the nearest package.json says that `.js` is ESM. */
export function isEsmPackage(folder: string): boolean {
  const file = escalade(folder, (_directory, names) =>
    names.includes('package.json') ? 'package.json' : false,
  );
  if (!file) return false;
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { type?: string }).type === 'module';
  } catch {
    // One that is broken at the moment must not keep a file from being made.
    return false;
  }
}
