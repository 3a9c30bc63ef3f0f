import type { Flag } from '../commands/command.js';

/** The flags that every command takes: Knex's own, and those for machines and the curious. */
export const COMMON_FLAGS: Readonly<Record<string, Flag>> = {
  knexfile: { type: 'string', describe: 'the path of the knexfile' },
  cwd: { type: 'string', describe: 'the folder to work in' },
  env: { type: 'string', describe: 'the environment; default: ENVIRONMENT, NODE_ENV, development' },
  client: { type: 'string', describe: 'the Knex client, over that of the knexfile' },
  connection: {
    type: 'string',
    describe: 'the connection, over that of the knexfile; a URL also says the client',
  },
  'migrations-directory': { type: 'string', describe: 'the folder of the migrations' },
  'migrations-table-name': { type: 'string', describe: 'the table that records applied migrations' },
  wait: {
    type: 'string',
    describe: 'how long to wait for a database that is still starting: 30, 30s, 1min',
  },
  json: { type: 'boolean', describe: 'one JSON document on stdout, nothing else' },
  quiet: { type: 'boolean', describe: 'say nothing but errors and warnings' },
  verbose: { type: 'boolean', describe: 'show every SQL statement, and stack traces of errors' },
  color: { type: 'boolean', describe: 'colours; --no-color switches them off' },
  debug: { type: 'boolean', describe: "Knex's debug output" },
  knexpath: { type: 'string', describe: "accepted as Knex accepts it; Knex is the project's own" },
  esm: { type: 'boolean', describe: 'accepted as Knex accepts it; ESM runs without it' },
};
