import { defineConfig } from 'knex-meta';

// DATABASE_URL says where the database is.
export default defineConfig({ migrations: { directory: './migrations' } });
