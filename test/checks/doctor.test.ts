import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type { Finding } from '../../lib/checks/finding.js';
import { doctor } from '../../lib/commands/doctor.js';
import { creates, makeProject, type TestProject, WITHOUT_TRANSACTION } from '../reliability/support.js';
import { knexMeta } from '../support/commandLine.js';
import { eachEngine, temporaryFolder } from '../support/databases.js';
import { runMending, withContext } from './support.js';

const FILES = {
  '1_a.cjs': creates('a'),
  '2_b.cjs': `exports.up = async (k) => { await k.schema.createTable('b', (t) => { t.increments(); t.string('word'); t.integer('a_id').references('a.id'); });
    await k.schema.alterTable('b', (t) => { t.index(['word'], 'b_word'); });
    await k('b').insert({ word: 'x' }); };
exports.down = (k) => k.schema.dropTable('b');`,
  '3_more.cjs': `exports.up = async (k) => { await k.schema.alterTable('a', (t) => { t.string('colour').defaultTo('red'); t.renameColumn('word', 'words'); }); };
exports.down = (k) => k.schema.alterTable('a', (t) => { t.dropColumn('colour'); });`,
};

interface Case {
  readonly what: string;
  readonly only?: 'sqlite' | 'postgresql';
  readonly act: (db: Knex, project: TestProject) => PromiseLike<unknown> | unknown;
  readonly finds: readonly string[];
  /** How often what it says is run. */
  readonly rounds?: number;
}

const PARTLY = {
  '4_parts.cjs': `${WITHOUT_TRANSACTION}
exports.up = async (k) => { await k.schema.createTable('d', (t) => { t.increments(); t.string('word'); }); await k.schema.alterTable('a', (t) => { t.integer('size'); }); };
exports.down = (k) => k.schema.dropTable('d');`,
};
const ADDS = (file: string, column: string) => ({
  [file]: `exports.up = (k) => k.schema.alterTable('a', (t) => { t.integer('${column}'); });
exports.down = (k) => k.schema.alterTable('a', (t) => { t.dropColumn('${column}'); });`,
});

const CASES: readonly Case[] = [
  { what: 'nothing', act: () => {}, finds: [] },
  {
    what: 'a column that is gone and recorded',
    act: (db) => db.raw('alter table a drop column colour'),
    finds: ['APPLIED_ABSENT 3_more.cjs'],
  },
  {
    what: 'a table that is gone and recorded',
    act: (db) => db.raw('drop table b'),
    finds: ['APPLIED_ABSENT 2_b.cjs'],
  },
  {
    what: 'an index that is gone',
    act: (db) => db.raw('drop index b_word'),
    finds: ['APPLIED_ABSENT 2_b.cjs'],
  },
  {
    what: 'a half-done migration without a transaction, at its first statement',
    act: async (db, project) => {
      project.write(PARTLY);
      await db.schema.createTable('d', (t) => {
        t.increments();
        t.string('word');
      });
    },
    finds: ['PENDING_PARTLY 4_parts.cjs'],
  },
  {
    what: '"column already exists": it ran and was not recorded',
    act: async (db, project) => {
      project.write(ADDS('5_size.cjs', 'weight'));
      await db.raw('alter table a add column weight integer');
      const { code, stderr } = await knexMeta(['migrate:latest'], project.folder);
      expect([code, /already exists|duplicate column/.test(stderr)]).to.deep.equal([1, true]);
    },
    finds: ['PENDING_PRESENT 5_size.cjs'],
  },
  {
    what: 'one behind another that is not there yet',
    act: async (db, project) => {
      project.write({ ...ADDS('6_height.cjs', 'height'), ...ADDS('7_depth.cjs', 'depth') });
      await db.raw('alter table a add column depth integer');
    },
    finds: ['PENDING_PRESENT 7_depth.cjs'],
  },
  {
    what: 'a killed migration without a transaction that had done all',
    act: async (db, project) => {
      await knexMeta(['migrate:latest'], project.folder);
      project.write(ADDS('8_breadth.cjs', 'breadth'));
      await db.raw('alter table a add column breadth integer');
      await db('knex_migrations_journal').insert({
        name: '8_breadth.cjs',
        direction: 'up',
        state: 'started',
        tool: 'knex-meta 0.1.0',
      });
    },
    finds: ['PENDING_PRESENT 8_breadth.cjs'],
  },
  {
    what: 'a killed migration without a transaction that had done nothing',
    act: async (db, project) => {
      project.write(ADDS('9_girth.cjs', 'girth'));
      await db('knex_migrations_journal').insert({
        name: '9_girth.cjs',
        direction: 'up',
        state: 'started',
        tool: 'knex-meta 0.1.0',
      });
    },
    finds: ['UNFINISHED 9_girth.cjs'],
  },
  {
    what: 'a lock that stock Knex left',
    act: (db) => db('knex_migrations_lock').update({ is_locked: 1 }),
    finds: ['LOCK_STALE'],
  },
  {
    what: 'a trigger that is gone',
    act: (db, { database }) =>
      db.raw(
        `drop trigger ${/sqlite/.test(String(database.config.client)) ? 'update_timestamp_a' : 'update_timestamp on a'}`,
      ),
    finds: ['TRIGGER_MISSING'],
  },
  {
    what: 'an invalid index',
    only: 'postgresql',
    act: async (db) => {
      await db('a').insert([{ words: 'same' }, { words: 'same' }]);
      const failed = await db.raw('create unique index concurrently a_words on a (words)').then(
        () => false,
        () => true,
      );
      expect(failed).to.equal(true);
      await db('a').del();
    },
    finds: ['INDEX_INVALID'],
  },
  {
    what: 'another search_path',
    only: 'postgresql',
    act: async (db) => {
      const { rows } = await db.raw('select current_database() as name');
      await db.raw('create schema other');
      await db.raw(`alter database ${rows[0].name} set search_path to other`);
    },
    finds: ['SEARCH_PATH'],
  },
];

const namesOf = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ code, migration = '' }) => `${code} ${migration}`.trim());

eachEngine('doctor', function (engine) {
  this.timeout(180_000);

  async function ask(project: TestProject): Promise<readonly Finding[]> {
    const config = { ...project.database.config, migrations: { directory: project.directory } };
    return withContext(config, async (context) => {
      const { data, exitCode = 0 } = await doctor.run(context);
      const { findings } = data as { readonly findings: readonly Finding[] };
      expect(exitCode).to.equal(findings.length === 0 ? 0 : 3);
      return findings;
    });
  }

  it('explains each broken situation, and what it says mends it', async () => {
    const project = await makeProject(engine, FILES);
    await project.migrator().latest();
    const db = project.open();
    for (const { what, only, act, finds } of CASES) {
      if (only !== undefined && only !== engine.name) continue;
      await act(db, project);
      const findings = await ask(project);
      expect(namesOf(findings), what).to.deep.equal(finds);
      for (const { mend = [], message } of findings) expect(mend.length, message).to.be.greaterThan(0);
      await runMending(db, findings, project.folder);
      expect(namesOf(await ask(project)), `${what}, mended`).to.deep.equal([]);
    }
    await project.close();
  });

  it('a table is made anew with its constraints', async () => {
    const project = await makeProject(engine, FILES);
    await project.migrator().latest();
    const db = project.open();
    await db.raw('drop table b');
    await runMending(db, await ask(project), project.folder);
    await db('a').insert({ words: 'x' });
    await db.raw(engine.name === 'sqlite' ? 'pragma foreign_keys = on' : 'select 1');
    const failed = await db('b')
      .insert({ a_id: 99 })
      .then(() => undefined, String);
    expect(failed).to.match(/foreign key/i);
    await project.close();
  });

  it('says what of a migration cannot be compared, and names no command where nobody can know', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a'),
      '2_seed.cjs': `${WITHOUT_TRANSACTION}
exports.up = async (k) => { await k.schema.createTable('d', (t) => t.increments()); await k('a').insert({ word: 'x' }); await k.schema.createTable('e', (t) => t.increments()); };
exports.down = async () => {};`,
    });
    await project.migrator().up();
    const db = project.open();
    await db.schema.createTable('d', (t) => t.increments());
    const [finding, ...others] = await ask(project);
    expect([finding?.code, finding?.mend, others]).to.deep.equal(['PENDING_PARTLY', undefined, []]);
    await project.close();
  });

  it('explains what stands before the database', async () => {
    const folder = temporaryFolder();
    const asked = async (): Promise<readonly (string | undefined)[][]> => {
      const { code, stdout, stderr } = await knexMeta(['doctor', '--json'], folder);
      expect([code, stderr]).to.deep.equal([3, '']);
      const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
      return findings.map((finding) => [finding.code, finding.mend?.[0]]);
    };
    expect(await asked()).to.deep.equal([['CONFIG_NOT_FOUND', 'npx knex-meta init']]);
    const write = (config: object): void =>
      writeFileSync(join(folder, 'knexfile.cjs'), `module.exports = ${JSON.stringify(config)};\n`);
    write({ client: 'sqlite3', connection: { filename: join(folder, 'x.sqlite3') } });
    expect(await asked()).to.deep.equal([['DRIVER_MISSING', 'npm install sqlite3']]);
    if (engine.name === 'postgresql') {
      write({ client: 'pg', connection: 'postgres://nobody:secret@127.0.0.1:1/none' });
      expect(await asked()).to.deep.equal([['CONNECTION_FAILED', undefined]]);
      return;
    }
    const filename = join(folder, 'y.sqlite3');
    write({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true });
    writeFileSync(filename, '');
    expect(await asked()).to.deep.equal([
      ['MIGRATIONS_DIRECTORY_MISSING', 'npx knex-meta migrate:make first'],
    ]);
    mkdirSync(join(folder, 'migrations'));
    rmSync(filename);
    expect(await asked()).to.deep.equal([['DATABASE_MISSING', 'npx knex-meta migrate:make first']]);
  });
});
