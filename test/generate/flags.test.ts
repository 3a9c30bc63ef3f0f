import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { closeAll, creates, makeProject, run, type TestProject } from '../reliability/support.js';
import { KNEX_META, knexMeta, ROOT } from '../support/commandLine.js';
import { eachEngine, freshPostgres, testEngines } from '../support/databases.js';
import { CTRL_C, DOWN, ENTER, hasTerminal, onTerminal } from '../support/terminal.js';

const IMPORT = `const { defineModel, defineEnum, defineView } = require('${join(ROOT, 'dist/lib/index.js')}');\n`;
const NOTHING = { '1_first.cjs': 'exports.up = async () => {};\nexports.down = async () => {};' };
const USERS = "exports.users = defineModel('users', (t) => { t.increments('id'); t.string('name'); });\n";
const MAKE = ['migrate:make', 'change', '--autogenerate', '-x', 'cjs'];

function models(project: TestProject, text: string, file = 'index.cjs'): void {
  mkdirSync(join(project.folder, 'models'), { recursive: true });
  writeFileSync(join(project.folder, 'models', file), `${IMPORT}${text}`);
}

async function ok(project: TestProject, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(project, ...args);
  expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
  return stdout + stderr;
}

/** The text of the newest migration, which is then deleted. */
function takeMigration(project: TestProject): string {
  const file = readdirSync(project.directory)
    .filter((name) => name.includes('change'))
    .at(-1);
  expect(file, 'a migration').to.not.equal(undefined);
  const path = join(project.directory, file ?? '');
  const text = readFileSync(path, 'utf8');
  rmSync(path);
  return text;
}

const unwrapped = (text: string) => text.replace(/\n\s*\/\/ /g, ' ');

function configure(project: TestProject, more: object): void {
  const config = { ...project.database.config, migrations: { directory: project.directory }, ...more };
  writeFileSync(join(project.folder, 'knexfile.js'), `module.exports = ${JSON.stringify(config)};\n`);
}

eachEngine('models and the database', function (engine) {
  this.timeout(60_000);
  let project: TestProject;
  let db: Knex;

  beforeEach(async () => {
    project = await makeProject(engine, NOTHING);
    db = project.open();
  });
  afterEach(closeAll);

  it('the first migration of all: no directory, no record, on SQLite no file', async () => {
    rmSync(project.directory, { recursive: true });
    models(project, USERS);
    const found = await run(project, 'check:models');
    expect([found.code, found.stdout.split('\n')[0]], found.stderr).to.deep.equal([3, '✗ added table users']);
    expect(await ok(project, ...MAKE)).to.include('Created Migration');
    await ok(project, 'migrate:latest');
    await ok(project, 'check:models');
    // The record is there and the files are not: that is no empty project.
    rmSync(project.directory, { recursive: true });
    const gone = await run(project, 'check:models');
    expect([gone.code, gone.stderr.split(':')[0]]).to.deep.equal([2, 'Error MIGRATIONS_DIRECTORY_MISSING']);
    mkdirSync(project.directory);
    const missing = await run(project, ...MAKE);
    expect([missing.code, missing.stderr.split(':')[0]]).to.deep.equal([1, 'Error MIGRATION_FILES_MISSING']);
  });

  it('an import of what is not there is said as Node says it', async () => {
    const text = `import { defineModels } from '${join(ROOT, 'dist/lib/index.js')}';\nexport const a = defineModels;\n`;
    models(project, USERS);
    writeFileSync(join(project.folder, 'models', 'a.mjs'), text);
    const { stdout } = await run(project, 'check:models', '--json');
    expect(JSON.parse(stdout).error?.message).to.match(
      /a\.mjs:1 could not be loaded: .*does not provide an export named 'defineModels'/,
    );
  });

  it('CommonJS files among the models may require those that are ES modules, and one of these may await', async () => {
    await ok(project, 'migrate:latest');
    const folder = join(project.folder, 'models');
    models(project, `require('./b.mjs');\n${USERS}`, 'a.cjs');
    for (const [name, other] of ['bc', 'cd', 'd']) {
      const head = `import { defineModel } from '${join(ROOT, 'dist/lib/index.js')}';\n`;
      const more = other === undefined ? '' : `import './${other}.mjs';\n`;
      const model = `export const ${name} = defineModel('${name}', (t) => { t.increments('id'); });\n`;
      writeFileSync(join(folder, `${name}.mjs`), head + more + model);
    }
    writeFileSync(
      join(folder, 'e.mjs'),
      `import { b } from './b.mjs';\nexport const e = await Promise.resolve({ ...b, name: 'e' });\n`,
    );
    const { code, stdout, stderr } = await run(project, 'check:models', '--json');
    expect([code, stderr], stdout).to.deep.equal([3, '']);
    const tables = ['b', 'c', 'd', 'e', 'users'].map((name) => `added table ${name}`);
    expect(JSON.parse(stdout).detected).to.have.members(tables);
  });

  it('says how many rows a hazard is about', async () => {
    await ok(project, 'migrate:latest');
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('name');
      t.string('email');
      t.integer('team_id');
    });
    await db.schema.createTable('teams', (t) => void t.increments('id'));
    await db.schema.createTable('old', (t) => void t.increments('id'));
    await db.schema.createTable('empty', (t) => void t.increments('id'));
    await db('old').insert([{ id: 1 }, { id: 2 }]);
    await db('users').insert([
      { name: 'a', email: 'same' },
      { email: 'same', team_id: 7 },
      { email: 'other', team_id: 8 },
    ]);
    models(
      project,
      `exports.users = defineModel('users', (t) => { t.increments('id'); t.string('name').notNullable(); t.string('email').unique(); t.integer('team_id').references('teams.id'); t.string('nick').notNullable(); });
exports.teams = defineModel('teams', (t) => { t.increments('id'); });
exports.empty = defineModel('empty', (t) => { t.increments('id'); t.string('word').notNullable(); });`,
    );
    const { stdout, stderr } = await run(project, 'check:models');
    for (const line of [
      /DATA LOSS: all rows of old are gone.* 2 rows in it\./,
      /CAN FAIL: users\.name becomes NOT NULL\. 2 rows with NULL in it\.\n +Fill the rows/,
      /same email\. 1 value that more than one row has\./,
      /row in teams\. 2 rows without one\./,
      /users\.nick is NOT NULL without a default.* 3 rows in the table\./,
      /empty\.word is NOT NULL without a default.* No row in the table\.\n/,
    ])
      expect(stdout).to.match(line);
    expect(stderr).to.match(/No model names old \(2 rows\): dropped with all rows\. .*`meta\.exclude`/);
    const { hazards } = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    expect(hazards.find((each: { counts: string }) => each.counts === 'rows with NULL in it')).to.include({
      kind: 'can fail',
      count: 2,
      operation: `changed column users.name: not null`,
    });
    await ok(project, ...MAKE);
    const text = unwrapped(takeMigration(project));
    expect(text).to.include(
      'users.name becomes NOT NULL. When this was written: 2 rows with NULL in it. Fill',
    );
    if (engine.name === 'postgresql') expect(text).to.include('NOT VALID first, then VALIDATE CONSTRAINT');
    expect(await db('users').count({ n: '*' })).to.deep.equal([{ n: engine.name === 'sqlite' ? 3 : '3' }]);
  });

  it('says how many values another type changes or refuses', async () => {
    await ok(project, 'migrate:latest');
    await db.schema.createTable('places', (t) => {
      t.increments('id');
      for (const name of ['zip', 'price', 'open']) t.string(name, 30);
      t.text('opened').defaultTo('x');
    });
    await db('places').insert([
      { zip: '01234', price: ' -7.5e1 ', open: 'Yes' },
      { zip: '01234', price: '1000', open: 'f' },
      { zip: '4', price: '999.995', open: 'maybe' },
      { zip: 'D-4', price: '4,5', open: '' },
      { zip: '99999999999', price: '999.994' },
      {},
    ]);
    const types =
      "t.integer('zip'); t.decimal('price', 5, 2); t.boolean('open'); t.text('opened').defaultTo('x'); t.check('opened <> \\'x\\'', {}, 'c');";
    models(project, `exports.places = defineModel('places', (t) => { t.increments('id'); ${types} });`);
    const { hazards } = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    const counted = hazards
      .filter(({ kind }: { kind: string }) => kind !== 'long lock')
      .map((each: Record<string, string>) => [
        each.operation?.match(/places\.(\w+)/)?.[1] ?? 'c',
        each.kind,
        each.count,
      ])
      .sort();
    expect(counted).to.deep.equal(
      engine.name === 'sqlite'
        ? [
            ['c', 'can fail', 6],
            ['open', 'data loss', 0],
            ['price', 'data loss', 2],
            ['zip', 'data loss', 2],
          ]
        : [
            ['c', 'can fail', 6],
            ['open', 'can fail', 2],
            ['open', 'data loss', 2],
            ['price', 'can fail', 3],
            ['price', 'data loss', 2],
            ['zip', 'can fail', 2],
            ['zip', 'data loss', 2],
          ],
    );
    await db('places').update({ opened: 'y' });
    await ok(project, ...MAKE);
    const applied = await run(project, 'migrate:latest');
    expect(applied.code, applied.stdout).to.equal(engine.name === 'sqlite' ? 0 : 1);
    if (engine.name !== 'sqlite') return;
    await ok(project, 'migrate:downgrade', '-1');
    expect(await db('places').pluck('zip')).to.deep.equal(['1234', '1234', '4', 'D-4', '99999999999', null]);
  });

  it('names a key to what is not there, where the engine would make it', async function () {
    if (engine.name !== 'sqlite') this.skip();
    await ok(project, 'migrate:latest');
    await db.schema.createTable('tags', (t) => void t.increments('Id'));
    await db.schema.createTable('old', (t) => {
      t.increments('id');
      t.integer('gone_id').references('gone.id');
    });
    const key = (column: string, target: string) => `t.integer('${column}').references('${target}');`;
    models(
      project,
      `exports.all = [['old', (t) => { t.increments('id'); ${key('gone_id', 'gone.id')} }],
  ['tags', (t) => { t.increments('Id'); ${key('user_id', 'user.id')} ${key('own_id', 'Tags.id')} }],
  ['users', (t) => { t.increments('id'); ${key('tag_id', 'tags.uuid')} ${key('boss_id', 'users.id')} }],
].map(([name, columns]) => defineModel(name, columns));`,
    );
    const { hazards } = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    const said = hazards.map(
      ({ message }: { message: string }) => message.match(/foreign key.*?, which/)?.[0],
    );
    expect(said.filter(Boolean).sort()).to.deep.equal([
      'foreign key on tag_id refers to tags.uuid, which',
      'foreign key on user_id refers to user, which',
    ]);
  });

  it('compares with the result of the files, whatever the database has', async () => {
    project.write({ '2_users.cjs': creates('users') });
    models(project, USERS.replace("'name'", "'word'"));
    const live = await run(project, 'check:models');
    expect([live.code, /MIGRATIONS_PENDING[\s\S]*--head/.test(live.stderr)]).to.deep.equal([1, true]);
    expect(await ok(project, 'check:models', '--head')).to.match(/^No changes detected: 1 model /);
    expect(await db.schema.hasTable('knex_migrations')).to.equal(false);
    models(project, USERS);
    const differs = await run(project, 'check:models', '--head', '--json');
    const { detected, hazards } = JSON.parse(differs.stdout);
    expect([differs.code, detected]).to.deep.equal([
      3,
      ['added column users.name', 'removed column users.word'],
    ]);
    expect(hazards[0].count, 'an empty database counts nothing').to.equal(undefined);
    await ok(project, ...MAKE, '--head', '--rename', 'users.word:name');
    expect(takeMigration(project))
      .to.include("renameColumn('word', 'name')")
      .and.to.include("revises = '2_users'");
    project.write({ '3_broken.cjs': creates('users') });
    const broken = await run(project, 'check:models', '--head');
    expect([broken.code, /MIGRATION_FAILED: .*3_broken/.test(broken.stderr)], broken.stderr).to.deep.equal([
      1,
      true,
    ]);
  });

  it('leaves alone what `exclude` names, and what is not of `include`', async () => {
    await ok(project, 'migrate:latest');
    for (const name of ['users', 'audit_log', 'audit_old', 'other'])
      await db.schema.createTable(name, (t) => void t.increments('id'));
    models(project, "exports.users = defineModel('users', (t) => { t.increments('id'); });");
    const detected = async (meta: object) => {
      configure(project, { meta });
      return JSON.parse((await run(project, 'check:models', '--json')).stdout);
    };
    expect((await detected({})).detected).to.have.members([
      'removed table audit_log',
      'removed table audit_old',
      'removed table other',
    ]);
    const without = await detected({ exclude: ['audit_*'] });
    expect(without.detected).to.deep.equal(['removed table other']);
    expect(without.unmanaged.map(({ name }: { name: string }) => name.replace('public.', ''))).to.deep.equal([
      'audit_log',
      'audit_old',
    ]);
    expect((await detected({ include: ['users', 'audit_log'] })).detected).to.deep.equal([
      'removed table audit_log',
    ]);
    expect((await detected({ include: ['users'] })).ok).to.equal(true);
    configure(project, { meta: { exclude: ['audit_*'] } });
    const pulled = await ok(project, 'models:pull', '--dry-run', '--force');
    expect(pulled).to.include('other').and.to.not.include('audit');
    if (engine.name === 'postgresql') {
      expect((await detected({ exclude: ['public.a*', 'other'] })).ok).to.equal(true);
      expect((await detected({ exclude: ['app.*'] })).ok).to.equal(false);
    }
    const wrong = await detected({ exlude: ['x'] });
    expect([wrong.error.code, wrong.error.remedy]).to.satisfy(
      ([code, remedy]: string[]) => code === 'META_OPTION_UNKNOWN' && remedy?.includes('`meta.exclude`'),
    );
  });

  it('drops views that have left the models, and none where the models have no view at all', async () => {
    await ok(project, 'migrate:latest');
    await db.schema.createTable('users', (t) => void t.increments('id'));
    await db.raw('create view one as select id from users');
    await db.raw('create view two as select id from users');
    const table = "exports.users = defineModel('users', (t) => { t.increments('id'); });\n";
    models(project, table);
    const left = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    expect([left.ok, left.unmanaged.length]).to.deep.equal([true, 2]);
    models(project, `${table}exports.one = defineView('one', 'select id from users');`);
    const dropped = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    expect(dropped.detected).to.deep.equal(['removed view two']);
  });

  it('takes --rename more than once, and refuses what is in no model', async () => {
    await ok(project, 'migrate:latest');
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('name');
      t.string('mail');
    });
    models(
      project,
      "exports.people = defineModel('people', (t) => { t.increments('id'); t.string('full_name'); t.string('email'); });",
    );
    const renames = ['users:people', 'users.name:full_name', 'people.mail:email'].flatMap((each) => [
      '--rename',
      each,
    ]);
    const { detected } = JSON.parse((await run(project, 'check:models', '--json', ...renames)).stdout);
    expect(detected.slice(0, 3)).to.deep.equal([
      'renamed table users to people',
      'renamed column people.name to full_name',
      'renamed column people.mail to email',
    ]);
    expect(detected.join()).to.not.match(/added|removed/);
    // What is wrong is so on every engine.
    if (engine.name !== 'sqlite') return;
    for (const [rename, code, message] of [
      ['users:poeple', 'RENAME_UNKNOWN', /no table poeple\. Did you mean people\?/],
      ['people.name:ful_name', 'RENAME_UNKNOWN', /no column people\.ful_name\. Did you mean full_name\?/],
      ['nobody.name:full_name', 'RENAME_UNKNOWN', /no table or type nobody/],
      ['people.nothing:email', 'RENAME_UNKNOWN', /people\.nothing/],
      ['users', 'USAGE', /old:new/],
      ['a:b:c', 'USAGE', /old:new/],
    ] as const) {
      const refused = await run(
        project,
        'check:models',
        '--json',
        '--rename',
        'users:people',
        '--rename',
        rename,
      );
      const { error } = JSON.parse(refused.stdout);
      expect([refused.code, error?.code], rename).to.deep.equal([2, code]);
      expect(error.message).to.match(message);
    }
  });

  it('--empty writes a file also when nothing changed', async () => {
    models(project, USERS);
    await ok(project, 'migrate:latest');
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('name');
    });
    expect(await ok(project, ...MAKE))
      .to.include('No changes detected')
      .and.to.not.include('Created');
    expect(await ok(project, ...MAKE, '--empty'))
      .to.include('No changes detected')
      .and.to.include('Created');
    expect(takeMigration(project)).to.match(/exports\.up = async function \(knex\) \{\}/);
    await ok(project, 'migrate:make', 'change', '--empty', '-x', 'cjs');
    expect(takeMigration(project)).to.match(/exports\.up = async function \(knex\) \{\}/);
  });

  it('--sql writes the statements themselves, with what the hook adds, up and down', async () => {
    await ok(project, 'migrate:latest');
    models(
      project,
      `exports.users = defineModel('users', (t) => { t.increments('id'); t.string('name').defaultTo('who').index(); });
exports.posts = defineModel('posts', (t) => { t.increments('id'); t.integer('user_id').references('users.id'); });`,
    );
    await ok(project, ...MAKE, '--sql');
    const file = readdirSync(project.directory).at(-1) ?? '';
    const text = readFileSync(join(project.directory, file), 'utf8');
    expect(text)
      .to.match(/knex\.raw\([`']create table/i)
      .and.to.not.include('knex.schema');
    expect(text).to.include('update_timestamp');
    expect(await db.schema.hasTable('users'), 'nothing ran').to.equal(false);
    await ok(project, 'migrate:latest');
    await db('users').insert({ id: 1 });
    expect(await db('users').pluck('name')).to.deep.equal(['who']);
    expect(await ok(project, 'check:models')).to.include('No changes detected');
    expect((await run(project, 'check:migration')).code).to.equal(0);
    models(project, "exports.users = defineModel('users', (t) => { t.increments('id'); t.text('name'); });");
    const changed = await run(project, ...MAKE, '--sql');
    if (engine.name === 'postgresql') {
      expect(changed.code, changed.stderr).to.equal(0);
      const second = takeMigration(project);
      expect(second)
        .to.match(/alter table [^;]*type text/i)
        .and.to.include('DATA LOSS: all rows of posts');
    } else {
      expect([changed.code, changed.stderr.split('\n').find((line) => /^Error/.test(line))]).to.deep.equal([
        2,
        'Error USAGE: SQLite makes this change by building a table anew, which is no SQL that could stand in a file.',
      ]);
    }
    await ok(project, 'migrate:down');
    expect(await db.schema.hasTable('users')).to.equal(false);
    rmSync(join(project.directory, file));
    await ok(project, 'migrate:make', 'change', '--sql', '-x', 'cjs');
    expect(takeMigration(project).match(/await knex\.raw\(`/g)).to.have.length(2);
  });

  describe('on a terminal', () => {
    before(function () {
      if (!hasTerminal) this.skip();
    });
    beforeEach(async () => {
      await ok(project, 'migrate:latest');
      await db.schema.createTable('users', (t) => {
        t.increments('id');
        t.string('name');
      });
      models(
        project,
        "exports.people = defineModel('people', (t) => { t.increments('id'); t.string('name'); t.string('x'); });",
      );
    });

    it('asks whether things were renamed, and writes what was answered', async () => {
      const yes = await onTerminal(MAKE, project.folder, [
        { at: /The table users is gone\. Was it renamed\?[\s\S]*dropped/, keys: ENTER },
      ]);
      expect(yes.code, yes.screen).to.equal(0);
      expect(takeMigration(project)).to.include(`renameTable('users', 'people')`);
      models(
        project,
        "exports.users = defineModel('users', (t) => { t.increments('id'); t.string('full_name'); t.string('nick'); });",
      );
      const second = await onTerminal(MAKE, project.folder, [
        {
          at: /The column users\.name is gone[\s\S]*to full_name[\s\S]*to nick[\s\S]*dropped/,
          keys: `${DOWN}${ENTER}`,
        },
      ]);
      expect(second.code, second.screen).to.equal(0);
      expect(takeMigration(project)).to.include("renameColumn('name', 'nick')").and.to.include("'full_name'");
      const no = await onTerminal(MAKE, project.folder, [
        { at: /The column users\.name is gone[\s\S]*dropped/, keys: `${DOWN}${DOWN}${ENTER}` },
      ]);
      expect([no.code, /DATA LOSS/.test(no.screen)], no.screen).to.deep.equal([0, true]);
      expect(takeMigration(project)).to.include("dropColumn('name')");
      // A name cannot move the cursor, nor clear the screen.
      models(
        project,
        "exports.users = defineModel('users', (t) => { t.increments('id'); t.string('na\\u001b[2Jme'); });",
      );
      const hostile = await onTerminal(MAKE, project.folder, [
        { at: /to na\\u001b\[2Jme[\s\S]*dropped/, keys: ENTER },
      ]);
      expect([hostile.code, hostile.screen.includes('\u001b[2Jme')], hostile.screen).to.deep.equal([
        0,
        false,
      ]);
      expect(takeMigration(project)).to.include("renameColumn('name', 'na\\u001b[2Jme')");
    });

    it('writes nothing after Ctrl-C', async () => {
      const ended = await onTerminal(MAKE, project.folder, [
        { at: /Was it renamed\?[\s\S]*dropped/, keys: CTRL_C },
      ]);
      expect([ended.code, /INTERRUPTED/.test(ended.screen)], ended.screen).to.deep.equal([1, true]);
      expect(readdirSync(project.directory)).to.deep.equal(['1_first.cjs']);
    });

    it('asks nobody in CI, with --json, or in a pipe: there it says how to tell', async () => {
      for (const [args, env] of [
        [MAKE, { CI: 'true' }],
        [[...MAKE, '--json'], {}],
      ] as const) {
        const { code, screen } = await onTerminal(args, project.folder, [], env);
        expect(code, screen).to.equal(0);
        expect(screen).to.include('--rename users:people').and.to.not.include('Was it renamed?');
        takeMigration(project);
      }
      const piped = await ok(project, ...MAKE);
      expect(piped).to.include('Was users renamed to people? Then: --rename users:people');
      expect(unwrapped(takeMigration(project))).to.include('DATA LOSS: all rows of users');
    });
  });
});

describe('models on a server', function () {
  this.timeout(60_000);
  const engine = testEngines.find(({ name }) => name === 'postgresql');
  if (engine === undefined) throw new Error('no server');
  let project: TestProject;
  let db: Knex;
  beforeEach(async () => {
    project = await makeProject(engine, NOTHING);
    db = project.open();
    await ok(project, 'migrate:latest');
    models(project, USERS);
  });
  afterEach(closeAll);

  const databases = async (): Promise<readonly string[]> => {
    const { rows } = await db.raw(
      "select datname from pg_database where datname like 'knex\\_meta\\_throwaway\\_%'",
    );
    return rows.map(({ datname }: { datname: string }) => datname);
  };

  async function asRole(act: (url: string, role: string) => Promise<void>): Promise<void> {
    const role = `r_${process.pid}_${Date.now()}`;
    await db.raw(`create role ${role} login password 'gehe1m'; grant usage on schema public to ${role};
      grant select on all tables in schema public to ${role}`);
    const url = new URL(project.database.url);
    url.username = role;
    url.password = 'gehe1m';
    try {
      await act(url.href, role);
    } finally {
      await db.raw(`drop owned by ${role}; drop role ${role}`);
    }
  }

  it('a role that may not create names the flag, and --shadow or meta.shadow serves it', async () => {
    const shadow = new URL((await freshPostgres()).url);
    shadow.password = 'shad0w';
    await asRole(async (url) => {
      const refused = await run(project, 'check:models', '--connection', url);
      expect([refused.code, refused.stderr], refused.stdout).to.satisfy(
        ([code, text]: [number, string]) =>
          code === 1 &&
          /SCRATCH_REFUSED/.test(text) &&
          /--shadow <url>/.test(text) &&
          /meta\.shadow/.test(text),
      );
      const served = await run(
        project,
        'check:models',
        '--connection',
        url,
        '--shadow',
        shadow.href,
        '--verbose',
      );
      expect([served.code, served.stdout.split('\n').at(-3)], served.stderr).to.deep.equal([
        3,
        '✗ added table users',
      ]);
      expect(served.stdout + served.stderr).to.not.match(/gehe1m|shad0w/);
      configure(project, { meta: { shadow: shadow.href }, connection: url });
      expect((await run(project, 'check:models')).code).to.equal(3);
      const wrong = await run(project, 'check:models', '--shadow', `${shadow.href}_not_there`);
      expect([wrong.code, /CONNECTION_FAILED/.test(wrong.stderr), /shad0w/.test(wrong.stderr)]).to.deep.equal(
        [1, true, false],
      );
    });
  });

  it('refuses a shadow that is the database itself, by another name too, or another engine’s', async () => {
    const same = project.database.url
      .replace('127.0.0.1', 'localhost')
      .replace('postgres@', 'postgres:shad0w@');
    const refused = await run(project, 'check:models', '--shadow', same);
    expect([refused.code, refused.stderr], refused.stderr).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && /own database/.test(text) && !/shad0w/.test(text),
    );
    const other = await run(project, 'check:models', '--shadow', 'sqlite:./x.sqlite3');
    expect([other.code, /is not PostgreSQL/.test(other.stderr)], other.stderr).to.deep.equal([2, true]);
    const none = await run(project, 'check:models', '--shadow', 'x');
    expect([none.code, /--shadow is not a URL/.test(none.stderr)], none.stderr).to.deep.equal([2, true]);
  });

  it('--head needs no right but to make a database, and leaves none: not after a failure, not after Ctrl-C', async () => {
    project.write({ '2_users.cjs': creates('users') });
    expect((await run(project, 'check:models', '--head')).code).to.equal(3);
    await asRole(async (url) => {
      const refused = await run(project, 'check:models', '--head', '--connection', url);
      expect(
        [refused.code, /THROWAWAY_REFUSED[\s\S]*createdb[\s\S]*--shadow/.test(refused.stderr)],
        refused.stderr,
      ).to.deep.equal([1, true]);
      const there = await run(
        project,
        'check:models',
        '--head',
        '--connection',
        url,
        '--shadow',
        project.database.url,
      );
      expect(there.code, there.stderr).to.equal(3);
    });
    const gone = new URL(project.database.url);
    gone.pathname = '/not_there';
    expect(
      (await run(project, 'check:models', '--head', '--connection', gone.href)).code,
      'the server alone',
    ).to.equal(3);
    project.write({ '3_broken.cjs': creates('users') });
    expect((await run(project, 'check:models', '--head')).code).to.equal(1);
    project.write({
      '3_broken.cjs': creates('slow', "console.log('BEGUN'); await k.raw('select pg_sleep(60)');"),
    });
    const child = spawn(process.execPath, [KNEX_META, 'check:models', '--head'], { cwd: project.folder });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    await new Promise((begun) => child.stdout.on('data', (chunk) => /BEGUN/.test(chunk) && begun(undefined)));
    expect(await databases()).to.have.length(1);
    child.kill('SIGINT');
    const code = await new Promise((ended) => child.once('exit', ended));
    expect([code, /INTERRUPTED/.test(said)], said).to.deep.equal([1, true]);
    expect(await databases()).to.deep.equal([]);
  });

  it('what a killed --head left is dropped by a later one', async () => {
    const slow = creates(
      'slow',
      "console.log('BEGUN'); await new Promise((later) => setTimeout(later, 60_000));",
    );
    project.write({ '3_slow.cjs': slow });
    const child = spawn(process.execPath, [KNEX_META, 'check:models', '--head'], { cwd: project.folder });
    await new Promise((begun) => child.stdout.on('data', (chunk) => /BEGUN/.test(chunk) && begun(undefined)));
    const [name = ''] = await databases();
    child.kill('SIGKILL');
    await new Promise((ended) => child.once('exit', ended));
    // The server notices by itself that its connections are gone.
    for (;;) {
      const { rows } = await db.raw('select from pg_stat_activity where datname = ?', [name]);
      if (rows.length === 0) break;
    }
    expect(await databases()).to.deep.equal([name]);
    project.write({ '3_slow.cjs': creates('slow') });
    expect((await run(project, 'check:models', '--head')).code).to.equal(3);
    expect(await databases()).to.deep.equal([]);
  });

  it('--head without a server says what it needs', async () => {
    const { code, stderr } = await knexMeta(
      ['check:models', '--head', '--connection', 'postgres://me:gehe1m@127.0.0.1:1/x'],
      project.folder,
    );
    expect(
      [code, /CONNECTION_FAILED[\s\S]*--shadow <url>/.test(stderr), /gehe1m/.test(stderr)],
      stderr,
    ).to.deep.equal([1, true, false]);
  });

  it('a count that takes too long or is denied is said, and is not fatal', async () => {
    await db.raw('create table old (id int primary key); revoke all on old from public');
    await asRole(async (url, role) => {
      await db.raw(`grant create on database ${project.database.url.split('/').at(-1)} to ${role}`);
      await db.raw(`revoke select on old from ${role}`);
      const { code, stdout, stderr } = await run(project, 'check:models', '--connection', url);
      expect(code, stderr).to.equal(3);
      expect(stdout).to.match(
        /DATA LOSS: all rows of old .*\n +It could not be counted: .*permission denied/,
      );
    });
  });

  it('counts the rows with a value that leaves an enum; a new column that is NULL breaks nothing', async () => {
    await db.raw(`create type state as enum ('new', 'sent', 'it''s');
      create table users (id serial primary key, name varchar(255), state state default 'new', had state[]);
      insert into users (state, had) values ('sent', null), ('new', '{new,it''s}'), ('new', '{new}'), (null, null)`);
    const columns = "t.increments('id'); t.string('name'); t.specificType('had', 'state[]');";
    models(
      project,
      `exports.state = defineEnum('state', ['new']);
exports.users = defineModel('users', (t) => { ${columns} t.specificType('state', 'state').defaultTo('new');
  t.integer('boss').references('users.id'); t.string('code').unique(); t.string('kind').unique().defaultTo('a'); }, { metadata: false });`,
    );
    const { hazards } = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    const said = hazards.map((each: { message: string; count: number }) => [each.message, each.count]);
    expect(said).to.have.deep.members([
      ["CAN FAIL: the type state loses 'sent', 'it's': a row that has it stops the migration.", 2],
      [
        'LONG LOCK: users is rewritten, because state is made anew, and nobody reads or writes it meanwhile.',
        4,
      ],
      ['LONG LOCK: users takes no writes while every row of users is looked at.', 4],
      ['CAN FAIL: no two rows of users may have the same kind.', undefined],
    ]);
  });

  it('says that a type is made anew for a value that is used at once', async () => {
    await db.raw(`create type state as enum ('new');
      create table users (id serial primary key, name varchar(255), state state default 'new')`);
    const text = (value: string) =>
      `exports.state = defineEnum('state', ['new', 'sent']);\n${USERS.replace(' });', ` t.specificType('state', 'state').defaultTo('${value}'); });`)}`;
    for (const [value, kinds] of [
      ['new', []],
      ['sent', ['long lock']],
    ] as const) {
      models(project, text(value).replace(/\}\);\s*$/, '}, { metadata: false });'));
      const { hazards } = JSON.parse((await run(project, 'check:models', '--json')).stdout);
      expect(
        hazards.map(({ kind }: { kind: string }) => kind),
        value,
      ).to.deep.equal(kinds);
    }
  });

  it('asks about values of an enum, and takes --rename for one', async function () {
    await db.raw(
      "create type state as enum ('new', 'sent'); create table users (id serial primary key, name varchar(255))",
    );
    models(project, `${USERS}exports.state = defineEnum('state', ['new', 'shipped']);`);
    const { detected } = JSON.parse(
      (await run(project, 'check:models', '--json', '--rename', 'state.sent:shipped')).stdout,
    );
    expect(detected.join()).to.include('changed enum state');
    const hint = await run(project, 'check:models');
    expect(hint.stdout).to.include('--rename state.sent:shipped');
    const wrong = await run(project, 'check:models', '--rename', 'state.sent:shiped');
    expect([wrong.code, /Did you mean shipped\?/.test(wrong.stderr)]).to.deep.equal([2, true]);
    if (!hasTerminal) this.skip();
    const asked = await onTerminal(MAKE, project.folder, [
      { at: /The value state\.sent is gone\. Was it renamed\?[\s\S]*removed/, keys: ENTER },
    ]);
    expect(asked.code, asked.screen).to.equal(0);
    expect(takeMigration(project)).to.include("rename value 'sent' to 'shipped'");
  });

  it('names what it leaves alone: partitioned tables, with the types they are made of', async () => {
    await db.raw(`create table users (id serial primary key, name varchar(255));
      create type kind as enum ('a');
      create table events (id int, at date, k kind) partition by range (at);
      create table events_1 partition of events for values from ('2026-01-01') to ('2027-01-01')`);
    const { detected, unmanaged } = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    expect(detected.filter((line: string) => /kind|events/.test(line))).to.deep.equal([]);
    expect(unmanaged.map(({ name }: { name: string }) => name)).to.include.members([
      'public.events',
      'public.events_1',
    ]);
  });

  it('names a constraint that nobody knows of the rows before it, until it is validated', async () => {
    models(
      project,
      "exports.users = defineModel('users', (t) => { t.increments('id'); t.integer('age').checkPositive('age_check'); });",
    );
    await ok(project, ...MAKE);
    await ok(project, 'migrate:latest');
    await db.raw(
      'alter table users drop constraint age_check; alter table users add constraint age_check check (age > 0) not valid',
    );
    const found = await ok(project, 'check:models');
    expect(found).to.include(
      'constraint public.users.age_check: NOT VALID: rows from before it may break it',
    );
    await db.raw('alter table users validate constraint age_check');
    expect(await ok(project, 'check:models')).to.not.include('NOT VALID');
  });

  it('the schema that the first run creates is not created by a migration', async () => {
    configure(project, { searchPath: ['app'], migrations: { directory: project.directory } });
    rmSync(join(project.directory, '1_first.cjs'));
    const answer = await run(project, 'check:models', '--json');
    expect(JSON.parse(answer.stdout).detected, answer.stdout).to.deep.equal(['added table users']);
    await ok(project, ...MAKE);
    await ok(project, 'migrate:latest');
    await ok(project, 'check:models');
  });

  it('the project’s own schema is the first of its search path, whatever others there are', async () => {
    configure(project, {
      searchPath: ['own_schema', 'public'],
      migrations: { directory: project.directory },
    });
    await db.raw(
      'create schema own_schema; create schema aaa; create table aaa.theirs (id int); create table public.theirs (id int)',
    );
    await ok(project, 'migrate:latest');
    const { detected } = JSON.parse((await run(project, 'check:models', '--json')).stdout);
    expect(detected).to.deep.equal(['added table users']);
    await ok(project, ...MAKE);
    expect(takeMigration(project)).to.include("knex.schema.createTable('users'");
  });
});
