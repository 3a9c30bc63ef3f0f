import type { MetadataTableOptions } from './options.js';

declare module 'knex' {
  namespace Knex {
    interface TableBuilder {
      /**
       * Sets the metadata columns of this one table: `false` leaves them out, an object sets single ones over
       * the `meta.columns` of the configuration.
       *
       * @example
       * await knex.schema.createTable('lookups', (t) => {
       *   t.increments('id');
       *   t.metadata(false);
       * });
       */
      metadata(options: false | MetadataTableOptions): this;
    }
    // biome-ignore lint/suspicious/noExplicitAny: Knex declares the interface with these defaults.
    interface QueryBuilder<TRecord extends {} = any, TResult = any> {
      /**
       * With `meta.visible: false`: the answer of this query has the metadata columns, as if `visible` were true.
       *
       * @example const rows = await db('users').withMetadata().where({ team_id });
       */
      withMetadata(): Knex.QueryBuilder<TRecord, TResult>;
    }
    interface ColumnBuilder {
      /**
       * In a model: the column's former name, so that the migration renames it. In a migration it does nothing.
       *
       * @example
       * defineModel('users', (t) => {
       *   t.string('full_name').renamedFrom('name');
       * });
       */
      renamedFrom(name: string): this;
    }
  }
}
