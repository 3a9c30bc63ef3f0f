import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { knexMeta, stockKnex } from '../support/commandLine.js';
import { eachEngine, freshPostgres, type TestEngine } from '../support/databases.js';
import { nextSecond } from '../support/nextSecond.js';
import { type Adopted, FIVE, makeProject } from './support.js';

/** Tables of somebody's who never heard of knex-meta: of two of them one needs the other. */
async function makeTables(db: Knex): Promise<void> {
  await db.schema.createTable('zones', (t) => {
    t.increments('id');
    t.string('name', 40).notNullable().unique();
  });
  await db.schema.createTable('orders', (t) => {
    t.increments('id');
    t.integer('zone_id').notNullable().references('zones.id').onDelete('CASCADE');
    t.enu('kind', ['a', 'b']).notNullable();
    t.timestamp('updated_at');
    t.index(['kind'], 'orders_by_kind');
  });
  await db('zones').insert({ name: 'north' });
  await db('orders').insert({ zone_id: 1, kind: 'a' });
}

const LATER = `export const up = async (k) => { await k.schema.createTable('later', (t) => { t.increments('id'); t.integer('order_id').references('orders.id'); });
  await k.schema.alterTable('orders', (t) => { t.string('later'); }); };
export const down = async (k) => { await k.schema.alterTable('orders', (t) => { t.dropColumn('later'); }); await k.schema.dropTable('later'); };\n`;

interface Named {
  readonly name: string;
}

eachEngine('a baseline', function (engine) {
  this.timeout(120_000);
  const open: Knex[] = [];
  afterEach(async () => {
    for (const db of open.splice(0)) await db.destroy();
  });

  async function begin(): Promise<{
    readonly db: Knex;
    readonly project: Adopted;
    readonly config: Knex.Config;
  }> {
    const { config } = await engine.fresh();
    const db = knex(config);
    open.push(db);
    await makeTables(db);
    const project = makeProject(config);
    mkdirSync(join(project.folder, 'migrations'));
    return { db, project, config };
  }

  const files = ({ folder }: Adopted): readonly string[] => readdirSync(join(folder, 'migrations')).sort();

  async function otherEngine(of: TestEngine): Promise<readonly string[]> {
    return of.name === 'sqlite' ? ['--shadow', (await freshPostgres()).url] : [];
  }

  it('makes what verify and check:engines lack, after an adoption and what came behind it', async () => {
    const { db, project } = await begin();
    const own = '20200101000000_own.js';
    const later = '29990101000000_later.js';
    writeFileSync(
      join(project.folder, 'migrations', own),
      `export const up = (k) => k.schema.createTable('own', (t) => { t.increments('id'); });
export const down = (k) => k.schema.dropTable('own');\n`,
    );
    await project.run(['migrate:latest']);
    await project.run(['meta:adopt']);
    await project.run(['migrate:latest']);
    const [, adoption] = files(project);
    expect(project.newest()).to.include("revises = '20200101000000_own'");
    writeFileSync(
      join(project.folder, 'migrations', later),
      `export const revises = '${String(adoption).slice(0, -3)}';\n${LATER}`,
    );
    await project.run(['migrate:latest']);
    const before = [await db('zones'), await db('orders'), await db('knex_migrations').select('name')];

    const [failed, ...others] = (await project.run(['migrate:verify'], 3)).findings ?? [];
    expect([failed?.code, others.map(({ code }) => code)]).to.deep.equal(['UP_FAILED', ['NOT_REACHED']]);
    expect(failed?.mend).to.deep.equal(['npx knex-meta migrate:baseline']);
    const shadow = await otherEngine(engine);
    const [onBoth] = (await project.run(['check:engines', ...shadow], 3)).findings ?? [];
    expect([onBoth?.code, onBoth?.mend]).to.deep.equal([
      'MIGRATION_FAILED',
      ['npx knex-meta migrate:baseline'],
    ]);

    const { tables } = await project.run(['migrate:baseline']);
    expect(tables?.map(({ name }: Named) => name)).to.deep.equal(['orders', 'zones']);
    const [first, baseline, ...rest] = files(project);
    expect([first, ...rest]).to.deep.equal([own, adoption, later]);
    const follows = (file: string | undefined): string =>
      /revises = '(.*)'/.exec(readFileSync(join(project.folder, 'migrations', String(file)), 'utf8'))?.[1] ??
      '';
    expect([baseline, adoption].map(follows)).to.deep.equal([
      '20200101000000_own',
      String(baseline).slice(0, -3),
    ]);
    const text = readFileSync(join(project.folder, 'migrations', String(baseline)), 'utf8');
    expect(text).to.include('baseline: true').and.to.include('t.metadata(false)');
    for (const column of ['later', ...FIVE.slice(0, 4)]) expect(text).not.to.include(`'${column}'`);

    const verified = await project.run(['migrate:verify']);
    expect(verified.findings).to.deep.equal([]);
    expect(verified.verified).to.deep.equal([own, adoption, later]);
    const engines = await project.run(['check:engines', ...shadow, '--accept', 'KEYS_OFF']);
    expect(engines.findings).to.deep.equal([]);
    expect(engines.migrations).to.deep.equal([own, baseline, adoption, later]);

    expect((await project.run(['doctor'])).findings).to.deep.equal([]);
    // Where its tables are there it is recorded, and nothing else.
    await project.run(['migrate:latest']);
    expect([await db('zones'), await db('orders')]).to.deep.equal(before.slice(0, 2));
    expect(await db('knex_migrations').pluck('name')).to.include(baseline);
    // It says what check:migration and check:version say, too.
    const told = await project.run(['doctor']);
    expect([told.findings, told.notes, told.compared]).to.deep.equal([[], [], 'all']);
    // The way back to the base leaves the rows.
    await project.run(['migrate:rollback', '--all']);
    const [zone] = await db('zones');
    expect(Object.keys(zone)).to.deep.equal(['id', 'name']);
    expect(await db('orders').count({ n: '*' })).to.deep.equal(
      engine.name === 'sqlite' ? [{ n: 1 }] : [{ n: '1' }],
    );
  });

  it('makes a new database, with knex-meta and with stock Knex; refuses half of one', async () => {
    const { project, config } = await begin();
    await project.run(['migrate:baseline', 'tables from before']);
    await project.run(['migrate:latest']);
    // It makes the tables without metadata, which is no wish that they have none.
    const missing = (await project.run(['check:migration'], 3)).findings ?? [];
    expect(missing.map(({ table }) => table.replace('public.', ''))).to.include.members(['orders', 'zones']);
    await nextSecond();
    await project.run(['meta:adopt']);
    const [baseline, adoption] = files(project);
    expect(baseline).to.match(/^\d{14}_tables_from_before\.js$/);
    expect(project.newest()).to.include(`revises = '${String(baseline).slice(0, -3)}'`);
    expect((await project.run(['migrate:verify'])).findings).to.deep.equal([]);
    const write = (to: Knex.Config): void =>
      writeFileSync(join(project.folder, 'knexfile.js'), `export default ${JSON.stringify(to)};\n`);
    const fresh = await engine.fresh();
    write(fresh.config);
    await project.run(['migrate:latest']);
    expect((await project.run(['check:migration'])).findings).to.deep.equal([]);
    const made = knex(fresh.config);
    open.push(made);
    expect(Object.keys(await made('zones').columnInfo())).to.deep.equal(['id', 'name', ...FIVE]);
    await made.raw(
      `drop trigger ${engine.name === 'sqlite' ? 'update_timestamp_zones' : 'update_timestamp on zones'}`,
    );
    await made.raw('alter table zones drop column is_flagged');
    expect((await project.run(['check:migration'], 3)).findings?.map(({ code }) => code)).to.have.members([
      'COLUMN_MISSING',
      'TRIGGER_MISSING',
    ]);

    // Stock Knex has nothing to do where the tables are there.
    const stock = await engine.fresh();
    write(stock.config);
    const old = knex(stock.config);
    open.push(old);
    await makeTables(old);
    writeFileSync(
      join(project.folder, 'migrations', String(adoption)),
      'export const up = async () => {};\nexport const down = up;\n',
    );
    const ran = await stockKnex(['migrate:latest'], project.folder);
    expect(ran.code, ran.stderr).to.equal(0);
    expect((await old('orders')).length).to.equal(1);
    const half = await engine.fresh();
    write(half.config);
    const some = knex(half.config);
    open.push(some);
    await some.schema.createTable('zones', (t) => t.increments());
    const refused = await project.run(['migrate:latest'], 1);
    expect(refused.error?.message).to.include('Only some of the tables');
    expect(await some.schema.hasTable('orders')).to.equal(false);
    expect(config).not.to.deep.equal(half.config);
  });

  it('says where there is nothing to write, and writes nothing it has not run', async () => {
    const { db, project } = await begin();
    writeFileSync(
      join(project.folder, 'migrations', '20200101000000_typo.js'),
      `import { adoptTable } from 'knex-meta';
export const up = (k) => adoptTable(k, { table: 'ordres', columns: ['notes'] });
export const down = async () => {};\n`,
    );
    const typo = await project.run(['migrate:baseline'], 1);
    expect(typo.error?.message).to.include('20200101000000_typo.js').and.to.include('ordres');
    expect(files(project)).to.deep.equal(['20200101000000_typo.js']);
    // A refusal for another reason is no matter of tables from before.
    writeFileSync(
      join(project.folder, 'migrations', '20200101000000_typo.js'),
      `import { adoptTable } from 'knex-meta';
export const up = async (k) => { await k.schema.createTable('own', (t) => t.increments()).then(() => k.schema.alterTable('own', (t) => t.dropColumn('created_at')));
  await adoptTable(k, { table: 'own', columns: ['created_at'], createdAt: 'born' }); };
export const down = async () => {};\n`,
    );
    const [refused] = (await project.run(['migrate:verify'], 3)).findings ?? [];
    expect([refused?.code, refused?.mend]).to.deep.equal(['UP_FAILED', undefined]);
    expect(refused?.remedy).not.to.include('baseline');
    writeFileSync(join(project.folder, 'migrations', '20200101000000_typo.js'), LATER);
    await db.schema.dropTable('orders');
    await db.schema.dropTable('zones');
    const nothing = await project.run(['migrate:baseline'], 1);
    expect(nothing.error?.message).to.include('no table that no migration makes');
    expect(existsSync(join(project.folder, 'migrations', 'undefined'))).to.equal(false);
    const { code } = await knexMeta(['migrate:baseline', '--help'], project.folder);
    expect(code).to.equal(0);
  });
});
