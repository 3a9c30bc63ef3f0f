import type { Operation } from './operation.js';

/** What may be a call: a name, quoted or not, before a bracket. */
const CALL = /("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*\(/gu;

/** The names that a function's body may call. The server does not keep what a body in quotes names. */
function calledIn(declaration: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, name = ''] of declaration.matchAll(CALL))
    names.add(name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase());
  return names;
}

/** The names that the body of a function of an operation may call; none for all else. */
export function calledBy(operation: Operation): ReadonlySet<string> {
  const subject = operation.kind === 'function' ? (operation.to ?? operation.from) : undefined;
  return subject === undefined ? new Set() : calledIn(subject.declaration);
}
