import type { Knex } from 'knex';
import knex from 'knex';
import type { MetaOptions } from '../../lib/index.js';
import { withMeta } from '../../lib/index.js';
import { eachEngine } from '../support/databases.js';

/** Opens the test's database with the hook; `meta` and further configuration as a project would write them. */
export type Open = (meta?: MetaOptions, config?: Partial<Knex.Config>) => Knex;

/** Longer than the millisecond in which two stamps may be equal. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** Runs the tests of `body` on every engine; each test has an empty database of its own. */
export function onEachEngine(title: string, body: (open: Open, engine: string) => void): void {
  eachEngine(title, (engine) => {
    let config: Knex.Config;
    let opened: Knex[] = [];
    beforeEach(async () => {
      config = (await engine.fresh()).config;
    });
    afterEach(async () => {
      await Promise.all(opened.map((db) => db.destroy()));
      opened = [];
    });
    body((meta, more = {}) => {
      const db = knex(withMeta({ ...config, ...more, ...(meta === undefined ? {} : { meta }) }));
      opened.push(db);
      return db;
    }, engine.name);
  });
}

function isSqlite(db: Knex): boolean {
  return /sqlite/.test(String((db.client as { driverName: string }).driverName));
}

/** The columns of a table from the engine's catalog, in order. */
export async function columnsOf(db: Knex, table: string, schema = 'public') {
  if (isSqlite(db)) {
    const rows: Record<string, unknown>[] = await db.raw('select * from pragma_table_xinfo(?)', [table]);
    return rows.map((row) => ({
      name: String(row.name),
      type: String(row.type).toLowerCase(),
      nullable: row.notnull === 0 && row.pk === 0,
    }));
  }
  const { rows } = await db.raw(
    `select column_name, data_type, is_nullable from information_schema.columns
     where table_name = ? and table_schema = ? order by ordinal_position`,
    [table, schema],
  );
  return (rows as Record<string, string>[]).map((row) => ({
    name: String(row.column_name),
    type: String(row.data_type),
    nullable: row.is_nullable === 'YES',
  }));
}

/** Every trigger of the database with its table. */
export async function triggersOf(db: Knex): Promise<readonly { table: string; name: string }[]> {
  if (isSqlite(db)) {
    const rows = await db.raw(
      'select tbl_name as "table", name from sqlite_master where type = \'trigger\' order by 1, 2',
    );
    return rows as { table: string; name: string }[];
  }
  const { rows } = await db.raw(
    'select c.relname as "table", t.tgname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal order by 1, 2',
  );
  return rows as { table: string; name: string }[];
}

interface TestMigration {
  readonly up: (db: Knex) => Promise<unknown>;
  readonly down: (db: Knex) => Promise<unknown>;
  readonly config?: { readonly transaction?: boolean };
}

/** Knex's own migrator over migrations that a test wrote in place. */
export function migrate(db: Knex, migrations: Readonly<Record<string, TestMigration>>) {
  const migrationSource: Knex.MigrationSource<string> = {
    getMigrations: async () => Object.keys(migrations),
    getMigrationName: (name) => name,
    getMigration: async (name) => migrations[name] as unknown as Knex.Migration,
  };
  return {
    latest: () => db.migrate.latest({ migrationSource }),
    up: () => db.migrate.up({ migrationSource }),
    down: () => db.migrate.down({ migrationSource }),
    rollback: () => db.migrate.rollback({ migrationSource }),
  };
}
