import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type { Finding } from '../../lib/checks/finding.js';
import type { Context } from '../../lib/commands/command.js';
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

  interface Told {
    readonly findings: readonly Finding[];
    readonly notes: readonly string[];
    readonly compared: string;
  }

  async function tell(
    project: TestProject,
    own: Knex.Config = project.database.config,
    args: Context['args'] = {},
  ): Promise<Told> {
    const config = { ...own, migrations: { directory: project.directory } };
    return withContext(config, async (context) => {
      const { data, exitCode = 0 } = await doctor.run({ ...context, args });
      const told = data as Told;
      expect(exitCode).to.equal(told.findings.length === 0 ? 0 : 3);
      return told;
    });
  }

  const ask = async (project: TestProject): Promise<readonly Finding[]> => (await tell(project)).findings;
  /** Without the throwaway database, which takes a server its time. */
  const askSoon = async (project: TestProject): Promise<readonly Finding[]> =>
    (await tell(project, project.database.config, { constraints: false })).findings;

  it('explains each broken situation, and what it says mends it', async () => {
    const project = await makeProject(engine, FILES);
    await project.migrator().latest();
    const db = project.open();
    for (const { what, only, act, finds } of CASES) {
      if (only !== undefined && only !== engine.name) continue;
      await act(db, project);
      const findings = await askSoon(project);
      expect(namesOf(findings), what).to.deep.equal(finds);
      for (const { mend = [], message } of findings) expect(mend.length, message).to.be.greaterThan(0);
      await runMending(db, findings, project.folder);
      expect(namesOf(await askSoon(project)), `${what}, mended`).to.deep.equal([]);
    }
    // What mended them has brought back all.
    expect(namesOf(await ask(project))).to.deep.equal([]);
    await project.close();
  });

  it('finds constraints, types and NULLs that are not as the applied migrations make them', async () => {
    const project = await makeProject(engine, {
      '1_up.cjs': `exports.up = async (k) => {
  await k.schema.createTable('up', (t) => { t.increments(); t.string('code', 8); t.string('pair'); t.unique(['code', 'pair'], { indexName: 'up_pair' }); });
  await k.schema.createTable('low', (t) => { t.integer('a').notNullable(); t.integer('b').notNullable(); t.string('kind', 20).notNullable().defaultTo('x'); t.integer('size').checkPositive('size_positive');
    t.integer('other'); t.primary(['a', 'b'], 'low_key'); t.foreign('other', 'low_other').references('up.id').onDelete('SET NULL');  });
  await k.raw('alter table low add constraint low_both unique (kind, size)');
  await k.raw('alter table low add constraint not_three check (b <> 3)');
};
exports.down = async (k) => { await k.schema.dropTable('low'); await k.schema.dropTable('up'); };`,
      '2_pending.cjs': `exports.up = (k) => k.schema.alterTable('low', (t) => { t.dropForeign('other', 'low_other'); });
exports.down = (k) => k.schema.alterTable('low', (t) => { t.foreign('other', 'low_other').references('up.id'); });`,
    });
    await project.migrator().up();
    const db = project.open();
    const isSqlite = engine.name === 'sqlite';
    const cases: readonly (readonly [what: string, statements: readonly string[], finds: string])[] = [
      [
        'a foreign key',
        ['alter table low drop constraint low_other'],
        'CONSTRAINT_ABSENT foreign key (other)',
      ],
      [
        'a unique constraint',
        ['alter table low drop constraint low_both'],
        'CONSTRAINT_ABSENT unique (kind, size)',
      ],
      ['a check', ['alter table low drop constraint not_three'], 'CONSTRAINT_ABSENT check (b <> 3)'],
      ['a primary key', ['alter table low drop constraint low_key'], 'CONSTRAINT_ABSENT primary key (a, b)'],
      [
        'NOT NULL',
        isSqlite
          ? ["alter table low modify column kind varchar(20) default 'x'"]
          : ['alter table low alter column kind drop not null'],
        'COLUMN_DIFFERS varchar(20) not null',
      ],
      [
        'a type',
        isSqlite
          ? ["alter table low modify column kind text default 'x' not null"]
          : ['alter table low alter column kind type text'],
        'COLUMN_DIFFERS varchar(20) not null',
      ],
    ];
    expect(await ask(project)).to.deep.equal([]);
    for (const [what, statements, finds] of cases) {
      for (const sql of statements) await db.raw(sql);
      const findings = await ask(project);
      const [finding] = findings;
      expect(findings.length, what).to.equal(1);
      const [code = '', ...words] = finds.split(' ');
      expect([finding?.code, finding?.table?.replace('public.', '')], what).to.deep.equal([code, 'low']);
      const said = finding?.message.replaceAll(/["`[\]]/g, '').replaceAll('character varying', 'varchar');
      expect(said?.replace(/\((\(?)b\)? <> 3\)/, '(b <> 3)'), what).to.include(words.join(' '));
      await runMending(db, findings, project.folder);
      expect(namesOf(await ask(project)), `${what}, mended`).to.deep.equal([]);
    }
    // Another name, or a unique index, holds the same.
    await db.raw('alter table low drop constraint low_both');
    await db.raw('create unique index both_too on low (size, kind)');
    await db.raw('alter table low drop constraint low_other');
    await db.raw(
      'alter table low add constraint same foreign key (other) references up (id) on delete set null',
    );
    expect(namesOf(await ask(project))).to.deep.equal([]);
    // Another action is another constraint; one on fewer rows is not enough.
    await db.raw('drop index both_too');
    await db.raw('create unique index both_too on low (size, kind) where size > 5');
    await db.raw('alter table low drop constraint same');
    await db.raw(
      'alter table low add constraint same foreign key (other) references up (id) on delete cascade',
    );
    expect(namesOf(await ask(project))).to.deep.equal(['CONSTRAINT_ABSENT', 'CONSTRAINT_ABSENT']);
    // A column that is gone is told once.
    await db.raw('alter table low drop constraint same');
    await db.schema.alterTable('low', (t) => t.dropColumn('other'));
    expect(namesOf(await ask(project))).to.deep.equal(['APPLIED_ABSENT 1_up.cjs', 'CONSTRAINT_ABSENT']);
    await project.close();
  });

  if (engine.name === 'postgresql')
    it('compares constraints in the schema that the database looks in; says so where it may make no database', async () => {
      const project = await makeProject(engine, FILES);
      const admin = project.open();
      const { rows } = await admin.raw('select current_database() as name');
      await admin.raw('create schema app');
      await admin.raw(`alter database ${rows[0].name} set search_path to app`);
      await project.close();
      await project.migrator().latest();
      const db = project.open();
      const whole = await tell(project);
      expect([whole.compared, whole.findings]).to.deep.equal(['all', []]);
      await db.raw('alter table app.b drop constraint b_a_id_foreign');
      const { findings } = await tell(project);
      expect(findings.map(({ code, table }) => [code, table])).to.deep.equal([
        ['CONSTRAINT_ABSENT', 'app.b'],
      ]);
      const role = `plain_${rows[0].name}`;
      await db.raw(`create role ${role} login password 'gehe1m'`);
      for (const what of ['all on schema app', 'all on all tables in schema app'])
        await db.raw(`grant ${what} to ${role}`);
      const connection = project.database.url.replace(/\/\/[^@]*@/, `//${role}:gehe1m@`);
      const without = await tell(project, { ...project.database.config, connection });
      expect(without.compared).to.equal('in part');
      expect(without.notes.join('\n')).to.match(
        /constraints and types of columns are not compared: .*permission denied/,
      );
      expect(namesOf(without.findings)).not.to.include('CONSTRAINT_ABSENT');
      await runMending(db, findings, project.folder);
      expect(namesOf(await ask(project))).to.deep.equal([]);
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
