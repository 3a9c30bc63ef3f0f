import { setTimeout as delay } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { TriggerTrial } from './checks.js';

/** A trial's outcome; `same`: the value is the row's own, which a clock of whole seconds can give too. */
export type Trial = TriggerTrial | { readonly outcome: 'same' };

/** What an error of a trial says: of the trigger, or only that nothing could be tried; `broken` ends the check. */
export type TrialError = 'failed' | 'not-tried' | 'locked' | 'broken';

/** Longer than the coarsest clock that an expression may have. */
const TICK_MS = 1100;

/** Ends the transaction of a trial: nothing that it did is to stay. */
class Undo extends Error {
  readonly trial: Trial;

  constructor(trial: Trial) {
    super('undo');
    this.trial = trial;
  }
}

/** What Knex has between the statement and the engine's message. */
const SEPARATOR = ' - ';

function messageOf(error: Error): string {
  if (!error.message.includes(SEPARATOR)) return error.message;
  return error.message.slice(error.message.lastIndexOf(SEPARATOR) + SEPARATOR.length);
}

async function tryOnce(
  db: Knex,
  act: (trx: Knex.Transaction) => Promise<Trial>,
  kindOf: (error: unknown) => TrialError,
): Promise<Trial> {
  try {
    return await db.transaction(async (trx) => {
      throw new Undo(await act(trx));
    });
  } catch (error) {
    if (error instanceof Undo) return error.trial;
    const kind = kindOf(error);
    if (kind === 'broken') throw error;
    const message = messageOf(error as Error);
    return kind === 'failed' ? { outcome: kind, message } : { outcome: kind, reason: message };
  }
}

/**
 * Runs a trial in a transaction that is always rolled back. One that ends where it began is repeated once, when
 * any clock has moved.
 */
export async function tryAndUndo(
  db: Knex,
  act: (trx: Knex.Transaction) => Promise<Trial>,
  kindOf: (error: unknown) => TrialError,
): Promise<TriggerTrial> {
  const first = await tryOnce(db, act, kindOf);
  if (first.outcome !== 'same') return first;
  await delay(TICK_MS);
  const second = await tryOnce(db, act, kindOf);
  return second.outcome === 'same' ? { outcome: 'still' } : second;
}

/** Runs a statement that may fail; undefined when it did, with the transaction as it was before. */
export async function attempt<T>(trx: Knex.Transaction, act: () => Promise<T>): Promise<T | undefined> {
  await trx.raw('savepoint knex_meta_trial');
  try {
    return await act();
  } catch {
    await trx.raw('rollback to savepoint knex_meta_trial');
    return undefined;
  }
}
