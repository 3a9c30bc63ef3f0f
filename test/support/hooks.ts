import { removeTemporaryFolders } from './databases.js';
import { stopPostgres } from './postgres.js';

/** Mocha's root hooks: what the tests started ends with them. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    await stopPostgres();
    removeTemporaryFolders();
  },
};
