import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type { Finding } from '../../lib/checks/finding.js';
import { checkMigration } from '../../lib/commands/checkMigration.js';
import { checkVersion } from '../../lib/commands/checkVersion.js';
import { doctor } from '../../lib/commands/doctor.js';
import { closeAll, creates, makeProject, run, type TestProject } from '../reliability/support.js';
import { install, knexMeta } from '../support/commandLine.js';
import { eachEngine, type TestEngine, temporaryFolder } from '../support/databases.js';
import { runMending, withContext } from './support.js';

const COMMANDS = { 'check:migration': checkMigration, 'check:version': checkVersion, doctor };

interface Case {
  readonly what: string;
  readonly only?: TestEngine['name'];
  readonly act: (db: Knex, project: TestProject) => PromiseLike<unknown> | unknown;
  readonly check: keyof typeof COMMANDS;
  readonly finds: readonly string[];
  /** What must be true of the database when it is mended. */
  readonly after?: (db: Knex) => Promise<unknown>;
}

const FILES = {
  '20200101000001_a.cjs': creates('a'),
  "20200101000002_it's b.cjs": creates('b'),
  '20200101000003_c.cjs': creates('c'),
};

const rename = ({ directory }: TestProject, from: string, to: string): void =>
  renameSync(join(directory, from), join(directory, to));
const started = (name: string) => ({ name, direction: 'up', state: 'started', tool: 'knex-meta 0.1.0' });
const MODELS = (columns: string): string =>
  `module.exports = require('knex-meta').defineModel('a', (t) => { t.increments(); t.string('word'); ${columns} });\n`;
const model = ({ folder }: TestProject, columns: string): void => {
  mkdirSync(join(folder, 'models'), { recursive: true });
  writeFileSync(join(folder, 'models/a.cjs'), MODELS(columns));
  for (const name of ['b', 'c'])
    writeFileSync(join(folder, `models/${name}.cjs`), MODELS('').replace("'a'", `'${name}'`));
};

/** Each with a command that no other test runs; what one leaves the next one begins with. */
const CASES: readonly Case[] = [
  {
    what: 'a row of the record that is gone, of a migration which others follow',
    act: (db) => db('knex_migrations').where('name', 'like', '%a.cjs').del(),
    check: 'doctor',
    finds: ['PENDING_PRESENT'],
    after: async (db) => {
      // Else an undoing would begin with it, and drop its table under those that follow.
      const rows = await db('knex_migrations').orderBy('id');
      expect(rows.map(({ name, batch }) => [name, batch])).to.deep.equal(
        Object.keys(FILES).map((name) => [name, 1]),
      );
    },
  },
  {
    what: 'two of them',
    act: async (db) => {
      await db('knex_migrations').whereNot('name', 'like', '%c.cjs').del();
    },
    check: 'doctor',
    finds: ['PENDING_PRESENT', 'PENDING_PRESENT'],
    after: async (db) => {
      expect(await db('knex_migrations').orderBy('id').pluck('name')).to.deep.equal(Object.keys(FILES));
      await db.schema.dropTable('knex_migrations');
    },
  },
  {
    what: 'the record without its table, where the lock has its own',
    act: () => {},
    check: 'doctor',
    finds: ['PENDING_PRESENT', 'PENDING_PRESENT', 'PENDING_PRESENT'],
    after: async (db) => expect(await db('knex_migrations_lock')).to.have.length(1),
  },
  {
    what: 'tables past the hook, one of them with a name that a shell reads otherwise',
    act: async (db) => {
      await db.raw('create table "it\'s $HOME; x" (id integer primary key, word text)');
      await db.raw('create table plain (id integer primary key)');
      await db.raw('insert into plain (id) values (1)');
    },
    check: 'check:migration',
    finds: ['METADATA_MISSING', 'METADATA_MISSING'],
    after: async (db) => expect((await db('plain').first()).is_active).to.be.oneOf([true, 1]),
  },
  {
    what: 'a table from before with an instant of its own',
    act: (db) =>
      db.raw('create table before (id integer primary key, updated_at timestamp, created_at text)'),
    check: 'check:migration',
    finds: ['METADATA_MISSING'],
  },
  {
    what: 'a table past the hook while a migration is pending',
    act: async (db, { write }) => {
      await db.raw('create table late (id integer primary key)');
      write({ '20990101000000_d.cjs': creates('d') });
    },
    check: 'doctor',
    finds: ['METADATA_MISSING'],
  },
  {
    what: 'a partitioned table, and one that inherits and comes before its parent',
    only: 'postgresql',
    act: async (db) => {
      await db.raw('create table parts (id integer not null, day date) partition by range (day)');
      await db.raw("create table part_1 partition of parts for values from ('2026-01-01') to ('2027-01-01')");
      await db.raw('create table z_parent (id integer)');
      await db.raw('create table heir () inherits (z_parent)');
    },
    check: 'check:migration',
    finds: ['METADATA_MISSING', 'METADATA_MISSING', 'METADATA_MISSING'],
  },
  {
    what: 'a table that no adoption takes',
    only: 'postgresql',
    act: async (db) => {
      await db.raw('create table ruled (id integer)');
      await db.raw('create rule r as on update to ruled do also notify changed');
    },
    check: 'check:migration',
    finds: ['METADATA_MISSING'],
  },
  {
    what: 'a renamed file',
    act: (_db, project) => rename(project, '20200101000001_a.cjs', '20200101000001_a or "b" $x.cjs'),
    check: 'check:version',
    finds: ['RENAMED'],
  },
  {
    what: 'a file that is older than an applied one',
    act: (_db, { write }) => write({ "20200101000002_it's $late.cjs": creates('older') }),
    check: 'check:version',
    finds: ['PENDING', 'OUT_OF_ORDER'],
  },
  {
    what: 'one that ran and was not recorded',
    act: async (db, { write }) => {
      await db.schema.createTable('e', (t) => {
        t.increments();
        t.string('word');
      });
      write({ "20990102000000_e's $x.cjs": creates('e') });
    },
    check: 'doctor',
    finds: ['PENDING_PRESENT'],
  },
  {
    what: 'one that was begun and had done nothing',
    act: async (db, { write }) => {
      write({
        "20990103000000_f's.cjs": creates('f', '', 'exports.config = { transaction: false };'),
      });
      await db('knex_migrations_journal').insert(started("20990103000000_f's.cjs"));
    },
    check: 'doctor',
    finds: ['UNFINISHED'],
  },
  {
    what: 'rows of one name and one number, in a record without its key',
    act: async (db) => {
      await db.raw('create table copied as select * from knex_migrations');
      await db.raw('drop table knex_migrations');
      await db.raw('alter table copied rename to knex_migrations');
      await db.raw(
        "insert into knex_migrations select * from knex_migrations where name = '20200101000003_c.cjs'",
      );
    },
    check: 'check:version',
    finds: ['DUPLICATE'],
    after: async (db) =>
      expect(await db('knex_migrations').where({ name: '20200101000003_c.cjs' })).to.have.length(1),
  },
];

const codesOf = (findings: readonly Finding[]) => findings.map(({ code }) => code);

eachEngine('what a finding says mends it, as the command line prints it', function (engine) {
  this.timeout(240_000);
  afterEach(closeAll);

  async function ask(project: TestProject, check: Case['check']): Promise<readonly Finding[]> {
    const config = { ...project.database.config, migrations: { directory: project.directory } };
    const { data } = await withContext(config, (context) => COMMANDS[check].run(context));
    return (data as { readonly findings: readonly Finding[] }).findings;
  }

  async function askAll(project: TestProject): Promise<readonly Finding[]> {
    const { code, stdout, stderr } = await run(project, 'check', '--json');
    expect(code, stderr).to.be.oneOf([0, 3]);
    const { migration, version, models } = JSON.parse(stdout);
    const findings = [migration, version, models].flatMap((part) => part.findings ?? []);
    expect(code).to.equal(findings.length === 0 ? 0 : 3);
    return findings;
  }

  async function begin(): Promise<TestProject> {
    const project = await makeProject(engine, FILES);
    install(project.folder);
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
    return project;
  }

  it('does, run in a shell and on a connection', async () => {
    const project = await begin();
    const db = project.open();
    for (const { what, only, act, check, finds, after } of CASES) {
      if (only !== undefined && only !== engine.name) continue;
      await act(db, project);
      const findings = await ask(project, check);
      expect(codesOf(findings), what).to.deep.equal(finds);
      for (const { mend = [], message } of findings) expect(mend.length, message).to.be.greaterThan(0);
      await runMending(db, findings, project.folder);
      let left = await ask(project, check);
      // What is made by hand has its trigger in a second round: the finding says so.
      if (left.length > 0 && left.every(({ code }) => code === 'TRIGGER_MISSING')) {
        await runMending(db, left, project.folder);
        left = await ask(project, check);
      }
      expect(left, `${what}, mended`).to.deep.equal([]);
      await after?.(db);
    }
  });

  it('models: a new column is made, and one that would take values along waits for a person', async () => {
    const project = await begin();
    const db = project.open();
    model(project, "t.string('colour'); t.integer('size');");
    const differ = await askAll(project);
    expect(codesOf(differ)).to.deep.equal(['MODELS_DIFFER', 'MODELS_DIFFER']);
    await runMending(db, differ, project.folder);
    expect(await askAll(project)).to.deep.equal([]);
    await db('a').insert({ colour: 'red' });
    model(project, "t.integer('size');");
    const loses = await askAll(project);
    expect(loses.map(({ mend }) => mend)).to.deep.equal([
      ['npx knex-meta migrate:make models --autogenerate'],
    ]);
    expect(loses[0]?.remedy).to.match(/read it.*npx knex-meta migrate:latest/i);
    await runMending(db, loses, project.folder);
    expect((await db('a').first()).colour).to.equal('red');
  });
});

describe('what doctor says before there is a database', function () {
  this.timeout(60_000);

  it('leads from an empty folder to a project in which nothing is wrong', async () => {
    const folder = temporaryFolder();
    install(folder, 'better-sqlite3');
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}\n');
    const seen: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const { stdout, code } = await knexMeta(['doctor', '--json'], folder);
      const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] };
      seen.push(...codesOf(findings));
      if (code === 0) break;
      for (const { mend = [], message } of findings) expect(mend.length, message).to.be.greaterThan(0);
      await runMending(undefined, findings, folder);
    }
    expect(seen[0]).to.equal('CONFIG_NOT_FOUND');
    expect(seen).to.include('DATABASE_MISSING');
    expect(readFileSync(join(folder, 'package.json'), 'utf8')).to.include('private');
    expect((await knexMeta(['doctor'], folder)).code).to.equal(0);
  });
});
