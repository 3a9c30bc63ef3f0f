import type { ErrorKind } from '../migrations.js';

/** What an error of either driver means: better-sqlite3 gives extended codes, sqlite3 plain ones. */
export function kindOf(error: unknown): ErrorKind {
  const { code = '', message = '' } = (error ?? {}) as { readonly code?: string; readonly message?: string };
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'busy';
  if (/^SQLITE_(READONLY|FULL|CANTOPEN|IOERR|PERM)/.test(code)) return 'not-writable';
  if (code === 'SQLITE_INTERRUPT') return 'cancelled';
  return /\balready exists|duplicate column name/i.test(message) ? 'exists' : 'other';
}
