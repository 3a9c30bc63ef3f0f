import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  closeAll,
  creates,
  fiveTables,
  makeProject,
  run,
  stateOf,
  type TestProject,
} from '../reliability/support.js';
import { eachEngine, testEngines } from '../support/databases.js';
import { nextSecond } from '../support/nextSecond.js';

async function json(project: TestProject, ...args: readonly string[]) {
  const ran = await run(project, ...args, '--json');
  const document = JSON.parse(ran.stdout) as Record<string, never> & {
    ok: boolean;
    error: { code: string; details: object };
  };
  return { ...ran, document };
}

async function ok(project: TestProject, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(project, ...args);
  expect([code, stderr], args.join(' ')).to.deep.equal([0, '']);
  return stdout;
}

eachEngine('the commands of the migrator', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('upgrade, downgrade, current, history, show', async () => {
    const project = await makeProject(engine, { ...fiveTables(), '1_a.cjs': `// Makes a.\n${creates('a')}` });
    expect(await ok(project, 'migrate:current')).to.equal('base\n5 pending\n');
    expect(await ok(project, 'migrate:upgrade', '+2')).to.match(
      /^↑ 1_a\.cjs \d+ ms\n↑ 2_b\.cjs \d+ ms\nBatch 1: 2 migrations applied\n$/,
    );
    expect(await ok(project, 'migrate:current')).to.equal('2_b\n3 pending\n');
    expect(await ok(project, 'migrate:upgrade', '4_d.cjs')).to.match(/Batch 2: 2 migrations applied/);
    expect(await ok(project, 'migrate:upgrade')).to.match(/Batch 3: 1 migration applied/);
    expect(await ok(project, 'migrate:upgrade')).to.equal('Already up to date\n');
    expect(await ok(project, 'migrate:current')).to.equal('5_e (head)\n');
    expect(await ok(project, 'migrate:downgrade', 'head-3')).to.match(
      /↓ 5_e.*\n↓ 4_d.*\n↓ 3_c.*\n3 migrations undone/,
    );
    expect(await ok(project, 'migrate:downgrade', '-1')).to.match(/↓ 2_b.*\n1 migration undone/);
    const history = await ok(project, 'migrate:history');
    expect(history.split('\n')[0]).to.match(/^✓ 1_a \(current\) {2}applied \d{4}-\d\d-\d\dT/);
    expect(history).to.match(/\n· 2_b {2}pending\n.*\n.*\n· 5_e \(head\) {2}pending\n$/);
    expect(await ok(project, 'migrate:history', '--range', 'current:3_c')).to.match(
      /^✓ 1_a.*\n· 2_b.*\n· 3_c.*\n$/,
    );
    expect(await ok(project, 'migrate:history', '--range', ':2_b')).to.match(/^✓ 1_a.*\n· 2_b.*\n$/);
    const shown = await ok(project, 'migrate:show', '1');
    for (const text of [
      'file: ',
      '1_a.cjs',
      'revises: base',
      'batch: 1',
      'duration: ',
      'by: ',
      'checksum: ',
      'tables: a',
      'Makes a.',
    ]) {
      expect(shown).to.include(text);
    }
    expect(await ok(project, 'migrate:show', 'head')).to.include('5_e (head)');
    expect(await ok(project, 'migrate:downgrade', 'base')).to.match(/1 migration undone/);
    expect((await stateOf(project.open())).tables).to.deep.equal([]);
  });

  it('--json of each: one document, with ISO times', async () => {
    const project = await makeProject(engine, fiveTables());
    expect((await json(project, 'migrate:upgrade', '+1')).document).to.have.keys([
      'ok',
      'batch',
      'migrations',
    ]);
    const { document: history } = await json(project, 'migrate:history');
    const [first, second] = history.revisions as unknown as Record<string, unknown>[];
    expect(first).to.deep.include({
      name: '1_a.cjs',
      revision: '1_a',
      state: 'applied',
      isCurrent: true,
      isHead: false,
      batch: 1,
    });
    expect(String(first?.appliedAt)).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(second).to.deep.include({ state: 'pending', revises: ['1_a'] });
    expect((await json(project, 'migrate:current')).document).to.deep.equal({
      ok: true,
      revisions: ['1_a'],
      heads: ['5_e'],
      isAtHead: false,
      applied: 1,
      pending: 4,
    });
    expect((await json(project, 'migrate:heads')).document).to.deep.include({ ok: true, conflicts: [] });
    expect((await json(project, 'migrate:show', '2')).document).to.deep.include({
      ok: true,
      revision: '2_b',
      isEdited: false,
    });
    const unknown = await json(project, 'migrate:upgrade', 'x');
    expect([unknown.code, unknown.document.error.code]).to.deep.equal([2, 'MIGRATION_NOT_FOUND']);
    const plan = await json(project, 'migrate:plan', '+1');
    expect(plan.document).to.deep.include({ ok: true, direction: 'up' });
    expect((await json(project, 'migrate:sql')).document).to.include.keys([
      'ok',
      'direction',
      'migrations',
      'script',
    ]);
  });

  it('stamp: sets the record, asks before it forgets, runs nothing', async () => {
    const project = await makeProject(engine, fiveTables());
    const db = project.open();
    await db.schema.createTable('a', (t) => void t.increments());
    expect(await ok(project, 'migrate:stamp', '2_b')).to.equal(
      '+ 1_a.cjs\n+ 2_b.cjs\nThe record is at 2_b; no migration was run\n',
    );
    expect(await stateOf(db)).to.deep.equal({ tables: ['a'], record: ['a', 'b'], locks: [0] });
    expect(await ok(project, 'migrate:stamp', '2')).to.equal('The record says so already\n');
    const asked = await run(project, 'migrate:stamp', 'base');
    expect([asked.code, asked.stderr]).to.satisfy(
      ([code, text]: [number, string]) =>
        code === 2 &&
        /^Error STAMP_FORGETS: .*1_a\.cjs, 2_b\.cjs are applied/.test(text) &&
        /--yes/.test(text),
    );
    expect((await stateOf(db)).record).to.deep.equal(['a', 'b']);
    expect(await ok(project, 'migrate:stamp', '1_a', '--yes')).to.match(/^- 2_b\.cjs\nThe record is at 1_a/);
    expect(await ok(project, 'migrate:stamp', 'base', '--yes')).to.match(/The record is at base/);
    expect((await stateOf(db)).tables).to.deep.equal(['a']);
    expect((await run(project, 'migrate:stamp', '+1')).code).to.equal(2);
  });

  it('a file that is gone: every command says which, and stamp --purge is the way out', async () => {
    const project = await makeProject(engine, fiveTables());
    await ok(project, 'migrate:upgrade', '3_c');
    rmSync(join(project.directory, '2_b.cjs'));
    for (const args of [
      ['migrate:latest'],
      ['migrate:upgrade', 'head'],
      ['migrate:downgrade', '-1'],
      ['migrate:rollback'],
      ['migrate:stamp', 'head'],
    ]) {
      const { code, stderr } = await run(project, ...args);
      expect([code, stderr], args.join(' ')).to.satisfy(
        ([exit, text]: [number, string]) =>
          exit === 1 &&
          /^Error MIGRATION_FILES_MISSING: .*missing: 2_b\.cjs\./.test(text) &&
          /--purge/.test(text),
      );
    }
    expect(await ok(project, 'migrate:history')).to.match(/✗ 2_b {2}/);
    const listed = await run(project, 'migrate:list');
    expect([listed.code, /2_b\.cjs/.test(listed.stderr)]).to.deep.equal([1, true]);
    expect((await run(project, 'migrate:stamp', '3_c', '--purge')).code).to.equal(2);
    expect(await ok(project, 'migrate:stamp', '3_c', '--purge', '--yes')).to.match(/^- 2_b\.cjs\n/);
    expect(await ok(project, 'migrate:latest')).to.match(/Batch 2 run: 2 migrations/);
  });

  it('a file that was renamed is recognised by what it says', async () => {
    const project = await makeProject(engine, fiveTables());
    await ok(project, 'migrate:latest');
    renameSync(join(project.directory, '5_e.cjs'), join(project.directory, '6_better_name.cjs'));
    const { code, stderr } = await run(project, 'migrate:latest');
    expect([code, stderr]).to.satisfy(
      ([exit, text]: [number, string]) =>
        exit === 1 &&
        text.includes('6_better_name.cjs has the content of 5_e.cjs: give it its old name back'),
    );
  });

  it('an edited file is named by status, check:version and show, and refused by --strict', async () => {
    const project = await makeProject(engine, fiveTables());
    await ok(project, 'migrate:upgrade', '2_b');
    project.write({ '1_a.cjs': `/* another comment */\n${creates('a')}` });
    expect((await run(project, 'migrate:status')).stderr).to.equal('');
    project.write({ '1_a.cjs': creates('a').replace("'word'", "'words'") });
    expect((await run(project, 'migrate:status')).stderr).to.equal(
      '1_a.cjs was edited after it was applied\n',
    );
    expect((await json(project, 'migrate:status')).document.edited).to.deep.equal(['1_a.cjs']);
    expect(await ok(project, 'migrate:show', '1_a')).to.include('edited since it was applied');
    const checked = await run(project, 'check:version');
    expect([checked.code, /EDITED: 1_a\.cjs/.test(checked.stdout)]).to.deep.equal([3, true]);
    const strict = await run(project, 'migrate:latest', '--strict');
    expect([strict.code, /^Error MIGRATION_EDITED: .*1_a\.cjs/.test(strict.stderr)]).to.deep.equal([1, true]);
    expect(await ok(project, 'migrate:latest')).to.match(/Batch 2 run: 3/);
  });

  it('the same migration in the other language is not called edited', async () => {
    const typescript = `import type { Knex } from 'knex';\nexport async function up(k: Knex): Promise<void> { await k.schema.createTable('a', (t) => { t.increments(); }); }\nexport const down = (k: Knex) => k.schema.dropTable('a');\n`;
    const project = await makeProject(engine, { '1_a.ts': typescript });
    await ok(project, 'migrate:latest');
    rmSync(join(project.directory, '1_a.ts'));
    project.write({
      '1_a.js':
        "exports.up = async (k) => { await k.schema.createTable('a', (t) => { t.increments(); }); };\nexports.down = (k) => k.schema.dropTable('a');\n",
    });
    expect(await ok(project, 'migrate:latest', '--strict')).to.equal('Already up to date\n');
    expect(await ok(project, 'migrate:show', '1_a')).to.match(/checksum: \w+\n/);
    const { document } = await json(project, 'migrate:show', '1_a');
    expect(document.isEdited).to.equal(false);
  });

  it('a pending migration that is older than an applied one is told, and refused by --strict-order', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a'), '3_c.cjs': creates('c') });
    await ok(project, 'migrate:latest');
    project.write({ '2_b.cjs': creates('b') });
    const strict = await run(project, 'migrate:latest', '--strict-order');
    expect([strict.code, strict.stderr]).to.satisfy(
      ([code, text]: [number, string]) =>
        code === 1 && /^Error MIGRATION_OUT_OF_ORDER: 2_b\.cjs comes before/.test(text),
    );
    const { code, stderr } = await run(project, 'migrate:latest');
    expect([code, stderr]).to.deep.equal([0, '2_b.cjs comes before a migration that is applied already\n']);
  });
});

describe('migrations of several developers', function () {
  this.timeout(60_000);
  afterEach(closeAll);
  const sqlite = { name: 'sqlite' as const };

  async function project(): Promise<TestProject> {
    const engine = testEngines.find(({ name }) => name === sqlite.name);
    if (engine === undefined) throw new Error('no engine');
    return makeProject(engine);
  }
  const files = (made: TestProject) => readdirSync(made.directory).sort();
  const text = (made: TestProject, name: string) => readFileSync(join(made.directory, name), 'utf8');

  for (const [form, line, args] of [
    ['cjs', "exports.revises = '%';", ['-x', 'cjs']],
    ['mjs', "export const revises = '%';", ['-x', 'mjs']],
    ['ts', "export const revises = '%';", ['-x', 'ts']],
  ] as const) {
    it(`a new migration names its parent, .${form}`, async () => {
      const made = await project();
      await ok(made, 'migrate:make', 'first', ...args);
      const [first = ''] = files(made);
      expect(text(made, first)).to.not.include('revises');
      await nextSecond();
      await ok(made, 'migrate:make', 'second', ...args);
      const second = files(made)[1] ?? '';
      expect(text(made, second)).to.include(line.replace('%', first.replace(/\.\w+$/, '')));
      expect(await ok(made, 'migrate:upgrade')).to.include('2 migrations applied');
      expect(await ok(made, 'migrate:heads')).to.match(/^\d+_second \(head\)\n$/);
    });
  }

  it('an extension that is typed into the name is not doubled, and a doubled one has the same revision', async () => {
    const made = await project();
    await ok(made, 'migrate:make', 'add users.js', '-x', 'cjs');
    expect(files(made).map((name) => name.replace(/^\d+_/, ''))).to.deep.equal(['add_users.cjs']);
    made.write({
      '1_old.js.cjs': creates('old'),
      '2_child.cjs': `exports.revises = '1_old.js';\n${creates('child')}`,
    });
    expect(await ok(made, 'migrate:upgrade', '2_child')).to.include('2 migrations applied');
    await ok(made, 'migrate:downgrade', '1_old.js');
    expect(await ok(made, 'migrate:current')).to.include('1_old');
  });

  const fork = (made: TestProject): void =>
    made.write({
      '1_users.cjs': creates('users'),
      '2_phone.cjs': `exports.revises = '1_users';\nexports.up = (k) => k.schema.alterTable('users', (t) => { t.string('phone'); });\nexports.down = (k) => k.schema.alterTable('users', (t) => { t.dropColumn('phone'); });\n`,
      '3_mail.cjs': `exports.revises = '1_users';\nexports.up = (k) => k.schema.alterTable('users', (t) => { t.string('mail'); });\nexports.down = (k) => k.schema.alterTable('users', (t) => { t.dropColumn('mail'); });\n`,
    });

  it('two heads: exit 3 with the files and the table that both touch, and a warning when they run', async () => {
    const made = await project();
    fork(made);
    const { code, stdout } = await run(made, 'migrate:heads');
    expect(code).to.equal(3);
    expect(stdout)
      .to.include('2_phone (head)')
      .and.to.include('3_mail (head)')
      .and.to.include('users is touched by 2_phone.cjs and 3_mail.cjs');
    const upgrade = await run(made, 'migrate:upgrade', 'head');
    expect([
      upgrade.code,
      /^Error MIGRATION_HEADS: .*2_phone\.cjs, 3_mail\.cjs/.test(upgrade.stderr),
    ]).to.deep.equal([1, true]);
    const latest = await run(made, 'migrate:latest');
    expect([latest.code, latest.stderr]).to.satisfy(
      ([exit, said]: [number, string]) =>
        exit === 0 && said.includes('2_phone.cjs and 3_mail.cjs both revise 1_users'),
    );
    expect(await ok(made, 'migrate:current')).to.equal('2_phone (head)\n3_mail (head)\n');
  });

  it('migrate:merge writes a migration that revises both', async () => {
    const made = await project();
    fork(made);
    const { code, stdout, stderr } = await run(made, 'migrate:merge');
    expect([code, stdout]).to.satisfy(
      ([exit, said]: [number, string]) => exit === 0 && /_merge_phone_mail\.js/.test(said),
    );
    expect(stderr).to.include('users is touched by');
    const merge = files(made).find((name) => name.includes('merge')) ?? '';
    expect(text(made, merge)).to.include("exports.revises = ['2_phone', '3_mail'];");
    expect((await run(made, 'migrate:heads')).code).to.equal(0);
    expect(await ok(made, 'migrate:upgrade', 'head')).to.include('4 migrations applied');
    expect(await ok(made, 'migrate:merge')).to.equal('There is one head: nothing to merge\n');
    expect(await ok(made, 'migrate:downgrade', '1_users')).to.include('3 migrations undone');
  });

  it('migrate:merge --reparent puts a branch behind the other, and its file is not called edited', async () => {
    const made = await project();
    fork(made);
    await run(made, 'migrate:latest');
    const { stdout } = await run(made, 'migrate:merge', '--reparent', '2_phone');
    expect(stdout).to.match(/2_phone\.cjs now revises 3_mail\n$/);
    expect(text(made, '2_phone.cjs')).to.include("exports.revises = '3_mail';");
    expect(await ok(made, 'migrate:heads')).to.equal('2_phone (head)\n');
    expect(await ok(made, 'migrate:history')).to.match(/1_users.*\n✓ 3_mail.*\n✓ 2_phone \(current, head\)/);
    expect((await run(made, 'migrate:status')).stderr).to.equal('');
  });

  it('a parent that nobody knows, and a circle, are refused before anything runs', async () => {
    const made = await project();
    made.write({ '1_a.cjs': creates('a'), '2_b.cjs': `exports.revises = '0_gone';\n${creates('b')}` });
    const unknown = await run(made, 'migrate:latest');
    expect([
      unknown.code,
      /^Error MIGRATION_PARENT: 2_b\.cjs revises 0_gone/.test(unknown.stderr),
    ]).to.deep.equal([1, true]);
    made.write({
      '1_a.cjs': `exports.revises = '2_b';\n${creates('a')}`,
      '2_b.cjs': `exports.revises = '1_a';\n${creates('b')}`,
    });
    const circle = await run(made, 'migrate:latest');
    expect([circle.code, /^Error MIGRATION_PARENT: .*1_a -> 2_b -> 1_a/.test(circle.stderr)]).to.deep.equal([
      1,
      true,
    ]);
    expect((await stateOf(made.open())).tables).to.deep.equal([]);
  });

  it('files of two directories, a folder that is called like a file, and sub-directories', async () => {
    const made = await project();
    const other = join(made.folder, 'more');
    made.write({
      '1_a.cjs': creates('a'),
      'below/9_x.cjs': creates('x'),
      'folder.js/readme': 'no migration',
      '../more/2_b.cjs': creates('b'),
    });
    const connection = made.database.config.connection;
    writeFileSync(
      join(made.folder, 'knexfile.js'),
      `module.exports = ${JSON.stringify({ ...made.database.config, connection, migrations: { directory: [made.directory, other] } })};`,
    );
    expect(await ok(made, 'migrate:latest')).to.include('Batch 1 run: 2 migrations');
    expect((await stateOf(made.open())).record).to.deep.equal(['a', 'b']);
    expect(existsSync(join(made.folder, 'more'))).to.equal(true);
  });

  it('10,000 applied files: none of them is read, loaded or asked for', async () => {
    const made = await project();
    made.write({ '0_first.cjs': creates('a') });
    await made.migrator().latest();
    const names = Array.from(
      { length: 10_000 },
      (_each, index) => `${String(index + 1).padStart(6, '0')}_n.cjs`,
    );
    // Not one of these could be loaded.
    for (const name of names) writeFileSync(join(made.directory, name), 'this is no JavaScript');
    const db = made.open();
    for (let start = 0; start < names.length; start += 100) {
      const rows = names
        .slice(start, start + 100)
        .map((name) => ({ name, batch: 1, migration_time: new Date() }));
      await db('knex_migrations').insert(rows);
    }
    expect(await ok(made, 'migrate:latest')).to.equal('Already up to date\n');
    made.write({ '999999_b.cjs': creates('b') });
    expect(await ok(made, 'migrate:latest')).to.include('Batch 2 run: 1 migrations');
    expect(await ok(made, 'migrate:rollback')).to.include('Batch 2 rolled back: 1 migrations');
  });

  it('two files of one time stamp run in the order of their names', async () => {
    const made = await project();
    made.write({ '20240101_b.cjs': creates('b'), '20240101_a.cjs': creates('a') });
    const { migrations } = await made.migrator().latest();
    expect(migrations.map(({ name }) => name)).to.deep.equal(['20240101_a.cjs', '20240101_b.cjs']);
    const { code, stderr } = await run(made, 'migrate:downgrade', '20240101');
    expect([code, stderr.includes('20240101_a, 20240101_b')]).to.deep.equal([2, true]);
  });
});
