import type { Knex } from 'knex';
import type { ClientInternals, CompiledQuery } from '../metadata/knexInternals.js';

interface TransactionClient extends ClientInternals {
  acquireConnection(): Promise<unknown>;
}

/** Runs a compiled statement in a transaction, as Knex's runner does: what it has to do with its rows included. */
export async function execute(trx: Knex.Transaction, statement: CompiledQuery): Promise<void> {
  const client = trx.client as unknown as TransactionClient;
  const connection = await client.acquireConnection();
  const { sql, bindings = [], output } = statement;
  const answer = (await client.query(connection, { sql, bindings })) as { response?: unknown };
  await output?.call({ client, connection }, answer.response);
}
