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
  }
}
