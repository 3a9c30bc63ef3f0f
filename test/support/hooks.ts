import { leavePostgres } from './postgres.js';

/**
 * Mocha's root hooks: what the tests started ends with them. Nobody waits for it: the cleaner, a process of its own, removes
 * all that they made, however long that takes.
 */
export const mochaHooks = { afterAll: leavePostgres };
