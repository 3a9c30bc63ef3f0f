import { setImmediate } from 'node:timers/promises';

/** So long work goes on, in milliseconds, before what else waits in this process has its turn. */
const TURN = 1;

/** Gives a function that is awaited between two pieces of work: the answers of a server are looked after meanwhile. */
export function takeTurns(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN) return;
    await setImmediate();
    since = performance.now();
  };
}
