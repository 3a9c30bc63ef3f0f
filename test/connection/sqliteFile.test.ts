import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex from 'knex';
import { databaseFromUrl } from '../../lib/config/database.js';
import { openedFile } from '../../lib/engines/sqlite/file.js';
import { install, knexMeta, stockKnex } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';

const MIGRATION =
  "exports.up = (k) => k.schema.createTable('a', (t) => t.increments()); exports.down = (k) => k.schema.dropTable('a');";

function projectOf(connection: string, client = "client: 'better-sqlite3', "): string {
  const folder = temporaryFolder();
  install(folder, 'better-sqlite3');
  mkdirSync(join(folder, 'migrations'));
  writeFileSync(join(folder, 'migrations', '1_a.js'), MIGRATION);
  writeFileSync(
    join(folder, 'knexfile.js'),
    `module.exports = { ${client}useNullAsDefault: true, connection: ${connection} };`,
  );
  return folder;
}

/** Files of databases: what is in a folder besides the project. */
const databases = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !/^(migrations|knexfile\.js|node_modules|real|link)|-knex-meta/.test(name))
    .sort();

describe('the file of a SQLite database', () => {
  /** Spelling of the connection, and the file that Knex opens for it. */
  const SAME: Readonly<Record<string, string>> = {
    "{ filename: './x.db' }": 'x.db',
    "'./x.db'": 'x.db',
    "{ filename: ' x.db ' }": 'x.db',
    "{ filename: 'file:x.db' }": 'file:x.db',
    "{ filename: 'a:memory:.db' }": 'a:memory:.db',
    "{ filename: 'x.db?mode=rw' }": 'x.db?mode=rw',
    "{ filename: require('path').join(__dirname, 'x%20.db') }": 'x%20.db',
  };
  for (const [connection, file] of Object.entries(SAME)) {
    it(`${connection}: every command and stock Knex use the same`, async function () {
      this.timeout(120_000);
      const folder = projectOf(connection);
      const says = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await knexMeta([...args, '--json'], folder);
        expect([code, stderr], args.join(' ')).to.deep.equal([0, '']);
        return JSON.parse(stdout) as Readonly<Record<string, readonly unknown[]>>;
      };
      expect((await says('migrate:status')).pending).to.have.length(1);
      expect(databases(folder)).to.deep.equal([]);
      await says('migrate:latest', '--backup', 'real-copy');
      expect(databases(folder)).to.deep.equal([file]);
      expect((await says('migrate:status')).pending).to.deep.equal([]);
      for (const command of ['check:migration', 'migrate:plan']) await says(command);
      expect((await stockKnex(['migrate:latest'], folder)).stdout).to.match(/Already up to date/);
      expect(databases(folder)).to.deep.equal([file]);
    });
  }

  const REFUSED = [
    "'sqlite://./x.db'",
    "'sqlite:./x.db'",
    "'file:./x.db?mode=ro'",
    "{ filename: 'file:./x.db?mode=ro' }",
    "{ filename: 'file:///tmp/none/x.db' }",
    "{ filename: './none/x.db' }",
  ];
  for (const connection of REFUSED) {
    it(`${connection}: is refused before anything runs, and nothing is written`, async () => {
      const folder = projectOf(connection);
      for (const command of ['migrate:latest', 'migrate:status', 'doctor']) {
        const { code, stdout } = await knexMeta([command, '--json'], folder);
        expect(stdout, command).to.match(/CONFIG_INVALID|DATABASE_MISSING/);
        expect(code, command).to.be.oneOf([2, 3]);
      }
      expect(databases(folder)).to.deep.equal([]);
    });
  }

  it('is itself where the connection is a link to it', async () => {
    const folder = projectOf("{ filename: './link.db' }");
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'x.db'), '');
    symlinkSync(join(folder, 'real', 'x.db'), join(folder, 'link.db'));
    const db = knex({
      client: 'better-sqlite3',
      connection: { filename: join(folder, 'link.db') },
      useNullAsDefault: true,
    });
    expect(await openedFile(db)).to.equal(join(folder, 'real', 'x.db'));
    await db.destroy();
  });

  it('is read from a URL with its escapes and mode', () => {
    const of = (url: string) => databaseFromUrl(url).connection;
    expect(of('sqlite:./a%20b.db')).to.deep.equal({ filename: './a b.db' });
    expect(of('sqlite://./a.db')).to.deep.equal({ filename: './a.db' });
    expect(of('sqlite:///tmp/a.db')).to.deep.equal({ filename: '/tmp/a.db' });
    expect(of('file:a.db?mode=ro')).to.deep.equal({ filename: 'a.db', options: { readonly: true } });
    expect(of('sqlite::memory:')).to.deep.equal({ filename: ':memory:' });
    expect(of('file:x?mode=memory&cache=shared')).to.deep.equal({ filename: ':memory:' });
    expect(of('sqlite:./100%.db')).to.deep.equal({ filename: './100%.db' });
  });

  it('that may only be read can be planned, and a run says that it cannot be written to', async () => {
    const folder = projectOf("{ filename: './x.db' }");
    await knexMeta(['migrate:latest'], folder);
    writeFileSync(join(folder, 'migrations', '2_b.js'), MIGRATION.replaceAll("'a'", "'b'"));
    writeFileSync(
      join(folder, 'knexfile.js'),
      "module.exports = { client: 'better-sqlite3', useNullAsDefault: true, connection: { filename: './x.db', options: { readonly: true } } };",
    );
    const planned = await knexMeta(['migrate:plan', '--json'], folder);
    expect(planned.code, planned.stdout).to.equal(0);
    expect(planned.stdout).to.include('2_b.js');
    const ran = await knexMeta(['migrate:latest', '--json'], folder);
    expect(ran.code).to.equal(1);
    expect(ran.stdout).to.include('DATABASE_NOT_WRITABLE');
  });
});
