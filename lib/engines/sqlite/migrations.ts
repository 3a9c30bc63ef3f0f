import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { MigrationEngine } from '../migrations.js';
import { backup } from './backup.js';
import { withoutWaiting } from './busy.js';
import { kindOf } from './errors.js';
import { openedFile } from './file.js';
import { OURS, openLock } from './runLock.js';
import { sandbox, script } from './sandbox.js';
import { identifyWriter } from './writer.js';

/** Milliseconds that another writer is waited for when nothing else was said. */
const WRITER_WAIT = 10_000;

/** Tries again until the database can be written to. */
function whenWritable(trx: Knex, wait: number, act: () => Promise<unknown>): Promise<void> {
  return withoutWaiting(trx, async () => {
    for (const end = performance.now() + wait; ; await delay(25)) {
      try {
        await act();
        return;
      } catch (error) {
        if (kindOf(error) !== 'busy' || performance.now() >= end) throw error;
      }
    }
  });
}

export const migrations: MigrationEngine = {
  hasStatementTimeout: false,
  ownFlag: OURS,
  openLock,
  // The first statement writes: a transaction that reads first could not write after another program has.
  beginGroup: async (trx, { lockTable }, { lockTimeout = WRITER_WAIT }) => {
    await whenWritable(trx, lockTimeout, () => trx.raw('update ?? set is_locked = is_locked', [lockTable]));
    return true;
  },
  // A deferred key that does not hold: SQLite leaves the transaction open, and Knex gives the connection back.
  afterRefusedCommit: async (db) => {
    await db.raw('rollback').then(
      () => {},
      () => {},
    );
  },
  keepsNoSession: async () => false,
  limited: (config) => config,
  kindOf,
  blocker: async (db) => identifyWriter(await openedFile(db)),
  cancel: async () => {
    // The driver works in this thread: nothing else runs while a statement does.
  },
  positionOf: () => undefined,
  backup,
  sandbox,
  // A rebuild writes the schema as it was.
  isRepeatable: (statements) => !statements.some((sql) => /^pragma writable_schema/i.test(sql)),
  script,
  backupExtension: '.backup',
};
