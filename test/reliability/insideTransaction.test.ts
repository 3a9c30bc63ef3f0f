import { expect } from 'chai';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { eachEngine } from '../support/databases.js';
import { closeAll, creates, makeProject } from './support.js';

type Wrap = (value: string) => string;

/** A project whose tables and columns have a prefix in the database, and whose rows have other keys. */
const PROCESSING = {
  wrapIdentifier: (value: string, origin: Wrap) => origin(value === '*' ? value : `x_${value}`),
  postProcessResponse: (result: unknown) =>
    Array.isArray(result)
      ? result.map((row) =>
          row !== null && typeof row === 'object'
            ? Object.fromEntries(Object.entries(row).map(([key, value]) => [key.toUpperCase(), value]))
            : row,
        )
      : result,
};

eachEngine('a migrator in somebody’s transaction, with processing of the project’s own', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('keeps Knex’s record under its own names, and gives the migration the project’s', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a', "await k('a').insert({ word: 'x' });"),
    });
    const db = project.open(PROCESSING);
    const before = db.client.config;
    await db.transaction(async (trx) => {
      const migrator = createMigrator(trx);
      expect((await migrator.latest()).migrations).to.have.length(1);
      const { applied, pending } = await migrator.status();
      expect([applied.length, pending, applied[0]?.appliedAt instanceof Date]).to.deep.equal([1, [], true]);
      expect((await migrator.history())[0]?.runBy).to.be.a('string');
      expect(Object.keys((await trx('a').select())[0])).to.include('X_WORD');
    });
    expect(db.client.config).to.equal(before);
    expect([db.client.config.compileSqlOnError, db.client.config.wrapIdentifier]).to.deep.equal([
      undefined,
      PROCESSING.wrapIdentifier,
    ]);
    const plain = project.open();
    expect(await plain('knex_migrations').pluck('name')).to.deep.equal(['1_a.cjs']);
    expect(await plain('x_a').pluck('x_word')).to.deep.equal(['x']);
    expect(await createMigrator(db).latest()).to.deep.equal({ batch: 0, migrations: [] });
    await db.transaction((trx) => createMigrator(trx).downgrade('base'));
    expect(await plain.schema.hasTable('x_a')).to.equal(false);
  });
});
