import { KnexMetaError } from '../errors.js';
import type { TransactionMode } from '../migrator/options.js';
import type { Flag } from './command.js';

/** The flag of what runs or plans migrations. */
export const TRANSACTION_FLAG: Readonly<Record<'transaction', Flag>> = {
  transaction: {
    type: 'string',
    describe:
      'all: one for the run (default); each: one a migration; none. `config.transaction` of a file goes before it',
  },
};

const MODES: readonly string[] = ['each', 'all', 'none'] satisfies readonly TransactionMode[];

/** The value of --transaction. Throws USAGE. */
export function readMode(text: unknown): TransactionMode | undefined {
  if (text === undefined) return undefined;
  if (MODES.includes(String(text))) return text as TransactionMode;
  throw new KnexMetaError('USAGE', `--transaction takes each, all or none, not "${text}".`);
}
