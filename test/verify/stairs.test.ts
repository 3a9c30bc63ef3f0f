import { existsSync } from 'node:fs';
import { expect } from 'chai';
import pg from 'pg';
import { makeProject, run, type TestProject } from '../reliability/support.js';
import { eachEngine, type TestEngine, testEngines } from '../support/databases.js';

interface Found {
  readonly code: string;
  readonly migration?: string;
  readonly file?: string;
  readonly table?: string;
  readonly message: string;
  readonly remedy: string;
}

interface Report {
  readonly code: number | null;
  readonly ok: boolean;
  readonly findings: readonly Found[];
  readonly notes: readonly string[];
  readonly verified: readonly string[];
}

const up = (body: string): string => `exports.up = async (k) => { ${body} };\n`;
const down = (body: string): string => `exports.down = async (k) => { ${body} };\n`;
const NOT_NULL_LATER = `await k.schema.alterTable('posts', (t) => { t.dropNullable('title'); });`;

/** A chain in which each migration has one thing wrong, and what is found of it. */
const CHAIN: readonly (readonly [name: string, text: string, codes: readonly string[]])[] = [
  [
    '01_base',
    up(`await k.schema.createTable('users', (t) => { t.increments(); t.string('email').notNullable().unique(); t.enu('kind', ['a', 'b']).notNullable(); t.integer('age').notNullable(); t.check('?? > 17', ['age']); t.integer('boss').references('users.id'); });
      await k.schema.createTable('posts', (t) => { t.increments(); t.integer('user_id').notNullable().references('users.id'); t.string('title', 20).notNullable(); t.string('slug', 3).unique(); });`) +
      down(`await k.schema.dropTable('posts'); await k.schema.dropTable('users');`),
    [],
  ],
  ['02_placeholder', up('') + down(''), ['EMPTY']],
  [
    '03_empty_down',
    up(`await k.schema.alterTable('users', (t) => { t.string('more'); });`) + down(''),
    ['EMPTY_DOWN'],
  ],
  [
    '04_half_down',
    up(
      `await k.schema.createTable('one', (t) => { t.increments(); }); await k.schema.createTable('two', (t) => { t.increments(); });`,
    ) + down(`await k.schema.dropTable('one');`),
    ['DOWN_DIFFERS', 'UP_AGAIN_FAILED'],
  ],
  [
    '05_deletes_rows',
    up(`await k.schema.alterTable('posts', (t) => { t.string('extra'); });`) +
      down(`await k('posts').del(); await k.schema.alterTable('posts', (t) => { t.dropColumn('extra'); });`),
    ['ROWS_CHANGED'],
  ],
  [
    '06_changes_values',
    up(
      `await k('users').update({ email: k.raw("'new ' || email") }); await k.schema.createTable('three', (t) => { t.increments(); });`,
    ) + down(`await k.schema.dropTable('three');`),
    ['ROWS_CHANGED'],
  ],
  [
    '07_required_column',
    up(
      `await k.raw('alter table posts add column required integer'); await k.schema.alterTable('posts', (t) => { t.dropNullable('required'); });`,
    ) + down(`await k.schema.alterTable('posts', (t) => { t.dropColumn('required'); });`),
    ['UP_FAILED_WITH_ROWS'],
  ],
  [
    '08_required_again',
    up(`await k.schema.alterTable('posts', (t) => { t.setNullable('title'); });`) + down(NOT_NULL_LATER),
    ['DOWN_FAILED_WITH_ROWS'],
  ],
  [
    '09_no_way_back',
    up(`await k.schema.createTable('four', (t) => { t.increments(); });`) +
      down(`throw new Error('there is no way back');`),
    ['IRREVERSIBLE'],
  ],
  [
    '10_wrong_down',
    up(`await k.schema.createTable('five', (t) => { t.increments(); });`) +
      down(`await k.schema.dropTable('fife');`),
    ['DOWN_FAILED'],
  ],
  [
    '11_down_needs_later',
    up(`await k.schema.createTable('six', (t) => { t.increments(); });`) +
      down(
        `await k.schema.alterTable('seven', (t) => { t.dropColumn('word'); }); await k.schema.dropTable('six');`,
      ),
    ['NEEDS_LATER'],
  ],
  [
    '12_later',
    up(`await k.schema.createTable('seven', (t) => { t.increments(); t.string('word'); });`) +
      down(`await k.schema.dropTable('seven');`),
    [],
  ],
  [
    '13_up_needs_later',
    up(`await k.schema.alterTable('eight', (t) => { t.string('more'); });`) +
      down(`await k.schema.alterTable('eight', (t) => { t.dropColumn('more'); });`),
    ['NEEDS_LATER'],
  ],
  [
    '14_later',
    up(`await k.schema.createTable('eight', (t) => { t.increments(); });`) +
      down(`await k.schema.dropTable('eight');`),
    [],
  ],
  [
    '15_without_transaction',
    `exports.config = { transaction: false };\n${up(`await k.schema.createTable('nine', (t) => { t.increments(); t.string('word'); });`)}${down(`await k.schema.dropTable('nine'); throw new Error('after it');`)}`,
    ['DOWN_FAILED'],
  ],
  [
    '16_another_index',
    up(`await k.schema.alterTable('posts', (t) => { t.dropUnique('slug'); });`) +
      down(`await k.schema.alterTable('posts', (t) => { t.index('slug'); });`),
    ['DOWN_DIFFERS', 'UP_AGAIN_FAILED'],
  ],
  [
    '17_something_else',
    `let n = 0;\n${up(`n += 1; await k.schema.createTable('ten' + n, (t) => { t.increments(); });`)}${down(`await k.schema.dropTable('ten' + n);`)}`,
    ['UP_AGAIN_DIFFERS'],
  ],
  [
    '18_no_row_possible',
    up(
      `await k.schema.createTable('eleven', (t) => { t.increments(); t.string('code').notNullable(); t.check("?? = 'Qz' || 'pq7'", ['code']); });`,
    ) + down(`await k.schema.dropTable('eleven');`),
    ['NOT_SEEDED'],
  ],
  ['19_fails', up(`await k.schema.dropTable('nothing');`) + down(''), ['UP_FAILED']],
  [
    '20_behind_it',
    up(`await k.schema.createTable('twelve', (t) => { t.increments(); });`) +
      down(`await k.schema.dropTable('twelve');`),
    ['NOT_REACHED'],
  ],
];

async function verify(project: TestProject, ...flags: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await run(project, 'migrate:verify', '--json', ...flags);
  expect(stderr).to.equal('');
  return { code, ...JSON.parse(stdout) };
}

/** Nothing is there that was not there before: no table, no file, no throwaway database. */
async function expectUntouched(engine: TestEngine, project: TestProject): Promise<void> {
  if (engine.name === 'sqlite') {
    expect(existsSync(project.database.url.replace('sqlite:', ''))).to.equal(false);
    return;
  }
  const client = new pg.Client(project.database.url);
  await client.connect();
  const { rows } = await client.query(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
     union all select datname from pg_database where datname like 'knex\\_meta\\_throwaway\\_%'`,
  );
  await client.end();
  expect(rows).to.deep.equal([]);
}

const files = (chain: typeof CHAIN): Readonly<Record<string, string>> =>
  Object.fromEntries(chain.map(([name, text]) => [`${name}.cjs`, text]));

eachEngine('migrate:verify', (engine) => {
  it('names each broken migration of a chain by its code, goes on behind it, and leaves nothing', async () => {
    const project = await makeProject(engine, files(CHAIN));
    const { code, ok, findings, notes } = await verify(project);
    expect([code, ok]).to.deep.equal([3, false]);
    const byMigration = Object.fromEntries(
      CHAIN.map(([name]) => {
        const own = findings.filter(({ migration, table, message }) =>
          migration === undefined
            ? message.includes(`after ${name}.cjs`) && table !== undefined
            : migration === `${name}.cjs`,
        );
        return [name, own.map((each) => each.code).sort()];
      }),
    );
    expect(byMigration, JSON.stringify(findings, undefined, 1)).to.deep.equal(
      Object.fromEntries(CHAIN.map(([name, , codes]) => [name, [...codes].sort()])),
    );
    for (const { remedy, message, migration, file } of findings) {
      expect([remedy, message]).to.not.include('');
      if (migration !== undefined) expect(file).to.match(new RegExp(`migrations/${migration}$`));
    }
    expect(
      notes.some((note) => /^15_without_transaction\.cjs runs without a transaction/.test(note)),
    ).to.equal(true);
    expect(findings.find(({ migration }) => migration === '11_down_needs_later.cjs')?.message).to.include(
      'needs 12_later.cjs',
    );
    expect(findings.find(({ migration }) => migration === '06_changes_values.cjs')?.message).to.include(
      '(email)',
    );
    await expectUntouched(engine, project);
  });

  it('finds nothing in a good chain, and accepts what is meant', async () => {
    const good = CHAIN.filter(([, , codes]) => codes.length === 0 || codes[0] === 'IRREVERSIBLE');
    const project = await makeProject(engine, files(good));
    const first = await verify(project);
    expect(first.findings.map(({ code }) => code)).to.deep.equal(['IRREVERSIBLE']);
    const second = await verify(project, '--accept', 'IRREVERSIBLE:09_*');
    expect([second.code, second.ok, second.findings]).to.deep.equal([0, true, []]);
    expect(second.notes.join()).to.include('accepted: IRREVERSIBLE');
    const { stdout } = await run(project, 'migrate:verify', '--accept', 'IRREVERSIBLE');
    expect(stdout).to.match(
      /✓ 01_base\.cjs\n[\s\S]*✓ \d migrations go up, down and up again with rows in \d tables/,
    );
  });

  it('--from-live verifies what is pending on a copy of the schema, which it finds to be one', async () => {
    const good = CHAIN.filter(([name]) => /^(01|12|14)/.test(name));
    const project = await makeProject(engine, files(good));
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
    const db = project.open();
    await db.raw('create view by_hand as select id, email from users');
    await db.raw('create index by_hand_too on posts (title) where slug is null');
    await db('users').insert({ email: 'a', kind: 'a', age: 18 });
    project.write({
      '30_on_what_is_there.cjs':
        up(
          `await k.raw('drop index by_hand_too'); await k.schema.createTable('pending', (t) => { t.increments(); t.integer('user_id').references('users.id'); });`,
        ) + down(`await k.schema.dropTable('pending');`),
    });
    const before = [await db('users'), await db('knex_migrations').select('name')];
    const report = await verify(project, '--from-live');
    expect(report.findings.map(({ code, migration }) => [code, migration])).to.deep.equal([
      ['DOWN_DIFFERS', '30_on_what_is_there.cjs'],
      ['UP_AGAIN_FAILED', '30_on_what_is_there.cjs'],
    ]);
    expect(report.findings[0]?.message).to.include('by_hand_too of');
    expect(report.verified).to.deep.equal(['30_on_what_is_there.cjs']);
    expect([await db('users'), await db('knex_migrations').select('name')]).to.deep.equal(before);
    expect(await db.schema.hasTable('pending')).to.equal(false);
    await project.close();
  });

  it('--from-live says what it could not copy', async () => {
    // On SQLite a generated migration can say everything.
    if (engine.name === 'sqlite') return;
    const project = await makeProject(engine, files(CHAIN.slice(0, 1)));
    expect((await run(project, 'migrate:latest')).code).to.equal(0);
    await project.open().raw('create cast (integer as jsonb) with inout');
    const { code, findings } = await verify(project, '--from-live');
    expect(code).to.equal(3);
    expect(findings.map((each) => each.code)).to.include('NOT_COPIED');
    expect(findings[0]?.message).to.match(/cast .*integer.*jsonb.* is missing/);
    await project.close();
  });
});

/** A row for each of them needs something that its definition does not say outright. */
const HARD = up(`
  await k.raw("create type mood as enum ('sad', 'glad')");
  await k.raw("create domain positive as integer check (value > 40)");
  await k.raw('create table parents (id uuid primary key, mood mood not null, number positive not null, at timestamptz not null, spent numeric(4,3) not null, bits bit(4) not null, tags text[] not null, ip inet not null, doc jsonb not null, code char(2) not null unique)');
  await k.raw('create table self (id serial primary key, self_id integer not null references self (id))');
  await k.raw('create table hen (id integer primary key, egg_id integer not null)');
  await k.raw('create table egg (id integer primary key, hen_id integer not null references hen (id) deferrable)');
  await k.raw('alter table hen add foreign key (egg_id) references egg (id) deferrable');
  await k.raw('create table pairs (a integer, b text, primary key (a, b))');
  await k.raw('create table of_pairs (a integer not null, b text not null, foreign key (a, b) references pairs (a, b))');
  await k.raw('create table parted (id integer not null, at date not null) partition by range (at)');
  await k.raw("create table parted_2020 partition of parted for values from ('2020-01-01') to ('2021-01-01')");
  await k.raw('create table numbered (id bigint generated always as identity primary key, twice integer generated always as (half * 2) stored, half integer check (half between 1000 and 2000))');
  await k.raw('create schema other');
  await k.raw('create table other.things (id serial primary key, parent uuid not null references public.parents (id), "Quoted Name" text not null)');
`);
const HARD_SQLITE = up(`
  await k.raw('create table self (id integer primary key, self_id integer not null references self (id))');
  await k.raw('create table hen (id integer primary key, egg_id integer not null references egg (id) deferrable initially deferred)');
  await k.raw('create table egg (id integer primary key, hen_id integer not null references hen (id) deferrable initially deferred)');
  await k.raw('create table pairs (a integer, b text, primary key (a, b)) without rowid');
  await k.raw('create table of_pairs (a integer not null, b text not null, foreign key (a, b) references pairs (a, b))');
  await k.raw('create table strict_one (id integer primary key, t text not null, b blob not null, r real not null check (r > 7.5), a any not null) strict');
  await k.raw('create table numbered (half integer check (half between 1000 and 2000), twice integer generated always as (half * 2))');
`);

eachEngine('migrate:verify makes up rows', (engine) => {
  it('for enums, domains, keys to itself and in circles, partitions, generated columns', async () => {
    const isServer = engine.name === 'postgresql';
    const text = (isServer ? HARD : HARD_SQLITE) + down(`throw new Error('no way back')`);
    const project = await makeProject(engine, { '1_hard.cjs': text });
    const { findings } = await verify(project);
    expect(findings.map(({ code, message }) => (code === 'IRREVERSIBLE' ? code : message))).to.deep.equal([
      'IRREVERSIBLE',
    ]);
  });
});

describe('migrate:verify on a server', () => {
  const [, engine] = testEngines;
  const leftOver = async (project: TestProject): Promise<readonly unknown[]> => {
    const client = new pg.Client(project.database.url);
    await client.connect();
    const { rows } = await client.query(
      `select datname from pg_database where datname like 'knex\\_meta\\_throwaway\\_%'`,
    );
    await client.end();
    return rows;
  };

  it('drops its database when it is interrupted', async () => {
    const project = await makeProject(engine as TestEngine, {
      '1_waits.cjs':
        up(`process.kill(process.pid, 'SIGINT'); await k.raw('select pg_sleep(60)');`) + down(''),
    });
    const { code, stdout } = await run(project, 'migrate:verify', '--json');
    expect([code, JSON.parse(stdout).error.code]).to.deep.equal([1, 'INTERRUPTED']);
    expect(await leftOver(project)).to.deep.equal([]);
  });

  it('says what it needs where it may not create databases, and takes another server', async () => {
    const project = await makeProject(engine as TestEngine, files(CHAIN.slice(0, 1)));
    const client = new pg.Client(project.database.url);
    await client.connect();
    await client.query('create role verifies_little login');
    await client.end();
    const little = project.database.url.replace('postgres@', 'verifies_little@');
    const refused = await run(project, 'migrate:verify', '--connection', little);
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(/THROWAWAY_REFUSED[\s\S]*createdb[\s\S]*--shadow/);
    const shadowed = await run(
      project,
      'migrate:verify',
      '--connection',
      little,
      '--shadow',
      project.database.url,
    );
    expect(shadowed.code, shadowed.stdout).to.equal(0);
    expect(await leftOver(project)).to.deep.equal([]);
  });
});
