/** Classes for a PostgreSQL that runs inside the process (`knex-pglite`, `knex-pglite-client`): by their names. */
const IN_PROCESS = /pglite/i;

/**
 * A PostgreSQL inside the process has one connection. A run needs a second one for its lock, and checks need other databases
 * beside it; a second instance on the same files would damage them.
 */
export function classProblem(client: unknown): string | undefined {
  for (let each = client; typeof each === 'function'; each = Object.getPrototypeOf(each)) {
    if (IN_PROCESS.test(each.name)) {
      return `knex-meta does not work with the client class ${each.name}: PGlite has one connection, and a run needs a second one for its lock.`;
    }
  }
  return undefined;
}
