import { expect } from 'chai';
import { eachEngine } from '../support/databases.js';
import { closeAll, creates, makeProject, refused, run, WITHOUT_TRANSACTION } from './support.js';

eachEngine('a plan refuses what the run would refuse', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('edited files, the order, and one that is half done', async () => {
    const project = await makeProject(engine, { '2_b.cjs': creates('b') });
    const migrator = project.migrator();
    await migrator.latest();
    project.write({ '1_a.cjs': creates('a'), '2_b.cjs': creates('b', 'await 0;') });
    const strict = await run(project, 'migrate:latest', '--dry-run', '--strict');
    expect([strict.code, /MIGRATION_EDITED/.test(strict.stderr)]).to.deep.equal([1, true]);
    const order = await run(project, 'migrate:latest', '--dry-run', '--strict-order');
    expect([order.code, /MIGRATION_OUT_OF_ORDER/.test(order.stderr)]).to.deep.equal([1, true]);
    const warned = await run(project, 'migrate:plan');
    expect([warned.code, /1_a\.cjs comes before/.test(warned.stderr)]).to.deep.equal([0, true]);
    await migrator.latest();
    const fails = 'exports.up = async () => { throw 1; }; exports.down = async () => {};';
    project.write({ '3_c.cjs': `${WITHOUT_TRANSACTION}\n${fails}` });
    const controller = new AbortController();
    migrator.on('migration:start', () => controller.abort());
    await refused(migrator.latest({ signal: controller.signal }));
    expect((await refused(migrator.plan())).code).to.equal('MIGRATION_UNFINISHED');
  });

  it('a script for the way down forgets a migration that was recorded in another language', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const { text } = await project.migrator().script('head:base');
    expect(text).to.match(/delete from .knex_migrations. where name in \([^)]*'1_a\.cjs'[^)]*'1_a\.ts'/);
  });

  it('the whole history with everything that is known of it takes one reading', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': `// Adds a.\n${creates('a')}`,
      '2_b.cjs': creates('b'),
    });
    await project.migrator().latest();
    const { stdout } = await run(project, 'migrate:history', '--verbose');
    expect(stdout)
      .to.include('    Adds a.')
      .and.to.match(/checksum: [0-9a-f]{32}/);
    const { stderr } = await run(project, 'migrate:history', '--verbose');
    expect(stderr.match(/from .knex_migrations. order/g)?.length).to.be.below(4);
    const { revisions } = JSON.parse((await run(project, 'migrate:history', '--verbose', '--json')).stdout);
    expect(revisions[0]).to.include({ description: 'Adds a.', isEdited: false });
  });
});
