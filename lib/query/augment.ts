declare module 'knex' {
  namespace Knex {
    // biome-ignore lint/suspicious/noExplicitAny: Knex declares the interface with these defaults.
    interface QueryBuilder<TRecord extends {} = any, TResult = any> {
      /**
       * Only rows that are not soft-deleted: `is_active` is true. Conditions before it are kept together; what an
       * `orWhere` behind it allows, it allows all the same.
       *
       * @param table - the table or alias meant, where the query has several; default: that of the query
       * @example await db('users').active().where({ email });
       * @example await db('users as u').join('teams as t', 't.id', 'u.team_id').active().active('t');
       */
      active(table?: string): Knex.QueryBuilder<TRecord, TResult>;
      /** Only soft-deleted rows: `is_active` is false. */
      inactive(table?: string): Knex.QueryBuilder<TRecord, TResult>;
      /** Only rows that are marked for attention: `is_flagged` is true. */
      flagged(table?: string): Knex.QueryBuilder<TRecord, TResult>;
      /**
       * Sets `is_active` to false in the rows of the query that are active. Resolves to their number; those that were
       * deleted before keep their `updated_at`. With a join or a limit, which an UPDATE of Knex's leaves out, it throws
       * QUERY_REFUSED, as `restore`, `flag` and `unflag` do.
       *
       * @example await db('users').where({ id }).softDelete();
       */
      softDelete(): Knex.QueryBuilder<TRecord, number>;
      /** Sets `is_active` to true in the rows of the query that are soft-deleted. Resolves to their number. */
      restore(): Knex.QueryBuilder<TRecord, number>;
      /** Sets `is_flagged` to true in the rows of the query that are not flagged. Resolves to their number. */
      flag(): Knex.QueryBuilder<TRecord, number>;
      /** Sets `is_flagged` to false in the rows of the query that are flagged. Resolves to their number. */
      unflag(): Knex.QueryBuilder<TRecord, number>;
    }
  }
}

export {};
