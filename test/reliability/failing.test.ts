import { expect } from 'chai';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import type { TransactionMode } from '../../lib/migrator/options.js';
import { eachEngine } from '../support/databases.js';
import { closeAll, creates, fiveTables, makeProject, refused, run, stateOf } from './support.js';

const BAD_UP = `
exports.up = async (k) => {
  await k.schema.createTable('c', (t) => { t.increments(); });
  await k.raw('insert into c (no_such_column) values (1)');
};
exports.down = (k) => k.schema.dropTable('c');
`;
const BAD_DOWN = `
exports.up = (k) => k.schema.createTable('c', (t) => { t.increments(); });
exports.down = async (k) => {
  await k.schema.dropTable('c');
  throw new Error('cannot go back');
};
`;

eachEngine('a migration that throws', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  const left: Readonly<Record<TransactionMode, readonly string[]>> = {
    all: [],
    each: ['a', 'b'],
    none: ['a', 'b', 'c'],
  };
  for (const transaction of ['all', 'each', 'none'] as const) {
    it(`in up, in the middle of a batch, transaction: ${transaction}`, async () => {
      const project = await makeProject(engine, { ...fiveTables(), '3_c.cjs': BAD_UP });
      const db = project.open();
      const error = await refused(createMigrator(db).latest({ transaction }));
      const { tables, record, locks } = await stateOf(db);
      expect(tables).to.deep.equal(left[transaction]);
      expect(record).to.deep.equal(transaction === 'all' ? [] : ['a', 'b']);
      expect(locks).to.deep.equal([0]);
      // File with line and column, statement, position, state, and what to do.
      expect(error.code).to.equal('MIGRATION_FAILED');
      expect(error.message).to.match(/^The migration 3_c\.cjs failed \(up\): .*no_such_column/);
      expect(error.message).to.match(/\n {2}in: .*migrations\/3_c\.cjs:4:\d+/);
      expect(error.message).to.include('\n  statement: insert into c (no_such_column) values (1)');
      expect(error.details.statement).to.equal('insert into c (no_such_column) values (1)');
      if (engine.name === 'postgresql') {
        expect(error.message).to.include('\n  at: line 1, column 16 (near "no_such_column) values (1)")');
        expect(error.details.position).to.equal(15);
      }
      expect(error.remedy).to.match(
        transaction === 'none'
          ? /what it did before the failing statement stays/
          : /of this migration nothing is left/,
      );
      if (transaction === 'all')
        expect(error.remedy).to.include('With it 1_a.cjs, 2_b.cjs, of the same transaction.');
      else expect(error.remedy).to.include('2 before it stay applied: 1_a.cjs, 2_b.cjs.');
      expect(error.details.changed).to.deep.equal(transaction === 'all' ? [] : ['1_a.cjs', '2_b.cjs']);
    });

    it(`in down, in the middle of a rollback, transaction: ${transaction}`, async () => {
      const project = await makeProject(engine, { ...fiveTables(), '3_c.cjs': BAD_DOWN });
      const db = project.open();
      const migrator = createMigrator(db);
      await migrator.latest();
      const error = await refused(migrator.rollback({ transaction }));
      const { tables, record } = await stateOf(db);
      const whole = ['a', 'b', 'c', 'd', 'e'];
      expect(record).to.deep.equal(transaction === 'all' ? whole : ['a', 'b', 'c']);
      expect(tables).to.deep.equal({ all: whole, each: ['a', 'b', 'c'], none: ['a', 'b'] }[transaction]);
      expect(error.message).to.match(
        /^The migration 3_c\.cjs failed \(down\): cannot go back\n {2}in: .*3_c\.cjs:5:/,
      );
    });
  }

  it('a batch of a transaction and one without: the groups before it stay, and are named', async () => {
    const none = creates('b', '', 'exports.config = { transaction: false };');
    const project = await makeProject(engine, {
      ...fiveTables(),
      '2_b.cjs': none,
      '4_d.cjs': BAD_UP.replaceAll("'c'", "'d'").replace('into c', 'into d'),
    });
    const db = project.open();
    const error = await refused(createMigrator(db).latest());
    const { tables, record } = await stateOf(db);
    // 3 and 4 share the transaction that failed.
    expect([tables, record]).to.deep.equal([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(error.remedy)
      .to.include('With it 3_c.cjs')
      .and.to.include('2 before it stay applied: 1_a.cjs, 2_b.cjs.');
  });

  it('down undoes in the reverse order of application, not of names', async () => {
    const project = await makeProject(engine, fiveTables());
    const migrator = project.migrator();
    await migrator.up('4_d.cjs');
    await migrator.up('1_a.cjs');
    await migrator.latest();
    const order: string[] = [];
    migrator.on('migration:done', ({ name }) => void order.push(name));
    await migrator.down();
    await migrator.rollback({ all: true });
    expect(order).to.deep.equal(['5_e.cjs', '3_c.cjs', '2_b.cjs', '1_a.cjs', '4_d.cjs']);
  });

  it('values of a failing statement, which may be secret, are in no message', async () => {
    const secret = `exports.up = async (k) => { await k('nowhere').insert({ card: '4111-1111' }); };\nexports.down = async () => {};`;
    const project = await makeProject(engine, { '1_a.cjs': secret });
    for (const args of [['migrate:latest'], ['migrate:latest', '--json']]) {
      const { code, stdout, stderr } = await run(project, ...args);
      expect(code).to.equal(1);
      expect(stdout + stderr)
        .to.include('nowhere')
        .and.not.to.include('4111');
    }
  });

  it('a constraint that is checked when the transaction ends undoes it, and says so', async () => {
    const deferred = `
exports.up = async (k) => {
  await k.schema.createTable('p', (t) => { t.increments(); });
  await k.raw('create table q (p_id integer references p (id) deferrable initially deferred)');
  await k.raw('insert into q (p_id) values (77)');
};
exports.down = async () => {};`;
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '2_b.cjs': deferred });
    const db = project.open();
    if (engine.name === 'sqlite') await db.raw('pragma foreign_keys = on');
    const error = await refused(createMigrator(db).latest());
    expect(error.remedy).to.include('Nothing of it is recorded');
    expect(await stateOf(db)).to.deep.equal({ tables: [], record: [], locks: [0] });
  });
});
