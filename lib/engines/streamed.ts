import type { ClientClass, QueryObject, QueryStream } from '../metadata/knexInternals.js';
import { rowsOf } from '../metadata/session.js';
import { notOffline } from './offline.js';
import type { Unknowns } from './unknown.js';

/** Tells of errors of streams to which nobody listens. */
export interface StreamErrors {
  /** Rejects with the next error of a stream that the migration does not listen to. */
  readonly next: () => Promise<never>;
  readonly report: (error: unknown) => void;
}

export function newStreamErrors(): StreamErrors {
  let reject: ((error: unknown) => void) | undefined;
  return {
    next: () => {
      const failed = new Promise<never>((_resolve, refuse) => {
        reject = refuse;
      });
      failed.catch(() => {});
      return failed;
    },
    report: (error) => reject?.(error),
  };
}

/**
 * A client class whose streams give the rows of an ordinary query, so that they need no other package and go past
 * nothing that looks at queries. An error that the migration does not listen to ends neither the process nor in silence.
 */
export function withStreams(base: ClientClass, errors: StreamErrors, unknowns: Unknowns): ClientClass {
  return class Streamed extends base {
    override async _stream(connection: unknown, query: QueryObject, stream: QueryStream): Promise<void> {
      const silence = (): void => {};
      stream.on('error', silence);
      try {
        query.isStream = true;
        const { response } = (await this._query(connection, query)) as { readonly response?: unknown };
        if (unknowns.has(query)) throw notOffline(query.sql);
        for (const row of rowsOf(response)) stream.write(row);
        stream.end();
      } catch (error) {
        if (stream.listenerCount('error') === 1) errors.report(error);
        stream.destroy(error as Error);
        throw error;
      }
    }
  };
}
