import { AsyncLocalStorage } from 'node:async_hooks';
import { shared } from '../../../shared.js';

interface Turn {
  readonly over: Promise<void>;
}

/** The alteration that each connection is in the middle of. */
const turns = shared('turns', () => new WeakMap<object, Turn>());

/** The alteration that the running code belongs to. */
const own = shared('own-turn', () => new AsyncLocalStorage<Turn>());

/**
 * The end of an alteration that other code has begun on the connection; undefined when the connection is free. Ask
 * again after it: another may have come first.
 */
export function othersTurn(connection: unknown): Promise<void> | undefined {
  const turn = turns.get(connection as object);
  return turn === undefined || turn === own.getStore() ? undefined : turn.over;
}

/**
 * Alterations of one connection one after the other, and its other statements not in between: a migration may start
 * several at once with `Promise.all`, and a row that is written between the copy and the drop would be lost.
 */
export async function takeTurn<T>(connection: unknown, work: () => Promise<T>): Promise<T> {
  for (let other = othersTurn(connection); other !== undefined; other = othersTurn(connection)) await other;
  if (turns.has(connection as object)) return work();
  let end = (): void => {};
  const turn: Turn = { over: new Promise((resolve) => (end = resolve)) };
  turns.set(connection as object, turn);
  try {
    return await own.run(turn, work);
  } finally {
    turns.delete(connection as object);
    end();
  }
}
