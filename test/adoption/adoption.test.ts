import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { engineOf } from '../../lib/migrator/settings.js';
import { dump } from '../real/dump.js';
import { fetchPackage, makeProject as makeRealProject } from '../real/project.js';
import { knexMeta, stockKnex } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { type Adopted, FIVE, makeProject } from './support.js';

/** Tables of somebody's who never heard of knex-meta. */
async function makeTables(db: Knex): Promise<void> {
  await db.schema.createTable('orders', (t) => {
    t.increments('id');
    t.string('title').notNullable().unique();
    t.timestamp('inserted_on');
  });
  await db.schema.createTable('lines', (t) => {
    t.integer('order_id').references('orders.id').onDelete('CASCADE');
    t.integer('place');
    t.primary(['order_id', 'place']);
    t.timestamp('updated_at').defaultTo(db.fn.now());
    t.text('notes');
  });
  await db.schema.createTable('Odd "name"', (t) => {
    t.string('no key');
    t.bigInteger('updated_at');
  });
  await db.schema.createView('titles', (v) => v.as(db('orders').select('title')));
  await db('orders').insert([
    { title: 'a', inserted_on: '2020-01-02 03:04:05' },
    { title: 'b', inserted_on: null },
  ]);
  await db('lines').insert({ order_id: 1, place: 1, notes: 'mine', updated_at: '2019-05-05 05:05:05' });
  await db('Odd "name"').insert({ 'no key': 'x', updated_at: 5 });
}

const instant = (value: unknown): string => new Date(value as string).toISOString();

eachEngine('adoption', (engine) => {
  let db: Knex;
  let project: Adopted;
  let start: number;

  /** All that the database has, but for the tables that a first run of migrations makes. */
  async function everything(): Promise<unknown> {
    const { tables, ...rest } = await engineOf(db).introspect(db);
    return {
      ...rest,
      tables: tables.filter(({ name }) => !name.startsWith('knex_migrations')),
      sequences: [],
    };
  }

  before(async () => {
    const { config } = await engine.fresh();
    db = knex(config);
    await makeTables(db);
    project = makeProject({
      ...config,
      meta: { columns: { is_flagged: { index: true } } },
    } as Knex.Config);
    start = Date.now();
  });
  after(() => db.destroy());

  it('writes a migration that a person can read, and changes nothing yet', async () => {
    const before = await everything();
    const { tables, inSteps } = await project.run(['meta:adopt', '--created-at-from', 'inserted_on']);
    expect(await everything()).to.deep.equal(before);
    expect(inSteps).to.equal(false);
    const found = tables?.map(({ name, columns, trigger }) => [name, columns, trigger]);
    expect(found).to.deep.equal([
      ['Odd "name"', ['is_active', 'is_flagged', 'notes', 'created_at'], false],
      ['lines', ['is_active', 'is_flagged', 'created_at'], true],
      ['orders', FIVE, true],
    ]);
    const text = project.newest();
    expect(text).to.include(
      'orders: 2 rows; gets is_active, is_flagged, notes, created_at, updated_at, the update trigger',
    );
    expect(text).to.match(/lines: keeps its own notes \(text, nullable, no default\)/);
    expect(text).to.match(/Odd "name": no trigger: updated_at \(bigint\) cannot hold the time stamp/);
    expect(text).to.include('DATA LOSS');
    expect(text).not.to.include('transaction: false');
  });

  it('gives the tables what they lack: old rows keep their values, and the trigger works', async () => {
    await project.run(['migrate:latest']);
    const { findings } = await project.run(['check:migration']);
    expect(findings).to.deep.equal([]);
    const orders = await db('orders').orderBy('id');
    expect(orders.map(({ title }) => title)).to.deep.equal(['a', 'b']);
    expect(instant(orders[0].created_at)).to.equal('2020-01-02T03:04:05.000Z');
    for (const value of [orders[0].updated_at, orders[1].created_at, orders[1].updated_at])
      expect(new Date(value).getTime()).to.be.within(start - 1000, Date.now());
    expect([Boolean(orders[0].is_active), Boolean(orders[0].is_flagged), orders[0].notes]).to.deep.equal([
      true,
      false,
      null,
    ]);
    const [line] = await db('lines');
    expect(line.notes).to.equal('mine');
    expect(
      String(line.updated_at instanceof Date ? line.updated_at.toISOString() : line.updated_at),
    ).to.match(/^2019-05-05/);
    await db('lines').update({ notes: 'other' });
    expect(new Date((await db('lines'))[0].updated_at).getTime()).to.be.greaterThan(start - 1000);
    const { tables } = await engineOf(db).introspect(db);
    const indexes = tables.find(({ name }) => name === 'orders')?.indexes.map(({ name }) => name);
    expect(indexes).to.include('orders_is_flagged_index');
    const [odd] = await db('Odd "name"');
    expect(Number(odd.updated_at)).to.equal(5);
  });

  it('has nothing to do the second time, and a second up does nothing', async () => {
    const { tables } = await project.run(['meta:adopt']);
    expect(tables).to.deep.equal([]);
  });

  it('goes back to what was there, and says what it loses', async () => {
    await db('orders').where({ id: 1 }).update({ notes: 'call back', is_active: false });
    const { warnings } = await project.run(['migrate:rollback']);
    expect(warnings).to.deep.equal([
      'knex-meta: orders loses what was written into its metadata: rows 1 with notes, 1 not active',
    ]);
    const [line] = await db('lines');
    expect(line).to.have.all.keys('order_id', 'place', 'updated_at', 'notes');
    expect(line.notes).to.equal('other');
    const fresh = knex((await engine.fresh()).config);
    await makeTables(fresh);
    const wanted = await engineOf(fresh).introspect(fresh);
    const own = ({ name }: { name: string }): boolean => !name.startsWith('knex_migrations');
    const found = await engineOf(db).introspect(db);
    // The quotes around a table's name are not what the table is.
    expect(found.tables.filter(own)).to.deep.equal(wanted.tables);
    expect(found.views).to.deep.equal(wanted.views);
    expect(found.functions).to.deep.equal([]);
    await fresh.destroy();
    await project.run(['migrate:latest']);
    await project.run(['migrate:rollback']);
    expect((await engineOf(db).introspect(db)).tables.filter(own)).to.deep.equal(wanted.tables);
  });

  it('takes tables by name and pattern, and names what is wrong', async () => {
    // Its file of before is pending again.
    const pending = await project.run(['meta:adopt', '--table', 'lines'], 1);
    expect(pending.error).to.include({ code: 'MIGRATIONS_PENDING' });
    await project.run(['migrate:latest']);
    const first = await project.run(['meta:adopt', 'some', '--table', 'nothing'], 2);
    expect(first.error?.code).to.equal('USAGE');
    const second = await project.run(['meta:adopt', '--created-at-from', 'born'], 2);
    expect(second.error?.message).to.include('no chosen table has that column');
    const third = await project.run(
      ['meta:adopt', '--table', 'lines', '--created-at-from', 'orders.title'],
      2,
    );
    expect(third.error?.code).to.equal('USAGE');
    // It has its created_at by now.
    const fourth = await project.run([
      'meta:adopt',
      '--table',
      'orders',
      '--created-at-from',
      'orders.title',
    ]);
    expect(fourth.tables).to.deep.equal([]);
  });
});

eachEngine('adoption in a database that the migrations make', (engine) => {
  for (const esm of [true, false]) {
    it(`changes nothing there, up and down (${esm ? 'ESM' : 'CommonJS'})`, async () => {
      const { config } = await engine.fresh();
      const db = knex(config);
      await makeTables(db);
      const project = makeProject(config, esm);
      await project.run(['meta:adopt', '--table', 'orders', '--exclude', 'l*']);
      const { config: other } = await engine.fresh();
      const start = esm ? 'export default' : 'module.exports =';
      writeFileSync(join(project.folder, 'knexfile.js'), `${start} ${JSON.stringify(other)};\n`);
      const up =
        "async (knex) => knex.schema.createTable('orders', (t) => { t.increments('id'); t.datetime('inserted_on'); })";
      const down = "async (knex) => knex.schema.dropTable('orders')";
      mkdirSync(join(project.folder, 'migrations'), { recursive: true });
      writeFileSync(
        join(project.folder, 'migrations', '2000_orders.js'),
        esm
          ? `export const up = ${up};\nexport const down = ${down};\n`
          : `exports.up = ${up};\nexports.down = ${down};\n`,
      );
      const made = knex(other);
      // Nothing is there yet, and all of it is planned.
      const plan = JSON.stringify(await project.run(['migrate:plan']));
      expect(plan).not.to.match(/alter table/);
      await project.run(['migrate:up']);
      const before = await dump(made, engine.name);
      await project.run(['migrate:up']);
      expect(await dump(made, engine.name)).to.deep.include({
        columns: before.columns,
        triggers: before.triggers,
      });
      await project.run(['migrate:down']);
      expect(await dump(made, engine.name)).to.deep.include({
        columns: before.columns,
        triggers: before.triggers,
      });
      const { findings } = await project.run(['check:migration']);
      expect(findings).to.deep.equal([]);
      await Promise.all([db.destroy(), made.destroy()]);
    });
  }

  it('meta:remove takes away what knex-meta put there, and nothing else; its down brings it back', async () => {
    const { config } = await engine.fresh();
    const db = knex(config);
    const project = makeProject(config);
    mkdirSync(join(project.folder, 'migrations'));
    writeFileSync(
      join(project.folder, 'migrations', '2000_t.js'),
      `export const up = async (knex) => knex.schema.createTable('t', (t) => { t.increments('id'); t.text('notes'); });
export const down = async (knex) => knex.schema.dropTable('t');\n`,
    );
    await project.run(['migrate:latest']);
    await db('t').insert({ notes: 'my own', is_flagged: true });
    const { tables, warnings } = await project.run(['meta:remove']);
    expect(tables?.[0]?.columns).to.deep.equal(['is_active', 'is_flagged', 'created_at', 'updated_at']);
    expect(warnings).to.deep.equal(['t would lose what was written: rows 1 flagged']);
    expect(project.newest()).to.include(
      't: 1 row, of which 1 flagged; loses is_active, is_flagged, created_at, updated_at',
    );
    await project.run(['migrate:latest']);
    expect(await db('t')).to.deep.equal([{ id: 1, notes: 'my own' }]);
    const gone = await dump(db, engine.name);
    expect([gone.triggers, gone.functions ?? []]).to.deep.equal([[], []]);
    await project.run(['migrate:down']);
    const { findings } = await project.run(['check:migration']);
    expect(findings).to.deep.equal([]);
    expect((await db('t'))[0].notes).to.equal('my own');
    await db.destroy();
  });
});

eachEngine('adoption and models', (engine) => {
  it('the models say the same before and after it', async () => {
    const { config } = await engine.fresh();
    const db = knex(config);
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('email', 255).notNullable().unique();
      t.timestamp('updated_at').notNullable().defaultTo(db.fn.now());
    });
    const project = makeProject({
      ...config,
      meta: { columns: { is_flagged: { index: true } } },
    } as Knex.Config);
    mkdirSync(join(project.folder, 'models'));
    writeFileSync(
      join(project.folder, 'models/users.js'),
      `import { defineModel } from 'knex-meta';
export const users = defineModel('users', (t) => { t.increments('id'); t.string('email', 255).notNullable().unique(); t.timestamp('updated_at').notNullable().defaultTo(t.client.raw('CURRENT_TIMESTAMP')); });\n`,
    );
    await project.run(['meta:adopt']);
    await project.run(['migrate:latest']);
    expect((await project.run(['check:models'])).findings ?? []).to.deep.equal([]);
    await project.run(['migrate:make', 'nothing', '--autogenerate']);
    expect(project.newest()).to.include('meta:adopt');
    await db.destroy();
  });
});

eachEngine('adoption of the Backstage catalog', (engine) => {
  it('check:migration is clean after it, and the way back leaves the database as it was', async function () {
    this.timeout(120_000);
    const { config } = await engine.fresh();
    const db = knex(config);
    const stock = await stockKnex(
      ['migrate:latest'],
      makeRealProject(fetchPackage('@backstage/plugin-catalog-backend', '4.0.0'), config),
    );
    expect(stock.code, stock.stderr).to.equal(0);
    const before = await dump(db, engine.name);
    const project = makeProject({ ...config, migrations: { tableName: 'adoption_migrations' } });
    await project.run(['meta:adopt', '--exclude', 'knex_migrations*']);
    await project.run(['migrate:latest']);
    const { findings } = await project.run(['check:migration'], 3);
    // Stock Knex's own tables, which are another tool's here.
    expect(findings?.filter(({ table }) => !/knex_migrations/.test(table))).to.deep.equal([]);
    await project.run(['migrate:rollback']);
    const after = await dump(db, engine.name);
    const own = (rows: unknown) =>
      (rows as { table: string }[]).filter(({ table }) => !/adoption_migrations/.test(table));
    expect(own(after.columns)).to.deep.equal(own(before.columns));
    expect([after.triggers, after.views]).to.deep.equal([before.triggers, before.views]);
    await db.destroy();
  });
});

eachEngine('a table from before the migrations, adopted', (engine) => {
  it('stands in no other command’s way', async function () {
    this.timeout(120_000);
    const { config } = await engine.fresh();
    const db = knex(config);
    await db.schema.createTable('legacy', (t) => {
      t.increments('id');
      t.string('name');
    });
    await db('legacy').insert({ name: 'a' });
    const project = makeProject(config);
    mkdirSync(join(project.folder, 'migrations'));
    const [missing] = (await project.run(['check:migration'], 3)).findings ?? [];
    expect(missing?.remedy).to.include('npx knex-meta meta:adopt');
    await project.run(['meta:adopt']);
    const adoption = (await project.run(['migrate:verify'], 3)).findings ?? [];
    expect(adoption.map(({ code }) => code)).to.deep.equal(['UP_FAILED']);
    expect(adoption[0]?.mend).to.deep.equal(['npx knex-meta migrate:baseline']);
    // While it is pending, too; without it from here on.
    const { path = '' } = await project.run(['migrate:baseline']);
    expect((await project.run(['migrate:verify'])).findings).to.deep.equal([]);
    rmSync(path);
    expect((await project.run(['migrate:verify', '--from-live'])).findings).to.deep.equal([]);
    await project.run(['migrate:latest']);
    // Also in the copy of a schema that has it already.
    expect((await project.run(['migrate:verify', '--from-live'])).findings).to.deep.equal([]);
    writeFileSync(
      join(project.folder, 'migrations/29990101000000_later.js'),
      `export const up = async (k) => { await k.schema.createTable('later', (t) => { t.increments('id'); t.string('word'); });
  await k.schema.alterTable('legacy', (t) => { t.string('later'); }); };
export const down = async (k) => { await k.schema.dropTable('later'); await k.schema.alterTable('legacy', (t) => { t.dropColumn('later'); }); };\n`,
    );
    writeFileSync(
      join(project.folder, 'migrations/29990102000000_more.js'),
      `export const up = (k) => k.schema.createTable('more', (t) => { t.increments('id'); });
export const down = (k) => k.schema.dropTable('more');\n`,
    );
    await project.run(['migrate:latest']);
    const { notes } = await project.run(['doctor']);
    expect(notes?.join('\n')).to.include('legacy').and.to.include('npx knex-meta migrate:baseline');
    const told = await knexMeta(['doctor'], project.folder);
    expect(told.stdout).to.include('✓ nothing is wrong in what was compared\n');
    await project.run(['migrate:docs']);
    await project.run(['migrate:docs', '--check']);
    const text = readFileSync(join(project.folder, 'MIGRATIONS.md'), 'utf8');
    expect(text)
      .to.include('legacy {')
      .and.to.match(/only running it tells|does not run in an empty database/);
    // Behind the adoption, and behind an alteration of the adopted table.
    await db.raw('drop table more');
    const { findings } = await project.run(['doctor'], 3);
    expect(findings?.map(({ code }) => code)).to.deep.equal(['APPLIED_ABSENT']);
    // What one that cannot be followed names, it may have dropped.
    writeFileSync(
      join(project.folder, 'migrations/29990103000000_no_more.js'),
      `export const up = async (k) => { await k.schema.alterTable('legacy', (t) => { t.string('last'); }); await k('legacy').first();
  await k.schema.dropTableIfExists('more'); };
export const down = async () => {};\n`,
    );
    await project.run(['migrate:latest']);
    expect((await project.run(['doctor'])).findings).to.deep.equal([]);
    await db.destroy();
  });
});
