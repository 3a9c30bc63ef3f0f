import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { isKnexMetaError } from '../../lib/errors.js';
import { createMigrator, withMeta } from '../../lib/index.js';
import { ROOT } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';

type Act = (k: Knex, table: string) => PromiseLike<unknown>;

const ALTERATIONS: Readonly<Record<string, Act>> = {
  'create a table': (k, table) =>
    k.schema.createTable(table, (t) => {
      t.increments();
      t.string('word').defaultTo('x');
      t.integer('gone');
    }),
  'add a column': (k, table) => k.schema.alterTable(table, (t) => void t.string('more')),
  'take over a column': (k, table) => k.schema.alterTable(table, (t) => void t.string('notes')),
  'alter a column': (k, table) =>
    k.schema.alterTable(table, (t) => void t.text('word').notNullable().alter()),
  'rename a column': (k, table) => k.schema.alterTable(table, (t) => void t.renameColumn('word', 'text')),
  'drop a column': (k, table) => k.schema.alterTable(table, (t) => void t.dropColumn('gone')),
  'drop a table': (k, table) => k.schema.dropTable(table),
};

/** Another program that commits as often as it can. */
async function busyWriter(folder: string, file: string) {
  const code = `const D = require('better-sqlite3'); const d = new D(${JSON.stringify(file)});
    setInterval(() => { for (let i = 0; i < 3; i += 1) d.prepare('insert into other values (1)').run(); }, 15); console.log('on');`;
  const child = spawn(process.execPath, ['-e', code], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((done) => child.stdout.once('data', () => done()));
  return child;
}

describe('SQLite: alterations without a transaction', function () {
  this.timeout(120_000);
  const opened: Knex[] = [];
  function open(filename: string, more: object = {}): Knex {
    const db = knex(
      withMeta({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true, ...more }),
    );
    opened.push(db);
    return db;
  }
  function newFolder(): string {
    const folder = temporaryFolder();
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    return folder;
  }
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.destroy();
  });

  for (const mode of ['wal', 'delete']) {
    it(`wait for a program that writes all the time (${mode})`, async () => {
      const folder = newFolder();
      const file = join(folder, 'data.sqlite3');
      const db = open(file);
      await db.raw(`pragma journal_mode = ${mode}`);
      await db.schema.raw('create table other (x)');
      const child = await busyWriter(folder, file);
      try {
        for (let round = 0; round < 8; round += 1) {
          for (const [title, act] of Object.entries(ALTERATIONS)) {
            const error = await act(db, `t${round}`).then(
              () => undefined,
              (thrown: Error) => thrown,
            );
            expect(error?.message, `${title}, round ${round}`).to.equal(undefined);
          }
        }
      } finally {
        child.kill('SIGKILL');
      }
    });
  }

  for (const [title, prepare, code] of [
    [
      'a full database',
      async (db: Knex) => {
        const [{ page_count: pages }] = await db.raw('pragma page_count');
        await db.raw(`pragma max_page_count = ${Number(pages) + 1}`);
      },
      'DATABASE_NOT_WRITABLE',
    ],
    [
      'a database that another program holds',
      async (db: Knex, file: string) => {
        const other = open(file);
        await other.raw('begin immediate');
        await db.raw('pragma busy_timeout = 50');
      },
      'DATABASE_BUSY',
    ],
  ] as const) {
    it(`are told as what they failed of: ${title}`, async () => {
      const folder = newFolder();
      const file = join(folder, 'data.sqlite3');
      mkdirSync(join(folder, 'migrations'));
      let isLate = false;
      const migrationSource = {
        getMigrations: async () => ['1_alter'],
        getMigrationName: (name: string) => name,
        getMigration: async () => ({
          config: { transaction: false },
          up: async (k: Knex) => {
            if (isLate) await prepare(k, file);
            await k.schema.alterTable('big', (t) => void t.text('word').notNullable().alter());
          },
          down: async () => {},
        }),
      };
      const db = open(file, { migrations: { migrationSource } });
      await db.schema.createTable('big', (t) => {
        t.increments();
        t.string('word');
      });
      await db.raw(
        'with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) insert into big (word) select hex(randomblob(100)) from n',
      );
      const before = await db.raw('select type, name, sql from sqlite_master');
      isLate = true;
      const error = await createMigrator(db)
        .latest()
        .then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
      expect(isKnexMetaError(error) && error.code, String(error)).to.equal(code);
      expect(isKnexMetaError(error) && error.remedy).not.to.include('Change what this names');
      const [row] = await db('big').count({ n: '*' });
      expect(row?.n).to.equal(2000);
      const after: readonly { readonly name: string }[] = await db.raw(
        'select type, name, sql from sqlite_master',
      );
      expect(
        after.filter(({ name }) => !name.startsWith('knex_migrations') && !name.startsWith('sqlite_auto')),
      ).to.deep.include.members(before);
    });
  }
});
