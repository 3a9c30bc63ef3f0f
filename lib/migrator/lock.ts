import { setTimeout as delay } from 'node:timers/promises';
import type { LockBusy, RunLock } from '../engines/migrations.js';
import { KnexMetaError } from '../errors.js';
import type { Events } from './events.js';
import { interrupted } from './failure.js';
import type { RunOptions } from './options.js';

/** How long stock Knex, or a writer that is no migrator, is waited for: it may have died with its flag set. */
const OTHERS_WAIT = 10_000;
const FIRST_PAUSE = 20;
const SHORT_WRITE = 200;
const LONGEST_PAUSE = 400;

function tooLong({ by, holder }: LockBusy, waited: number): KnexMetaError {
  const seconds = `${Math.round(waited / 100) / 10} s`;
  const details = { by, holder, waited: Math.round(waited) };
  if (by === 'writer') {
    return new KnexMetaError('DATABASE_BUSY', `The database is held by ${holder}: waited ${seconds}.`, {
      remedy: 'Let it end its transaction, or give it longer with --lock-timeout. Nothing was changed.',
      details,
    });
  }
  return new KnexMetaError(
    'MIGRATIONS_LOCKED',
    `The migrations are locked by ${holder}: waited ${seconds}.`,
    {
      remedy:
        by === 'knex'
          ? 'Wait for that run. If there is none (stock Knex was killed): npx knex-meta migrate:unlock. Nothing was changed.'
          : 'Wait for that run to end. Its lock ends with its process. Nothing was changed.',
      details,
    },
  );
}

/**
 * Waits for the right to run migrations.
 *
 * @throws KnexMetaError MIGRATIONS_LOCKED, DATABASE_BUSY, INTERRUPTED
 */
export async function takeLock(
  lock: RunLock,
  prepare: () => Promise<void>,
  { lockWait, lockTimeout, signal }: RunOptions,
  events: Events,
): Promise<void> {
  const start = performance.now();
  const told = new Set<LockBusy['by']>();
  // Since when it is this kind of holder: each kind has its own limit.
  let since = start;
  let kind: LockBusy['by'] | undefined;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE)) {
    if (signal?.aborted) throw interrupted(undefined, 'No migration was run.');
    const busy = await lock.tryTake(prepare);
    const now = performance.now();
    if (busy === undefined) {
      events.emit('lock:taken', { waited: Math.round(now - start) });
      return;
    }
    if (busy.by !== kind) since = now;
    kind = busy.by;
    const limits = {
      'knex-meta': lockWait ?? Number.POSITIVE_INFINITY,
      knex: lockWait ?? OTHERS_WAIT,
      writer: lockWait ?? lockTimeout ?? OTHERS_WAIT,
    };
    if (now - since >= limits[busy.by]) throw tooLong(busy, now - since);
    // An application's own short writes are nothing to talk about.
    const isWorthTelling = busy.by !== 'writer' || now - since > SHORT_WRITE;
    if (isWorthTelling && !told.has(busy.by)) {
      events.emit('lock:wait', busy);
      told.add(busy.by);
    }
    await delay(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
  }
}
