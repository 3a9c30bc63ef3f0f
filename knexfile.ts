import { defineConfig } from 'knex-meta';

// DATABASE_URL chooses the database: postgres://user@host/database, or the file below when it is not set.
export default defineConfig({
  databaseUrl: 'sqlite:./dev.sqlite3',
  // On PostgreSQL everything lives in this schema, which is created when it is missing.
  searchPath: ['vibesia_schema'],
  migrations: { directory: './migrations' },
});
