import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { eachEngine } from '../support/databases.js';
import { closeAll, creates, makeProject, refused, run } from './support.js';

const OWN_COLUMN = `
exports.up = (k) => k.schema.alterTable('a', (t) => { t.boolean('is_active').notNullable().defaultTo(true); });
exports.down = (k) => k.schema.alterTable('a', (t) => { t.dropColumn('is_active'); });
`;
/** Reads rows of a table that the migration before it made, and locks them. */
const READS_ROWS = `
exports.up = async (k) => {
  for (const { id, word } of await k('a').forUpdate().orderBy('id')) await k('a').where({ id }).update({ word: word + '!' });
};
exports.down = async () => {};
`;

/** The metadata column gets back the name that it had to leave, as the project's own. */
const STAYS = /rename column "knex_meta_is_active" to "is_active"/;

eachEngine('a plan, and what then runs', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  /** The statements of the migration's own tables that a run sends. */
  async function sentBy(db: ReturnType<Awaited<ReturnType<typeof makeProject>>['open']>) {
    const sent: string[] = [];
    db.on('query', ({ sql }: { sql: string }) => void sent.push(sql));
    await createMigrator(db).latest();
    return sent.filter((sql) => /^(alter|update|comment)\b.*["`]a["`]/.test(sql));
  }

  for (const isHidden of [true, false]) {
    it(`a metadata column that a migration takes over, ${isHidden ? 'with' : 'without'} values to carry`, async () => {
      const project = await makeProject(engine, { '1_a.cjs': creates('a') });
      const db = project.open();
      await createMigrator(db).latest();
      await db('a').insert([
        { word: 'x', is_active: !isHidden },
        { word: 'y', is_active: true },
      ]);
      project.write({ '2_own.cjs': OWN_COLUMN });
      const { migrations } = await createMigrator(project.open()).plan();
      const planned = migrations.flatMap(({ statements }) => statements);
      const carries = planned.some((sql) => sql.startsWith('update'));
      // On PostgreSQL the metadata column itself becomes the project's, with its values: no row is written.
      const stays = planned.some((sql) => STAYS.test(sql));
      expect([carries, stays]).to.deep.equal(engine.name === 'sqlite' ? [isHidden, false] : [false, true]);
      if (engine.name === 'postgresql') {
        const own = planned.filter((sql) => /^(alter|update|comment)\b.*"a"/.test(sql));
        expect(own).to.deep.equal(await sentBy(db));
      } else await createMigrator(db).latest();
      expect((await db('a').orderBy('id').pluck('is_active')).map(Boolean)).to.deep.equal([!isHidden, true]);
    });
  }

  it('rows that are read with a lock are read', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const migrator = project.migrator();
    await migrator.latest();
    await project
      .open()('a')
      .insert([{ word: 'x' }, { word: 'y' }]);
    project.write({ '2_reads.cjs': READS_ROWS });
    const { migrations } = await migrator.plan();
    const [first, second, ...more] = migrations[0]?.statements ?? [];
    expect(first).to.match(/^update .a. set .word. = 'x!' where/);
    expect(second).to.include("'y!'");
    expect(more).to.deep.equal([]);
  });

  it('a script whose migration asks for rows is refused: there are none to ask', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '2_reads.cjs': READS_ROWS });
    const error = await refused(project.migrator().script('1_a:heads'));
    expect(error.code, error.message).to.equal('NOT_OFFLINE');
    expect(error.message).to.include('2_reads.cjs');
  });

  it('a script that takes a metadata column over loses no value: it carries them, or is refused', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '2_own.cjs': OWN_COLUMN });
    try {
      const { text } = await project.migrator().script('1_a:heads');
      const isCarried = /^update .a. set .is_active. = .knex_meta_is_active./m.test(text);
      expect(isCarried || STAYS.test(text), text).to.equal(true);
    } catch (error) {
      expect((error as { code: string }).code).to.equal('NOT_OFFLINE');
    }
  });

  it('functions that change something are in it, with a database and without', async () => {
    if (engine.name === 'sqlite') return;
    const calls = `exports.up = async (k) => {
      await k.raw("select setval('a_id_seq', 100)");
      await k.raw("select pg_catalog.set_config('search_path', 'public', false)");
    };
    exports.down = async () => {};`;
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '2_calls.cjs': calls });
    for (const args of [['migrate:plan'], ['migrate:sql', '1_a:heads']]) {
      const { stdout, stderr } = await run(project, ...args);
      expect(stdout, stderr).to.include("setval('a_id_seq', 100);").and.to.include('set_config(');
    }
  });

  it('a pool that prepares its connections has none to prepare without a database', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const sql =
      engine.name === 'sqlite' ? "c.pragma('cache_size = 100'), done()" : "c.query('select 1', done)";
    writeFileSync(
      join(project.folder, 'knexfile.js'),
      `module.exports = { ...${JSON.stringify(project.database.config)}, pool: { afterCreate: (c, done) => { ${sql}; } } };`,
    );
    const { code, stdout, stderr } = await run(project, 'migrate:sql');
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/create table ["`]a["`]/);
  });

  it('another database file stays as it is: there is no copy of it', async () => {
    if (engine.name !== 'sqlite') return;
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const other = join(project.folder, 'other.sqlite3');
    const attach = `attach database '${other}' as other`;
    const makes = (first: string) =>
      `exports.up = async (k) => { ${first} await k.raw('create table other.t (id int)'); }; exports.down = async () => {};`;
    project.write({ '1_a.cjs': makes(`await k.raw("${attach}");`) });
    expect((await refused(project.migrator().plan())).code).to.equal('NOT_OFFLINE');
    expect(existsSync(other)).to.equal(false);
    // A project that attaches it to every connection.
    const afterCreate = (connection: { exec(sql: string): void }, done: () => void) => {
      connection.exec(attach);
      done();
    };
    project.write({ '1_a.cjs': '', '2_b.cjs': makes('') });
    rmSync(join(project.directory, '1_a.cjs'));
    const attached = createMigrator(project.open({ pool: { min: 1, max: 1, afterCreate } }));
    expect((await refused(attached.plan())).code).to.equal('NOT_OFFLINE');
    await attached.latest();
  });
});
