/** On the configuration of a sandbox: there are no rows to go through, and nothing ends by going on. */
export const PLANNED = Symbol.for('knex-meta.planned');
