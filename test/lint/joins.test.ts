import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { closeAll, makeProject, run } from '../reliability/support.js';
import { install } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';

const down = 'exports.down = async () => {};';
const FIRST = `exports.up = async (k) => {
  await k.schema.createTable('orders', (t) => { t.integer('id'); t.text('notes'); t.text('both'); });
  await k.schema.createTable('users', (t) => { t.integer('id'); t.text('name'); t.text('both'); });
  await k('orders').insert({ id: 1, notes: 'own' });
};
${down}`;

const JOIN = 'from orders o join users u on u.id = o.id';

const migration = (sql: string): string =>
  `exports.up = async (k) => { await k.raw(${JSON.stringify(sql)}); };\n${down}`;

const VIEWS = {
  '2_view.cjs': migration(`create view summary as select o.id, notes ${JOIN}`),
  '3_data.cjs': migration(
    `update orders set id = id where id in (select o.id ${JOIN} where notes is not null)`,
  ),
  // Qualified, and a query of one table inside: nothing is ambiguous.
  '4_fine.cjs': migration(
    `create view fine as select o.notes, (select notes from orders where id = 7) as one ${JOIN}`,
  ),
};

interface Told {
  readonly code: string;
  readonly migration?: string;
  readonly message: string;
}

eachEngine('columns that metadata columns make ambiguous', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  const told = async (project: Awaited<ReturnType<typeof makeProject>>, ...args: readonly string[]) => {
    const { stdout, stderr } = await run(project, ...args, '--json');
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly Told[] };
    expect(findings, `${stdout}${stderr}`).to.be.an('array');
    // What knex-meta itself asks is no statement of a migration.
    expect(findings.map(({ code }) => code)).to.not.include('SEARCH_PATH');
    return findings.filter(({ code }) => code === 'AMBIGUOUS_COLUMN');
  };

  it('lint names the migrations and views before they run, and accuses no other', async () => {
    const project = await makeProject(engine, { '1_a.cjs': FIRST, ...VIEWS });
    const isSqlite = engine.name === 'sqlite';
    for (const args of [['lint'], ['lint', '--all']]) {
      const found = await told(project, ...args);
      expect(found.map((each) => each.migration)).to.deep.equal(['2_view.cjs', '3_data.cjs']);
      expect(found[0]?.message).to.match(
        isSqlite ? /the view summary fails: notes is ambiguous/ : /"notes" is ambiguous/,
      );
    }
  });

  it('what was ambiguous before is no fault of the metadata', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': FIRST.replaceAll('both', 'created_at'),
      '2_b.cjs': migration(
        `update orders set id = 1 where id in (select o.id ${JOIN} where created_at is null)`,
      ),
    });
    const { stdout } = await run(project, 'lint');
    expect(stdout).to.match(/(FAILS|NOT_FOLLOWED)[^\n]*ambiguous/);
    expect(stdout).to.not.include('AMBIGUOUS_COLUMN');
  });

  it('doctor and meta:adopt name views and applied migrations where tables have no metadata yet', async () => {
    const off = { meta: { tables: { exclude: ['*'] } } };
    const project = await makeProject(engine, { '1_a.cjs': FIRST, ...VIEWS }, off);
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
    const { directory, database, folder } = project;
    const config = JSON.stringify({ ...database.config, migrations: { directory } });
    writeFileSync(join(folder, 'knexfile.js'), `module.exports = ${config};`);
    const found = await told(project, 'doctor');
    const names = found.map((each) => each.migration ?? each.message.split(':')[0]);
    expect(names).to.deep.equal(
      engine.name === 'sqlite'
        ? ['the view summary will fail when all its tables have metadata columns', '3_data.cjs']
        : ['2_view.cjs', '3_data.cjs'],
    );
    if (engine.name === 'postgresql') return;
    const adopted = await run(project, 'meta:adopt');
    expect(adopted.stderr + adopted.stdout)
      .to.match(/view summary will fail[^\n]*notes/)
      .and.to.not.include('fine');
    expect(adopted.stderr + adopted.stdout).to.include("prefix: 'row_'");
    install(folder, 'better-sqlite3');
    const pending = await told(project, 'lint');
    expect(pending.map(({ message }) => message).join()).to.match(/view summary.*notes/);
  });

  it('doctor says nothing of tables whose migrations want no metadata columns', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': FIRST.replaceAll("t.integer('id');", "t.integer('id'); t.metadata(false);"),
      '2_view.cjs': VIEWS['2_view.cjs'],
    });
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
    expect(await told(project, 'doctor')).to.deep.equal([]);
  });

  it('views of what has no columns of its own are not judged', async function () {
    if (engine.name !== 'sqlite') this.skip();
    const project = await makeProject(engine, {
      '1_a.cjs': migration('create virtual table texts using fts5(body)'),
      '2_b.cjs': migration('create virtual table places using rtree(id, low, high)'),
      '3_c.cjs': migration(
        'create view found as select body, low from texts join places on places.id = texts.rowid',
      ),
    });
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
    for (const args of [['doctor'], ['lint', '--all']])
      expect(await told(project, ...args)).to.deep.equal([]);
  });
});
