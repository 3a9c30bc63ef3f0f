import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import pg from 'pg';
import { migrateForTest, type TestDatabase } from '../../lib/index.js';
import { makeProject, type TestProject } from '../reliability/support.js';
import { ROOT, runProgram } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { temporaryFolder } from '../support/folders.js';

/** A migration that writes down each time that it runs. */
const COUNTED = (log: string, more = ''): string => `const { appendFileSync } = require('node:fs');
exports.up = async (k) => {
  appendFileSync(${JSON.stringify(log)}, 'ran\\n');
  await k.schema.createTable('users', (t) => { t.increments(); t.string('email').notNullable(); ${more} });
  await k('users').insert({ email: 'first' });
};
exports.down = async (k) => { await k.schema.dropTable('users'); };
`;

async function databases(project: TestProject): Promise<readonly string[]> {
  const client = new pg.Client(project.database.url);
  await client.connect();
  const { rows } = await client.query(
    `select datname as name from pg_database where datname like 'knex\\_meta\\_%' order by 1`,
  );
  await client.end();
  return rows.map(({ name }) => name);
}

eachEngine('migrateForTest', (engine) => {
  let project: TestProject;
  let log: string;
  let config: Knex.Config;
  const open: TestDatabase[] = [];

  beforeEach(async () => {
    project = await makeProject(engine, {});
    log = join(project.folder, 'log');
    project.write({ '1_users.cjs': COUNTED(log) });
    config = { ...project.database.config, migrations: { directory: project.directory } };
  });
  afterEach(async () => {
    for (const database of open.splice(0)) await database.destroy();
  });
  const runs = (): number => (existsSync(log) ? readFileSync(log, 'utf8').split('ran').length - 1 : 0);
  async function make(...args: [] | [Parameters<typeof migrateForTest>[1]]): Promise<TestDatabase> {
    const database = await migrateForTest(config, ...args);
    open.push(database);
    return database;
  }

  it('gives databases that are migrated once, know nothing of each other, and have the hook', async () => {
    const one = await make();
    const two = await make();
    await one.db('users').insert({ email: 'second' });
    expect(await one.db('users').pluck('email')).to.deep.equal(['first', 'second']);
    expect(await two.db('users').pluck('email')).to.deep.equal(['first']);
    expect(Object.keys(await two.db('users').first())).to.include.members(['updated_at', 'is_active']);
    await two.db.schema.createTable('more', (t) => t.increments());
    expect(await two.db.schema.hasColumn('more', 'updated_at')).to.equal(true);
    expect(two.db.client.config.client).to.equal(config.client);
    expect(runs()).to.equal(1);
    await two.db.transaction((trx) => trx('users').insert({ email: 'in a transaction' }));
    expect(await two.db('users').pluck('email')).to.deep.equal(['first', 'in a transaction']);
  });

  it('is another template when a migration, the configuration or the key is another one', async () => {
    await make();
    await make({ key: 'b' });
    await make({ prepare: async (db) => db('users').insert({ email: 'prepared' }) });
    expect(await open[2]?.db('users').pluck('email')).to.deep.equal(['first', 'prepared']);
    project.write({ '2_more.cjs': COUNTED(log).replaceAll("'users'", "'others'") });
    expect(await (await make()).db.schema.hasTable('others')).to.equal(true);
    config = { ...config, meta: { columns: { notes: false } } } as Knex.Config;
    expect(await (await make()).db.schema.hasColumn('users', 'notes')).to.equal(false);
    expect(runs()).to.equal(7);
    process.env.DATABASE_TIMESTAMP_UTC = 'CURRENT_TIMESTAMP';
    try {
      await make();
    } finally {
      delete process.env.DATABASE_TIMESTAMP_UTC;
    }
    expect(runs()).to.equal(9);
    if (engine.name === 'postgresql') {
      const templates = (await databases(project)).filter((name) => /_template_/.test(name));
      const own = new Set(templates.map((name) => name.replace(/_[^_]*$/, '')));
      // One for each configuration: the older ones are gone.
      expect([...own].length).to.equal(templates.length);
    }
  });

  it('says what a migration says that fails, and leaves nothing of it', async () => {
    project.write({ '2_bad.cjs': 'exports.up = (k) => k.raw("nonsense"); exports.down = async () => {};' });
    const before = engine.name === 'postgresql' ? await databases(project) : [];
    const error = await migrateForTest(config).catch((thrown) => thrown);
    expect([error.code, /2_bad\.cjs failed/.test(error.message)]).to.deep.equal(['MIGRATION_FAILED', true]);
    if (engine.name === 'postgresql') expect(await databases(project)).to.deep.equal(before);
  });

  const WORKER = () => `
    import { migrateForTest } from '${ROOT}/dist/lib/index.js';
    const config = ${JSON.stringify(config)};
    for (let n = 0; n < 3; n += 1) {
      const { db, destroy } = await migrateForTest(config);
      await db('users').insert({ email: 'mine' });
      const found = await db('users').pluck('email');
      if (found.join() !== 'first,mine') throw new Error(found.join());
      if (process.env.KILL && n === 1) process.kill(process.pid, 'SIGKILL');
      await destroy();
    }`;
  const worker = (env: NodeJS.ProcessEnv = {}) =>
    runProgram(process.execPath, ['--input-type=module', '-e', WORKER()], ROOT, env);

  it('is shared by processes at once, also where some of them are killed', async () => {
    const ended = await Promise.all([worker(), worker({ KILL: '1' }), worker()]);
    expect(ended.map(({ code, stderr }) => [code, stderr])).to.deep.equal([
      [0, ''],
      [null, ''],
      [0, ''],
    ]);
    const ran = runs();
    // On a server they wait for each other; else each may begin, and one file is kept.
    if (engine.name === 'postgresql') expect(ran).to.equal(1);
    else expect(ran).to.be.within(1, 3);
    expect(await (await worker()).code).to.equal(0);
    expect(runs()).to.equal(ran);
    if (engine.name === 'postgresql') {
      const left = (await databases(project)).filter((name) => /throwaway/.test(name));
      expect(left).to.deep.equal([]);
    }
  });

  it('keeps a template for each `prepare`: test files that fill it in other ways do not take turns', async () => {
    const filled = (email: string) =>
      runProgram(
        process.execPath,
        [
          '--input-type=module',
          '-e',
          `import { migrateForTest } from '${ROOT}/dist/lib/index.js';
           const prepare = async (db) => { await db('users').insert({ email: '${email}' }); };
           const { db, destroy } = await migrateForTest(${JSON.stringify(config)}, { prepare });
           console.log((await db('users').orderBy('id').pluck('email')).join());
           await destroy();`,
        ],
        ROOT,
      );
    for (const email of ['one', 'two', 'one', 'two']) {
      const { stdout, stderr } = await filled(email);
      expect([stdout.trim(), stderr]).to.deep.equal([`first,${email}`, '']);
    }
    expect(runs()).to.equal(2);
  });

  it('makes no template of a file that was changed since it was loaded', async () => {
    await make();
    project.write({ '1_users.cjs': COUNTED(log, "t.string('more');") });
    const error = await migrateForTest(config).catch((thrown) => thrown);
    expect([error.code, /1_users\.cjs was changed/.test(error.message)]).to.deep.equal([
      'MIGRATION_EDITED',
      true,
    ]);
  });

  if (engine.name === 'sqlite') {
    it('works where there is no folder for templates', async () => {
      const { stdout, stderr } = await worker({ TMPDIR: join(ROOT, 'package.json') });
      expect([stdout, stderr]).to.deep.equal(['', '']);
      expect(runs()).to.equal(1);
    });

    it('keeps its templates where nobody else can write to them', async () => {
      const temporary = temporaryFolder();
      expect((await worker({ TMPDIR: temporary })).stderr).to.equal('');
      const folder = join(temporary, `knex-meta-templates-${process.getuid?.() ?? 0}`);
      const files = readdirSync(folder);
      expect([files.length, statSync(folder).mode & 0o077]).to.deep.equal([1, 0]);
      for (const file of files) expect(statSync(join(folder, file)).mode & 0o077).to.equal(0);
    });
  }
});
