import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import type { KnexMetaError } from '../../../lib/errors.js';
import { withMeta } from '../../../lib/metadata/withMeta.js';
import { createMigrator } from '../../../lib/migrator/createMigrator.js';
import { eachEngine, temporaryFolder } from '../../support/databases.js';

const create = (table: string) => ({
  up: (db: Knex) => db.schema.createTable(table, (t) => void t.increments()),
  down: (db: Knex) => db.schema.dropTable(table),
});

/** A project's own source, with methods that need `this`. */
class OwnSource {
  readonly loaded: string[] = [];
  constructor(readonly all: Readonly<Record<string, object>>) {}
  async getMigrations(): Promise<string[]> {
    return Object.keys(this.all);
  }
  getMigrationName(name: string): string {
    return name;
  }
  async getMigration(name: string): Promise<Knex.Migration> {
    this.loaded.push(name);
    return this.all[name] as Knex.Migration;
  }
}

const thrownBy = (promise: Promise<unknown>): Promise<KnexMetaError> =>
  promise.then(
    () => expect.fail('nothing was thrown'),
    (error) => error,
  );

eachEngine('createMigrator', (engine) => {
  const open: Knex[] = [];
  const warnings: string[] = [];

  // Knex reads its hooks from the configuration too, where its types have them at the call alone; 3.1 has none.
  async function database(
    migrations: Knex.MigratorConfig & Readonly<Record<string, unknown>>,
  ): Promise<Knex> {
    const log = {
      warn: (text: string) => void warnings.push(text),
      error() {},
      debug() {},
      deprecate() {},
    };
    const db = knex(withMeta({ ...(await engine.fresh()).config, migrations, log }));
    open.push(db);
    return db;
  }

  afterEach(async () => {
    warnings.length = 0;
    for (const db of open.splice(0)) await db.destroy();
  });

  it('runs the migrations of a project’s own source, each loaded once, and gives plain results', async () => {
    const source = new OwnSource({ one: create('a'), two: create('b') });
    const db = await database({ migrationSource: source });
    const seen: string[] = [];
    const migrator = createMigrator(db);
    migrator.on('migration:done', ({ name, direction }) => void seen.push(`${direction} ${name}`));
    const { batch, migrations } = await migrator.latest();
    expect([batch, migrations.map(({ name }) => name)]).to.deep.equal([1, ['one', 'two']]);
    for (const { duration } of migrations) expect(duration).to.be.a('number').within(0, 60_000);
    expect(source.loaded).to.deep.equal(['one', 'two']);
    expect(await db.schema.hasColumn('a', 'updated_at')).to.equal(true);
    expect(await migrator.latest()).to.deep.equal({ batch: 0, migrations: [] });
    await migrator.rollback();
    expect(seen).to.deep.equal(['up one', 'up two', 'down two', 'down one']);
  });

  it('a migration of such a source that fails, or has no down, is named', async () => {
    const failing = new OwnSource({
      one: create('a'),
      two: { up: async () => Promise.reject(new Error('no luck')), down: async () => {} },
    });
    const db = await database({ migrationSource: failing });
    const error = await thrownBy(createMigrator(db).latest());
    expect(error.code).to.equal('MIGRATION_FAILED');
    expect(error.message).to.match(/two failed \(up\): no luck/);
    expect(error.details).to.deep.include({ migration: 'two', changed: [] });
    expect(await db.schema.hasTable('a'), 'the batch is one transaction').to.equal(false);

    const bare = await database({ migrationSource: new OwnSource({ one: { up: async () => {} } }) });
    const invalid = await thrownBy(createMigrator(bare).latest());
    expect([invalid.code, /one .*no down/.test(invalid.message)]).to.deep.equal(['MIGRATION_INVALID', true]);
  });

  it('a hook of the project that fails is not called a migration, and the state is told', async () => {
    const hooks = { afterEach: () => Promise.reject(new Error('hook broke')) };
    const db = await database({ migrationSource: new OwnSource({ one: create('a') }), ...hooks });
    const error = await thrownBy(createMigrator(db).latest());
    expect(error.message).to.equal('hook broke');
    expect(error.remedy).to.match(/after one had run\. Nothing of it is recorded/);
    expect(await db.schema.hasTable('a')).to.equal(false);
  });

  it('the project’s hooks run, in Knex’s order', async () => {
    const order: string[] = [];
    const note = (what: string) => async () => void order.push(what);
    const db = await database({
      migrationSource: new OwnSource({ one: { up: note('up'), down: note('down') } }),
      beforeAll: note('beforeAll'),
      beforeEach: note('beforeEach'),
      afterEach: note('afterEach'),
      afterAll: note('afterAll'),
    });
    await createMigrator(db).latest();
    expect(order).to.deep.equal(['beforeAll', 'beforeEach', 'up', 'afterEach', 'afterAll']);
  });

  it('says, as Knex does, that a migration gave no promise', async () => {
    const db = await database({ migrationSource: new OwnSource({ one: { up() {}, down: async () => {} } }) });
    await createMigrator(db).latest();
    expect(warnings).to.deep.equal(['migration one did not return a promise']);
    warnings.length = 0;
    await createMigrator(db).rollback();
    expect(warnings).to.deep.equal([]);
  });

  it('a value that is thrown and no error is told as it is', async () => {
    const directory = temporaryFolder();
    writeFileSync(
      join(directory, '1_a.cjs'),
      "exports.up = async () => { throw 'words alone'; }; exports.down = async () => {};",
    );
    const error = await thrownBy(createMigrator(await database({ directory })).latest());
    expect(error.message).to.equal('The migration 1_a.cjs failed (up): words alone');
  });

  it('a lock that another run holds is told with what frees it, and unlock does', async () => {
    const db = await database({ migrationSource: new OwnSource({ one: create('a') }) });
    const migrator = createMigrator(db);
    await migrator.latest();
    await db('knex_migrations_lock').update({ is_locked: 1 });
    const error = await thrownBy(migrator.rollback({ lockWait: 50 }));
    expect([error.code, /migrate:unlock/.test(error.remedy)]).to.deep.equal(['MIGRATIONS_LOCKED', true]);
    await migrator.unlock();
    expect((await migrator.rollback()).migrations).to.have.length(1);
  });
});
