import { join } from 'node:path';
import type { Knex } from 'knex';
import pg from 'pg';
import { temporaryFolder } from './folders.js';
import { postgresServer } from './postgres.js';

export { removeTemporaryFolders, temporaryFolder } from './folders.js';

/** An empty database of one test's own. */
export interface Database {
  readonly config: Knex.Config;
  readonly url: string;
}

export interface TestEngine {
  readonly name: 'postgresql' | 'sqlite';
  /** A new empty database; it is gone at the end of the run. */
  readonly fresh: () => Promise<Database>;
}

let counter = 0;

export async function freshPostgres(): Promise<Database> {
  const server = await postgresServer();
  counter += 1;
  const name = `test_${process.pid}_${counter}`;
  const admin = new pg.Client(server.url('postgres'));
  await admin.connect();
  await admin.query(`create database ${name} template template0`);
  await admin.end();
  const url = server.url(name);
  return { url, config: { client: 'pg', connection: url, pool: { min: 0, max: 10 } } };
}

export async function freshSqlite(): Promise<Database> {
  const filename = join(temporaryFolder(), 'test.sqlite3');
  return {
    url: `sqlite:${filename}`,
    config: { client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true },
  };
}

export const testEngines: readonly TestEngine[] = [
  { name: 'sqlite', fresh: freshSqlite },
  { name: 'postgresql', fresh: freshPostgres },
];

/** Runs a describe block once for each engine. */
export function eachEngine(title: string, body: (this: Mocha.Suite, engine: TestEngine) => void): void {
  for (const engine of testEngines) {
    describe(`${title} (${engine.name})`, function () {
      body.call(this, engine);
    });
  }
}
