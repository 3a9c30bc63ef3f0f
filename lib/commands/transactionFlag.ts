import { KnexMetaError } from '../errors.js';
import type { TransactionMode } from '../migrator/options.js';

const MODES: readonly string[] = ['each', 'all', 'none'] satisfies readonly TransactionMode[];

/** The value of --transaction. Throws USAGE. */
export function readMode(text: unknown): TransactionMode | undefined {
  if (text === undefined) return undefined;
  if (MODES.includes(String(text))) return text as TransactionMode;
  throw new KnexMetaError('USAGE', `--transaction takes each, all or none, not "${text}".`);
}
