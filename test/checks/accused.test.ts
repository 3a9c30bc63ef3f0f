import { expect } from 'chai';
import type { Knex } from 'knex';
import type { Finding } from '../../lib/checks/finding.js';
import { checkMigration } from '../../lib/commands/checkMigration.js';
import type { Command } from '../../lib/commands/command.js';
import { doctor } from '../../lib/commands/doctor.js';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { closeAll, makeProject, run, type TestProject } from '../reliability/support.js';
import { eachEngine } from '../support/databases.js';
import { withContext } from './support.js';

const up = (body: string): string =>
  `exports.up = async (k) => { ${body} };\nexports.down = async () => {};\n`;

/** What later migrations change of what earlier ones made, in the builder and in SQL. */
const CHANGED: Readonly<Record<string, string>> = {
  '01_made.cjs': up(
    `await k.schema.createTable('users', (t) => { t.increments(); t.string('first').index('first_index'); t.string('last'); t.integer('size'); t.integer('depth'); t.integer('height'); t.index(['last', 'size'], 'both_index'); t.index(['depth'], 'old_index'); });
     await k.schema.createTable('gone', (t) => { t.increments(); t.string('word').index('gone_word'); });
     await k.schema.createTable('named', (t) => { t.increments(); t.string('word'); });
     await k.schema.createTable('viewed', (t) => { t.increments(); t.string('word'); });`,
  ),
  '02_column_with_index.cjs': up(
    `await k.schema.alterTable('users', (t) => { t.dropIndex([], 'first_index'); t.dropColumn('first'); });`,
  ),
  '03_raw_rename.cjs': up(
    `await k.raw('alter table named rename to renamed'); await k.raw('alter table renamed rename column word to words');`,
  ),
  '04_raw_drop.cjs': up(`await k.raw('drop table gone');`),
  '05_if_not_exists.cjs': up(
    `await k.schema.createTableIfNotExists('users', (t) => { t.increments(); t.string('other'); });
     await k.raw('create table if not exists renamed (id integer, more text)');`,
  ),
  '06_asks.cjs': up(
    `if (!(await k.schema.hasTable('users'))) await k.schema.createTable('users', (t) => { t.increments(); t.string('third').index(); });
     if (!(await k.schema.hasColumn('users', 'size'))) await k.schema.alterTable('users', (t) => { t.integer('size'); });`,
  ),
  '07_view.cjs': up(
    `await k.raw('create view of_viewed as select id, word from viewed'); await k.raw('drop view of_viewed');`,
  ),
  '08_temporary.cjs': up(
    `await k.raw('create temporary table passing (id integer)'); await k.raw('drop table passing');`,
  ),
};

const OF_SERVER: Readonly<Record<string, string>> = {
  '10_index_renamed.cjs': up(`await k.raw('alter index old_index rename to new_index');`),
  '11_index_with_column.cjs': up(`await k.raw('alter table users drop column last');`),
  '12_view_renamed.cjs': up(
    `await k.raw('create view v as select 1 as one'); await k.raw('alter table v rename to w'); await k.raw('create materialized view m as select 1 as one'); await k.raw('create index m_one on m (one)');`,
  ),
  '13_partitions.cjs': up(
    `await k.raw('create table logs (id integer, at date) partition by range (at)');
     await k.raw("create table logs_2020 partition of logs for values from ('2020-01-01') to ('2021-01-01')");
     await k.raw('create index logs_2020_at on logs_2020 (at)');
     await k.raw('create index logs_at on logs (at)');
     await k.raw("create table logs_2021 (id integer, at date)"); await k.raw("alter table logs attach partition logs_2021 for values from ('2021-01-01') to ('2022-01-01')");
     await k.raw('alter table logs detach partition logs_2020'); await k.raw('drop table logs_2020');`,
  ),
  '14_cascade.cjs': up(
    `await k.raw("create type mood as enum ('sad')"); await k.raw('create table moody (id integer, how mood)'); await k.raw('drop type mood cascade');
     await k.raw('create schema other'); await k.raw('create table other.inner (id integer)'); await k.raw('drop schema other cascade');`,
  ),
  '15_block.cjs': up(
    `await k.schema.createTable('blocked', (t) => { t.increments(); }); await k.raw("do $$ begin execute 'drop table ' || 'block' || 'ed'; end $$");`,
  ),
  '16_moved.cjs': up(
    `await k.raw('create schema elsewhere'); await k.raw('alter table renamed set schema elsewhere');`,
  ),
  '17_path.cjs': up(
    `await k.raw('set local search_path to elsewhere'); await k.raw('create table on_path (id integer)'); await k.raw('create index on_path_id on on_path (id)'); await k.raw('set local search_path to public');`,
  ),
};

eachEngine('doctor accuses nobody falsely', (engine) => {
  afterEach(closeAll);
  const isServer = engine.name === 'postgresql';

  async function ask(
    project: TestProject,
    more: Readonly<Record<string, unknown>> = {},
    args: Readonly<Record<string, unknown>> = {},
    command: Command = doctor,
  ): Promise<{ readonly findings: readonly Finding[]; readonly notes: readonly string[] }> {
    const config = { ...project.database.config, ...more, migrations: { directory: project.directory } };
    return withContext(config as Knex.Config, async (context) => {
      const { data } = await command.run({ ...context, args });
      const told = data as { readonly findings: readonly Finding[]; readonly notes: readonly string[] };
      // What SQL made has no metadata, and that is true.
      return { ...told, findings: told.findings.filter(({ code }) => code !== 'METADATA_MISSING') };
    });
  }

  it('of what later migrations drop, rename or move, and of what was made only where it was missing', async () => {
    const project = await makeProject(engine, isServer ? { ...CHANGED, ...OF_SERVER } : CHANGED);
    await project.migrator().latest();
    const db = project.open();
    // The table was there before the migrations that make it where it is missing.
    for (const args of [{}, { constraints: false }]) {
      const { findings } = await ask(project, {}, args);
      expect(findings, JSON.stringify(args)).to.deep.equal([]);
    }
    await db.raw('alter table users drop column height');
    const [finding, ...others] = (await ask(project)).findings;
    expect(others).to.deep.equal([]);
    expect([finding?.code, finding?.migration]).to.deep.equal(['APPLIED_ABSENT', '01_made.cjs']);
    expect(finding?.message).to.match(/users\.height/);
    await project.close();
  });

  it('of tables that were there before a migration which makes them where they are missing', async () => {
    const project = await makeProject(engine, {
      '1_asks.cjs': up(
        `if (!(await k.schema.hasTable('old'))) await k.schema.createTable('old', (t) => { t.increments(); t.string('more').notNullable().index(); });
         await k.schema.createTableIfNotExists('older', (t) => { t.increments(); t.string('more').notNullable(); });`,
      ),
    });
    const db = project.open();
    await db.raw('create table old (id integer)');
    await db.raw('create table older (id integer)');
    expect((await ask(project)).findings).to.deep.equal([]);
    await project.migrator().latest();
    const { findings, notes } = await ask(project);
    expect(findings.filter(({ code }) => /ABSENT|DIFFERS/.test(code))).to.deep.equal([]);
    expect(notes.join()).to.include('1_asks.cjs');
    await project.close();
  });

  it('of names that a mapper of identifiers changes, also where a migration cannot be followed', async () => {
    const wrapIdentifier = (name: string, origin: (name: string) => string): string =>
      origin(name === '*' ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    const project = await makeProject(engine, {
      '1_made.cjs': up(
        `await k.schema.createTable('crewMember', (t) => { t.increments('id'); t.string('lastName').index('lastNameIndex'); t.string('firstName'); });`,
      ),
      '2_dropped.cjs': up(
        `const rows = await k('pg_unknown').catch(() => []); await k.schema.alterTable('crewMember', (t) => { t.dropIndex([], 'lastNameIndex'); t.dropColumn('lastName'); });`,
      ).replace(/const rows.*?; /, ''),
      '3_by_rows.cjs': up(
        `const [row] = await k('crewMember').select('firstName'); if (row === undefined) await k.schema.alterTable('crewMember', (t) => { t.renameColumn('firstName', 'givenName'); });`,
      ),
    });
    const db = project.open({ wrapIdentifier });
    await createMigrator(db).latest();
    for (const args of [{}, { constraints: false }])
      expect((await ask(project, { wrapIdentifier }, args)).findings).to.deep.equal([]);
    await project.close();
  });

  it('of a database whose last applied migration drops the only table', async () => {
    const project = await makeProject(engine, {
      '1_made.cjs': up(`await k.schema.createTable('only', (t) => { t.increments(); });`),
      '2_dropped.cjs': up(`await k.schema.dropTable('only');`),
    });
    await project.migrator().latest();
    expect((await ask(project)).findings).to.deep.equal([]);
    expect((await ask(project, {}, {}, checkMigration)).findings).to.deep.equal([]);
    await project.close();
  });

  it('prints one line for a mend of many lines, and all of it with --verbose', async () => {
    const project = await makeProject(engine, {
      '1_made.cjs': up(
        `await k.schema.createTable('made', (t) => { t.increments(); t.string('word'); }); await k.schema.createTable('unrelated', (t) => { t.increments(); });`,
      ),
    });
    await project.migrator().latest();
    await project.open().raw('drop table made');
    const { stdout } = await run(project, 'doctor', '--no-constraints');
    expect(stdout).to.include('APPLIED_ABSENT');
    expect(stdout.split('\n').length).to.be.lessThan(20);
    const whole = await run(project, 'doctor', '--no-constraints', '--verbose');
    expect(whole.stdout).to.match(/create table/i);
    const { findings } = JSON.parse((await run(project, 'doctor', '--no-constraints', '--json')).stdout);
    expect(findings[0].mend.join('\n'))
      .to.match(/create table/i)
      .and.not.include('unrelated');
    await project.close();
  });

  if (isServer) {
    it('of tables in a later schema of the search path, and of a path that a migration sets', async () => {
      const project = await makeProject(engine);
      const db = project.open();
      await db.raw('create schema first');
      await db.raw('create schema mine');
      project.write({
        '1_made.cjs': up(
          `await k.raw('set local search_path to mine'); await k.raw('create table made (id integer)'); await k.raw('set local search_path to first, public');`,
        ),
        '2_path.cjs': up(
          `await k.raw('create table public.later (id integer)'); await k.raw('alter table later add column more integer');`,
        ),
      });
      const path = { searchPath: ['first', 'public'] };
      await createMigrator(project.open(path)).latest();
      for (const args of [{}, { constraints: false }]) {
        expect((await ask(project, path, args)).findings).to.deep.equal([]);
      }
      await project.close();
    });

    it('of a database whose tables are all in a schema that a migration has set', async () => {
      const project = await makeProject(engine, {
        '1_made.cjs': up(
          `await k.raw('create schema mine'); await k.raw('set local search_path to mine, public'); await k.raw('create table made (id integer)');`,
        ),
      });
      await project.migrator().latest();
      const { findings, notes } = await ask(project, {}, {}, checkMigration);
      expect([findings, notes.join()]).to.deep.equal([[], notes[0]]);
      expect(notes[0]).to.include('in the schema mine');
      expect((await ask(project)).findings).to.deep.equal([]);
      await project.close();
    });
  }
});
