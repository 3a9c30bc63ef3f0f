import { extname } from 'node:path';
import { tokensOf } from '../migrator/sourceTokens.js';

const TYPESCRIPT: readonly string[] = ['.ts', '.mts', '.cts'];
/** What follows `export` where a type is exported, or names that may be types. */
const OF_TYPES: readonly string[] = ['interface', 'type', 'declare', 'namespace', 'module', '*'];

/** Whether a file without exports at run time exports types. In JavaScript there are none. */
export function exportsTypes(path: string, source: string): boolean {
  if (!TYPESCRIPT.includes(extname(path))) return false;
  const tokens = tokensOf(source);
  return tokens.some(({ type, value }, at) => {
    if (type !== 'IdentifierName' || value !== 'export') return false;
    const [first, second] = tokens.slice(at + 1, at + 3).map((token) => token.value);
    if (first === '{') return second !== '}';
    return OF_TYPES.includes(first ?? '') || (first === 'default' && second === 'interface');
  });
}
