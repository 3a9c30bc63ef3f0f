import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import { KnexMetaError } from '../errors.js';
import { HOOKED } from '../metadata/hook.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import { sessionOn } from '../metadata/session.js';
import { engineOf } from '../migrator/settings.js';
import { isTransaction } from '../migrator/views.js';
import { shared } from '../shared.js';

const SAVEPOINT = 'knex_meta_preserve';

/** Calls that are made at once in one place run one after the other: the last of them. */
interface Queue {
  last: Promise<unknown>;
}

/** A running call: calls inside it are nested until it is over. */
interface Call extends Queue {
  readonly connection: object;
  isOver: boolean;
}

/** The calls that the running code is in, the innermost one last. */
const inside = shared('preserving', () => new AsyncLocalStorage<readonly Call[]>());

/** The calls of each connection that are in no other. */
const outermost = shared('preserving-connections', () => new WeakMap<object, Queue>());

interface TransactionClient extends ClientInternals {
  acquireConnection(): Promise<object>;
}

function check(trx: Knex.Transaction): void {
  if (!isTransaction(trx)) {
    throw new KnexMetaError(
      'TRANSACTION_REQUIRED',
      'preserveTimestamps needs a transaction, and this is none. No row was changed.',
      { remedy: 'await db.transaction((trx) => preserveTimestamps(trx, async () => { … }))' },
    );
  }
  const { [HOOKED]: isHooked } = trx.client.constructor as { readonly [HOOKED]?: true };
  if (isHooked !== true) {
    throw new KnexMetaError(
      'CONFIG_INVALID',
      'preserveTimestamps needs a Knex with the hook, and this one has none. No row was changed.',
      { remedy: 'Make it with knex(withMeta(config)).' },
    );
  }
}

/** The transaction that goes on where a nested one has ended; undefined when all have. */
function stillOpen(trx: Knex.Transaction): Knex.Transaction | undefined {
  let open: Knex.Transaction | undefined = trx;
  while (open?.isCompleted() === true) open = open.parentTransaction;
  return open;
}

async function preserve<T>(
  trx: Knex.Transaction,
  connection: object,
  outer: Call | undefined,
  fn: (trx: Knex.Transaction) => PromiseLike<T> | T,
): Promise<T> {
  const { preserving } = engineOf(trx);
  const sessionOf = ({ client }: Knex.Transaction) =>
    sessionOn(client as unknown as ClientInternals, connection);
  const session = sessionOf(trx);
  /** `fn` may have ended the transaction: one around it has the setting all the same when that was a commit. */
  const end = async (): Promise<void> => {
    const open = stillOpen(trx);
    if (outer === undefined && open !== undefined) await preserving.end(sessionOf(open));
  };
  const call: Call = { connection, isOver: false, last: Promise.resolve() };
  await session.rows(`savepoint ${SAVEPOINT}`);
  try {
    if (outer === undefined) await preserving.begin(session);
    const result = await inside.run([...(inside.getStore() ?? []), call], () => fn(trx));
    call.isOver = true;
    await end();
    if (!trx.isCompleted()) await session.rows(`release savepoint ${SAVEPOINT}`);
    return result;
  } catch (error) {
    call.isOver = true;
    const undo = async (): Promise<void> => {
      if (!trx.isCompleted()) {
        await session.rows(`rollback to savepoint ${SAVEPOINT}`);
        await session.rows(`release savepoint ${SAVEPOINT}`);
      }
      await end();
    };
    // The error of `fn` is the one to tell. Where this fails too the transaction can only be rolled back.
    await undo().catch(() => {});
    throw error;
  }
}

/**
 * For imports and restores: while `fn` runs, rows keep the `updated_at` and `created_at` that statements of this
 * transaction give them, whatever `meta.onExplicitUpdate` says. Nobody else's rows do: other transactions and
 * connections are stamped as ever, and so is this one afterwards. An insert without them gets the present instant as
 * usual; an update that does not set `updated_at` leaves it as it is.
 *
 * What `fn` wrote before it threw is undone. Calls may be nested. When the process dies, the transaction and all this
 * goes with it.
 *
 * @param trx - a transaction of a Knex that was made with `withMeta`
 * @param fn - what runs meanwhile; it gets the same transaction
 * @returns what `fn` returns
 * @throws KnexMetaError TRANSACTION_REQUIRED, CONFIG_INVALID (no hook), TRIGGER_OUTDATED
 *
 * @example
 * await db.transaction((trx) =>
 *   preserveTimestamps(trx, async () => {
 *     await trx('users').insert(rows).onConflict('id').merge();
 *   }),
 * );
 */
export async function preserveTimestamps<T>(
  trx: Knex.Transaction,
  fn: (trx: Knex.Transaction) => PromiseLike<T> | T,
): Promise<T> {
  check(trx);
  const connection = await (trx.client as unknown as TransactionClient).acquireConnection();
  const outer = inside.getStore()?.findLast((each) => each.connection === connection && !each.isOver);
  const queue: Queue = outer ?? outermost.get(connection) ?? { last: Promise.resolve() };
  if (outer === undefined) outermost.set(connection, queue);
  const call = queue.last.then(() => preserve(trx, connection, outer, fn));
  queue.last = call.then(
    () => {},
    () => {},
  );
  return call;
}
