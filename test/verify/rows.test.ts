import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeProject, run, type TestProject } from '../reliability/support.js';
import { install } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';

interface Report {
  readonly findings: readonly {
    readonly code: string;
    readonly migration?: string;
    readonly message: string;
  }[];
  readonly verified: readonly string[];
  readonly notes: readonly string[];
}

const up = (body: string): string => `exports.up = async (k) => { ${body} };\n`;
const down = (body: string): string => `exports.down = async (k) => { ${body} };\n`;
const ORDERS =
  up(
    `await k.schema.createTable('orders', (t) => { t.increments('id'); t.timestamp('created_on'); t.integer('total'); });`,
  ) + down(`await k.schema.dropTable('orders');`);
const ALONE = 'exports.config = { transaction: false };\n';
const REQUIRED =
  up(`await k.schema.alterTable('orders', (t) => { t.integer('b').notNullable(); });`) +
  down(`await k.schema.alterTable('orders', (t) => { t.dropColumn('b'); });`);

async function verify(project: TestProject, ...flags: readonly string[]): Promise<Report> {
  const { stdout, stderr } = await run(project, 'migrate:verify', '--json', ...flags);
  expect(stderr).to.equal('');
  return JSON.parse(stdout) as Report;
}

const told = ({ findings }: Report): readonly (readonly [string | undefined, string])[] =>
  findings.map(({ migration, code }) => [migration?.slice(0, 1), code] as const);

/** What the migration right behind a createTable does to rows, and what is to be found of it. */
const BEHIND: readonly (readonly [title: string, text: string, codes: readonly string[]])[] = [
  ['deletes all rows', up(`await k('orders').del();`) + down(`await k('orders').del();`), ['ROWS_CHANGED']],
  [
    'empties a column, and adds another one',
    up(
      `await k('orders').update({ created_on: null }); await k.schema.alterTable('orders', (t) => { t.string('more'); });`,
    ) + down(`await k.schema.alterTable('orders', (t) => { t.dropColumn('more'); });`),
    ['ROWS_CHANGED'],
  ],
  [
    'renames a column, and forgets its values on the way back',
    up(`await k.schema.alterTable('orders', (t) => { t.renameColumn('total', 'sum'); });`) +
      down(
        `await k('orders').update({ sum: 7 }); await k.schema.alterTable('orders', (t) => { t.renameColumn('sum', 'total'); });`,
      ),
    ['ROWS_CHANGED'],
  ],
  [
    'renames the table, and loses rows on the way back',
    up(`await k.schema.renameTable('orders', 'sales');`) +
      down(`await k('sales').del(); await k.schema.renameTable('sales', 'orders');`),
    ['ROWS_CHANGED'],
  ],
  ['adds a column that rows cannot have', REQUIRED, ['UP_FAILED_WITH_ROWS']],
  ['does so without a transaction', ALONE + REQUIRED, ['UP_FAILED_WITH_ROWS']],
  [
    'does so, and has no way back',
    up(`await k.schema.alterTable('orders', (t) => { t.integer('b').notNullable(); });`) +
      `exports.down = () => { throw new Error('no way back'); };`,
    ['IRREVERSIBLE', 'UP_FAILED_WITH_ROWS'],
  ],
  [
    'has a down that rows stop, without a transaction',
    ALONE +
      up(`await k.schema.alterTable('orders', (t) => { t.integer('b'); });`) +
      down(
        `if ((await k('orders')).length > 0) await k('orders').insert({ id: null, nothing: 1 }); await k.schema.alterTable('orders', (t) => { t.dropColumn('b'); });`,
      ),
    ['DOWN_FAILED_WITH_ROWS'],
  ],
  [
    'drops the table, and makes it again',
    up(`await k.schema.dropTable('orders');`) +
      down(
        `await k.schema.createTable('orders', (t) => { t.increments('id'); t.timestamp('created_on'); t.integer('total'); });`,
      ),
    [],
  ],
  [
    'inserts rows with numbers of their own',
    up(`await k('orders').insert([{ id: 1, total: 1 }, { id: 2, total: 2 }]);`) +
      down(`await k('orders').whereIn('id', [1, 2]).del();`),
    [],
  ],
  [
    'inserts rows, and leaves them',
    up(
      `await k.schema.alterTable('orders', (t) => { t.string('more'); }); await k('orders').insert({ id: 1 });`,
    ) + down(`await k.schema.alterTable('orders', (t) => { t.dropColumn('more'); });`),
    ['UP_AGAIN_FAILED'],
  ],
];

eachEngine('migrate:verify has rows before every step', (engine) => {
  for (const [title, text, codes] of BEHIND) {
    it(`also right behind a createTable: one that ${title}`, async () => {
      const project = await makeProject(engine, { '1_orders.cjs': ORDERS, '2_it.cjs': text });
      const report = await verify(project);
      const own = report.findings.filter(({ migration }) => migration === '2_it.cjs');
      expect(own.map(({ code }) => code).sort(), JSON.stringify(report, undefined, 1)).to.deep.equal(codes);
      expect(report.findings.length).to.equal(own.length);
    });
  }

  it('a column that a migration adds has values before the next one, also after a down', async () => {
    const project = await makeProject(engine, {
      '1_orders.cjs': ORDERS,
      '2_column.cjs':
        up(`await k.schema.alterTable('orders', (t) => { t.integer('size'); });`) +
        down(`await k.schema.alterTable('orders', (t) => { t.dropColumn('size'); });`),
      '3_forgets.cjs':
        up(
          `await k('orders').update({ size: null }); await k.schema.createTable('other', (t) => { t.increments(); });`,
        ) + down(`await k.schema.dropTable('other');`),
    });
    const report = await verify(project);
    expect(told(report)).to.deep.equal([['3', 'ROWS_CHANGED']]);
    expect(report.findings[0]?.message).to.include('(size)');
  });

  it('keeps the rows that migrations insert, where one behind them fails with sample rows', async () => {
    const roles =
      up(
        `await k.schema.createTable('roles', (t) => { t.increments('id'); t.string('name').notNullable().unique(); }); await k('roles').insert({ name: 'admin' });`,
      ) + down(`await k.schema.dropTable('roles');`);
    const needsRole =
      up(
        `const [role] = await k('roles').where({ name: 'admin' }); if (!role) throw new Error('no admin'); await k.schema.createTable('members', (t) => { t.increments('id'); t.integer('role_id').references('roles.id'); }); await k('members').insert({ role_id: role.id });`,
      ) + down(`await k.schema.dropTable('members');`);
    const project = await makeProject(engine, {
      '1_orders.cjs': ORDERS,
      '2_roles.cjs': roles,
      '3_required.cjs': REQUIRED,
      '4_needs_role.cjs': needsRole,
      '5_alone.cjs':
        ALONE +
        up(
          `await k.schema.alterTable('orders', (t) => { t.integer('c').notNullable(); }); if (!(await k('roles').where({ name: 'admin' })).length) throw new Error('no admin');`,
        ) +
        down(`await k.schema.alterTable('orders', (t) => { t.dropColumn('c'); });`),
      '6_needs_role.cjs':
        up(
          `const [role] = await k('roles').where({ name: 'admin' }); await k('roles').where({ id: role.id }).update({ name: 'root' });`,
        ) + down(`await k('roles').where({ name: 'root' }).update({ name: 'admin' });`),
      '7_last.cjs':
        up(`await k.schema.createTable('last', (t) => { t.increments(); });`) +
        down(`await k.schema.dropTable('last');`),
    });
    const report = await verify(project);
    expect(told(report), JSON.stringify(report, undefined, 1)).to.deep.equal([
      ['3', 'UP_FAILED_WITH_ROWS'],
      ['5', 'UP_FAILED_WITH_ROWS'],
    ]);
  });

  it('of which one has parents without other children: a migration that deletes orphans is found', async () => {
    const moves = (from: string, to: string): string => `
      await k.schema.alterTable('notes', (t) => { t.dropForeign(['user_id']); });
      await k('notes').whereNotIn('user_id', k('${to}').select('user_id')).del();
      await k.schema.alterTable('notes', (t) => { t.foreign('user_id').references('user_id').inTable('${to}'); });
      await k('${from}').count();`;
    const project = await makeProject(engine, {
      '1_tables.cjs':
        up(`await k.schema.createTable('users', (t) => { t.increments('user_id'); t.string('name').notNullable(); });
            await k.schema.createTable('profiles', (t) => { t.integer('user_id').primary().references('user_id').inTable('users'); });
            await k.schema.createTable('notes', (t) => { t.increments(); t.integer('user_id').notNullable().references('user_id').inTable('users'); });`) +
        down(`for (const each of ['notes', 'profiles', 'users']) await k.schema.dropTable(each);`),
      '2_profiles.cjs':
        up(`await k.schema.alterTable('profiles', (t) => { t.string('word'); });`) +
        down(`await k.schema.alterTable('profiles', (t) => { t.dropColumn('word'); });`),
      '3_moves.cjs': up(moves('users', 'profiles')) + down(moves('profiles', 'users')),
    });
    const report = await verify(project);
    expect(told(report), JSON.stringify(report, undefined, 1)).to.deep.equal([['3', 'ROWS_CHANGED']]);
  });

  it('and compares metadata that are hidden from select *', async () => {
    const flag = (value: boolean): string => `await k('orders').update({ is_flagged: ${value} });`;
    const project = await makeProject(
      engine,
      {
        '1_orders.cjs': ORDERS,
        '2_flags.cjs': up(flag(true)) + down(`await k('orders').count();`),
        '3_notes.cjs': up(`await k('orders').update({ notes: 'x' });`) + down(`await k('orders').count();`),
        '4_back.cjs': up(flag(false)) + down(flag(true)),
      },
      { meta: { visible: false } },
    );
    const report = await verify(project);
    expect(told(report).filter(([, code]) => code === 'ROWS_CHANGED')).to.deep.equal([
      ['2', 'ROWS_CHANGED'],
      ['3', 'ROWS_CHANGED'],
    ]);
  });

  if (engine.name === 'postgresql')
    it('in a temporary database whose search path pool.afterCreate sets', async () => {
      const project = await makeProject(engine, { '1_orders.cjs': ORDERS });
      await project.open().raw('create schema mine');
      const config = JSON.stringify({
        ...project.database.config,
        migrations: { directory: project.directory },
      });
      writeFileSync(
        join(project.folder, 'knexfile.js'),
        `module.exports = { ...${config}, pool: { min: 0, afterCreate: (c, done) => c.query('set search_path to mine', (e) => done(e, c)) } };`,
      );
      const report = await verify(project);
      expect([report.findings, report.verified], JSON.stringify(report)).to.deep.equal([
        [],
        ['1_orders.cjs'],
      ]);
      await project.close();
    });

  it('an adoption that finds nothing to do is no placeholder', async () => {
    const project = await makeProject(engine, { '1_orders.cjs': ORDERS });
    install(project.folder);
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
    const db = project.open();
    await db.raw(
      engine.name === 'sqlite'
        ? 'drop trigger update_timestamp_orders'
        : 'drop trigger update_timestamp on orders',
    );
    await db.destroy();
    expect((await run(project, 'meta:adopt')).code).to.equal(0);
    const report = await verify(project);
    expect(report.findings, JSON.stringify(report)).to.deep.equal([]);
    expect(report.notes.join()).to.match(/adopts tables that have their metadata here/);
    await project.close();
  });
});
