import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { Execution } from './execution.js';
import { interrupted } from './failure.js';

/** How long a migration that was interrupted has to come back from what it waits for. */
const ABORT_GRACE = 1000;
const CANCEL_EVERY = 150;

/**
 * Rejects as soon as the signal says so; what is going on through `db` is cancelled until it has ended. What ends
 * well all the same is done, and is taken for that.
 */
export async function untilAborted<T>(
  { options, engine }: Execution,
  db: Knex,
  work: Promise<T>,
): Promise<T> {
  const { signal } = options;
  if (signal === undefined) return work;
  let stop = (): void => {};
  const aborted = new Promise<never>((_done, fail) => {
    stop = () => fail(interrupted(undefined, ''));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  let isOver = false;
  let isDone = false;
  const over = work.then(
    () => {
      isDone = true;
    },
    () => {},
  );
  const cancelling = aborted.catch(async () => {
    while (!isOver) {
      await engine.cancel(db).catch(() => {});
      await Promise.race([over, delay(CANCEL_EVERY)]);
    }
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    if (!signal.aborted) throw error;
    // A statement that still runs would keep the connection, and its locks.
    await Promise.race([over, delay(ABORT_GRACE)]);
    isOver = true;
    await cancelling;
    if (isDone) return await work;
    throw interrupted(undefined, '');
  } finally {
    signal.removeEventListener('abort', stop);
    isOver = true;
  }
}
