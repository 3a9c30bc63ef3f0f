import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import type { CheckReport } from '../../lib/checks/finding.js';
import { runCheckVersion } from '../../lib/commands/checkVersion.js';
import { creates, makeProject, type TestProject } from '../reliability/support.js';
import { stockKnex } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { codesOf, runMending, withContext } from './support.js';

const FILES = { '1_a.cjs': creates('a'), '2_b.cjs': creates('b'), '3_c.cjs': creates('c') };

interface Case {
  readonly what: string;
  readonly act: (db: Knex, project: TestProject) => PromiseLike<unknown> | unknown;
  readonly finds: readonly string[];
  /** What mends it where no command does. */
  readonly mend?: (db: Knex, project: TestProject) => PromiseLike<unknown> | unknown;
  /** The codes where stock Knex wrote the record, and there is no checksum. */
  readonly findsOfStock?: readonly string[];
}

const edit = ({ directory }: TestProject, name: string, text: (old: string) => string): void => {
  const path = join(directory, name);
  writeFileSync(path, text(readFileSync(path, 'utf8')));
};

const CASES: readonly Case[] = [
  { what: 'nothing', act: () => {}, finds: [] },
  {
    what: 'a pending migration',
    act: (_db, { write }) => write({ '4_d.cjs': creates('d') }),
    finds: ['PENDING'],
  },
  {
    what: 'one that is older than an applied one',
    act: (_db, { write }) => write({ '2_aa.cjs': creates('aa') }),
    finds: ['OUT_OF_ORDER', 'PENDING'],
  },
  {
    what: 'a file that is gone',
    act: (_db, { directory }) => rmSync(join(directory, '3_c.cjs')),
    finds: ['MISSING'],
  },
  {
    what: 'a file under another name',
    act: (_db, { directory }) => renameSync(join(directory, '2_b.cjs'), join(directory, '2_better.cjs')),
    finds: ['RENAMED'],
    findsOfStock: ['MISSING', 'OUT_OF_ORDER', 'PENDING'],
    mend: (_db, { directory }) => renameSync(join(directory, '2_better.cjs'), join(directory, '2_b.cjs')),
  },
  {
    what: 'an edited file',
    act: (_db, project) => edit(project, '2_b.cjs', (old) => old.replace("'word'", "'words'")),
    finds: ['EDITED'],
    findsOfStock: [],
    mend: (_db, project) => edit(project, '2_b.cjs', (old) => old.replace("'words'", "'word'")),
  },
  {
    what: 'two heads',
    act: (_db, { write }) => {
      write({ '5_e.cjs': `exports.revises = '4_d';\n${creates('e')}` });
      write({ '6_f.cjs': `exports.revises = '4_d';\n${creates('f')}` });
    },
    finds: ['HEADS', 'PENDING', 'PENDING'],
  },
  {
    what: 'a name recorded twice',
    act: (db) => db('knex_migrations').insert({ name: '1_a.cjs', batch: 2 }),
    finds: ['DUPLICATE'],
  },
  {
    what: 'a lock flag that stock Knex left',
    act: (db) => db('knex_migrations_lock').update({ is_locked: 1 }),
    finds: ['LOCK_STALE'],
  },
  {
    what: 'two lock rows',
    act: (db) => db('knex_migrations_lock').insert({ is_locked: 0 }),
    finds: ['LOCK_ROWS'],
  },
  { what: 'no lock row', act: (db) => db('knex_migrations_lock').del(), finds: ['LOCK_ROW_MISSING'] },
  {
    what: 'a column that nobody knows',
    act: (db) => db.raw('alter table knex_migrations add column who text'),
    finds: ['knex_migrations RECORD_COLUMNS'],
    mend: (db) => db.raw('alter table knex_migrations drop column who'),
  },
];

eachEngine('check:version', function (engine) {
  this.timeout(120_000);

  async function check(project: TestProject): Promise<CheckReport> {
    const config = { ...project.database.config, migrations: { directory: project.directory } };
    return withContext(config, async (context) => (await runCheckVersion(context)).report);
  }

  for (const tool of ['knex-meta', 'stock Knex'] as const) {
    it(`finds each and mends it, in a record that ${tool} wrote`, async () => {
      const project = await makeProject(engine, FILES);
      const db = project.open();
      if (tool === 'knex-meta') await project.migrator().latest();
      else expect((await stockKnex(['migrate:latest'], project.folder)).code).to.equal(0);
      for (const { what, act, finds, mend, findsOfStock = finds } of CASES) {
        await act(db, project);
        const before = [await db('knex_migrations'), await db('knex_migrations_lock')];
        const report = await check(project);
        expect([await db('knex_migrations'), await db('knex_migrations_lock')], what).to.deep.equal(before);
        expect(codesOf(report), what).to.deep.equal(tool === 'knex-meta' ? finds : findsOfStock);
        if (mend === undefined) {
          const first = finds[0]?.split(' ').at(-1);
          const own = report.findings.filter(({ code }) => code === first).slice(0, 1);
          await runMending(db, own, project.folder);
        } else await mend(db, project);
        expect(codesOf(await check(project)), `${what}, mended`).to.deep.equal([]);
      }
      await project.close();
    });
  }

  it('finds an unfinished migration, a newer tool, a newer journal, and rows of one number', async () => {
    const project = await makeProject(engine, FILES);
    await project.migrator().latest();
    const db = project.open();
    const found = async () => codesOf(await check(project));
    await db('knex_migrations_journal').insert({
      name: '3_c.cjs',
      direction: 'up',
      state: 'started',
      tool: 'knex-meta 0.1.0',
    });
    expect(await found()).to.deep.equal(['UNFINISHED']);
    await db('knex_migrations_journal')
      .where({ state: 'started' })
      .update({ state: 'done', tool: 'knex-meta 99.0.1' });
    const newer = await check(project);
    expect(newer.findings.map(({ code, mend }) => [code, mend])).to.deep.equal([
      ['RECORD_NEWER', ['npm install knex-meta@99.0.1']],
    ]);
    await db('knex_migrations_journal').update({ tool: 'knex-meta 0.0.9' });
    expect(await found()).to.deep.equal([]);
    await db.raw('alter table knex_migrations_journal add column phase text');
    expect(await found()).to.deep.equal(['knex_migrations_journal RECORD_NEWER']);
    await db.raw('alter table knex_migrations_journal drop column phase');
    // A table that was restored without its key.
    await db.raw('create table copied as select * from knex_migrations');
    await db.raw('drop table knex_migrations');
    await db.raw('alter table copied rename to knex_migrations');
    await db.raw('update knex_migrations set id = 1 where id = 2');
    const same = await check(project);
    expect(codesOf(same)).to.deep.equal(['DUPLICATE_ID']);
    await runMending(db, same.findings, project.folder);
    expect(await found()).to.deep.equal([]);
    await project.close();
  });

  it('finds a run that is under way, and who it is', async () => {
    const slow = {
      '4_d.cjs': creates(
        'd',
        'await new Promise((r) => setTimeout(r, 1500));',
        'exports.config = { transaction: false };',
      ),
    };
    const project = await makeProject(engine, FILES);
    await project.migrator().latest();
    const beside = await makeProject(engine, FILES);
    await beside.migrator().latest();
    project.write(slow);
    const running = project.migrator().latest();
    for (;;) {
      const report = await check(project);
      const locked = report.findings.find(({ code }) => code === 'LOCKED');
      if (locked === undefined) continue;
      expect(locked.message).to.match(/^a run is under way: .*(process|pid)/);
      expect(report.findings.some(({ code }) => code === 'LOCK_STALE')).to.equal(false);
      // In another database, where the record has the same names, nothing is under way.
      expect(codesOf(await check(beside))).to.deep.equal([]);
      break;
    }
    await running;
    expect(codesOf(await check(project))).to.deep.equal([]);
    await project.close();
    await beside.close();
  });
});
