import type { Knex } from 'knex';
import { rowsOf } from '../../../metadata/session.js';
import { ownOptions } from '../../ownAnswers.js';
import { withoutBindings } from '../identifiers.js';
import { askedSafely } from '../safePath.js';

/** Gives the one text that a query is for. */
export interface Batch {
  readonly ask: (query: string) => Promise<unknown>;
}

interface Asked {
  readonly query: string;
  readonly resolve: (text: unknown) => void;
  readonly reject: (error: unknown) => void;
}

async function send(db: Knex, asked: readonly Asked[]): Promise<void> {
  const columns = asked.map(({ query }, at) => `(${query}) as d${at}`);
  try {
    // The answer of the second of two statements.
    const query = db.raw(withoutBindings(askedSafely(columns))).options(ownOptions());
    const [, answer] = (await query) as readonly unknown[];
    const [row] = rowsOf(answer);
    for (const [at, { resolve }] of asked.entries()) resolve(row?.[`d${at}`]);
  } catch (error) {
    for (const { reject } of asked) reject(error);
  }
}

/** What is asked in one go is one query: the server goes on from one part to the next without waiting for this process. */
export function batchOf(db: Knex): Batch {
  let waiting: Asked[] = [];
  return {
    ask: (query) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0)
          queueMicrotask(() => {
            const asked = waiting;
            waiting = [];
            void send(db, asked);
          });
        waiting.push({ query, resolve, reject });
      }),
  };
}
