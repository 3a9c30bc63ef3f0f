import { AsyncLocalStorage } from 'node:async_hooks';
import type { Knex } from 'knex';
import { KnexMetaError } from '../errors.js';
import { HOOKED } from '../metadata/hook.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import { sessionOn } from '../metadata/session.js';
import { engineOf } from '../migrator/settings.js';
import { isTransaction } from '../migrator/views.js';

const SAVEPOINT = 'knex_meta_preserve';

/** The connections whose call the running code is in. */
const inside = new AsyncLocalStorage<readonly object[]>();

/** The last call of each connection: calls that are made at once run one after the other. */
const calls = new WeakMap<object, Promise<unknown>>();

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

async function preserve<T>(
  trx: Knex.Transaction,
  connection: object,
  fn: (trx: Knex.Transaction) => PromiseLike<T> | T,
): Promise<T> {
  const { preserving } = engineOf(trx);
  const session = sessionOn(trx.client as unknown as ClientInternals, connection);
  await session.rows(`savepoint ${SAVEPOINT}`);
  try {
    await preserving.begin(session);
    const result = await inside.run([...(inside.getStore() ?? []), connection], () => fn(trx));
    // It may have ended the transaction, and what belonged to that.
    if (trx.isCompleted()) return result;
    await preserving.end(session);
    await session.rows(`release savepoint ${SAVEPOINT}`);
    return result;
  } catch (error) {
    if (!trx.isCompleted()) {
      // The error of `fn` is the one to tell. Where this fails too the transaction can only be rolled back.
      await session
        .rows(`rollback to savepoint ${SAVEPOINT}`)
        .then(() => session.rows(`release savepoint ${SAVEPOINT}`))
        .then(() => preserving.end(session))
        .catch(() => {});
    }
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
  if (inside.getStore()?.includes(connection)) return fn(trx);
  const before = calls.get(connection) ?? Promise.resolve();
  const call = before.then(() => preserve(trx, connection, fn));
  const over = call.then(
    () => {},
    () => {},
  );
  calls.set(connection, over);
  return call;
}
