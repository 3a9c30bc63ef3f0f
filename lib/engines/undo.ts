import type { Knex } from 'knex';
import type { TriggerTrial } from './contract.js';

/** Ends the transaction of a trial: nothing that it did is to stay. */
class Undo extends Error {
  readonly trial: TriggerTrial;

  constructor(trial: TriggerTrial) {
    super('undo');
    this.trial = trial;
  }
}

/** Runs a trial in a transaction that is always rolled back. */
export async function tryAndUndo(
  db: Knex,
  act: (trx: Knex.Transaction) => Promise<TriggerTrial>,
): Promise<TriggerTrial> {
  try {
    return await db.transaction(async (trx) => {
      throw new Undo(await act(trx));
    });
  } catch (error) {
    return error instanceof Undo ? error.trial : { outcome: 'failed', message: (error as Error).message };
  }
}
