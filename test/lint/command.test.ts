import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { closeAll, creates, makeProject, run, type TestProject } from '../reliability/support.js';
import { KNEX_META, runProgram } from '../support/commandLine.js';
import { eachEngine, testEngines } from '../support/databases.js';

interface Line {
  readonly code: string;
  readonly severity: string;
  readonly evidence?: string;
  readonly line?: number;
  readonly file?: string;
  readonly message: string;
}

async function lint(
  project: TestProject,
  ...args: readonly string[]
): Promise<{
  readonly code: number | null;
  readonly findings: readonly Line[];
  readonly ignored: readonly Line[];
}> {
  const { code, stdout, stderr } = await run(project, 'lint', '--json', ...args);
  const document = JSON.parse(stdout);
  expect(document.error, stderr).to.equal(undefined);
  return { code, ...document };
}

const of = (findings: readonly Line[], code: string): Line | undefined =>
  findings.find((finding) => finding.code === code);

const FIRST = `exports.up = async (k) => {
  await k.schema.createTable('people', (t) => { t.bigIncrements(); t.text('name'); t.text('note'); });
  await k.schema.createTable('empty', (t) => { t.bigIncrements(); t.text('name'); });
};
exports.down = async () => {};`;

const SECOND = `exports.up = async (k) => {
  await k.schema.alterTable('people', (t) => { t.dropColumn('note'); });
  await k.schema.alterTable('empty', (t) => { t.dropColumn('name'); });
  await k.schema.raw('create unique index people_name on people (name)');
  await k.schema.dropTable('empty');
};
exports.down = async () => {};`;

eachEngine('lint', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('asks the database what the harm would be done to, and changes nothing', async () => {
    const project = await makeProject(engine, { '1_a.cjs': FIRST }, { meta: { lint: { smallTable: 2 } } });
    await run(project, 'migrate:latest');
    const db = project.open();
    await db('people').insert([{ name: 'a', note: 'x' }, { name: 'a' }, { name: 'b' }]);
    project.write({ '2_b.cjs': SECOND });
    const { code, findings } = await lint(project);
    expect(code).to.equal(3);
    const columns = findings.filter((finding) => finding.code === 'DROP_COLUMN');
    expect(columns.map(({ severity, evidence }) => [severity, evidence])).to.deep.equal([
      ['warning', 'people has more than 2 rows; 1 row with a value in it'],
      ['note', 'empty has 0 rows; no row with a value in it'],
    ]);
    if (engine.name === 'sqlite') {
      // It is tried on a copy, and ends there.
      expect(of(findings, 'FAILS')).to.include({ severity: 'error' });
      expect(of(findings, 'FAILS')?.message).to.match(/UNIQUE constraint failed: people\.name/);
    } else {
      expect(of(findings, 'UNIQUE_INDEX')).to.include({
        severity: 'error',
        line: 4,
        file: `${project.directory}/2_b.cjs`,
        evidence: 'people has more than 2 rows; 1 value that more than one row has',
      });
      expect(of(findings, 'FAILS')).to.equal(undefined);
    }
    await db('people').where('note', 'x').delete();
    const mended = (await lint(project)).findings;
    expect(of(mended, 'UNIQUE_INDEX')).to.include({
      severity: 'note',
      evidence: 'people has 2 rows; no value that more than one row has',
    });
    expect(of(mended, 'DROP_TABLE')).to.include({
      severity: 'note',
      evidence: 'empty has 0 rows; no row in it',
    });
    expect(await db('people').orderBy('id').pluck('name')).to.deep.equal(['a', 'b']);
    expect(await db.schema.hasTable('empty')).to.equal(true);
    expect((await run(project, 'migrate:list')).stdout).to.include('Found 1 Pending');
  });

  it('says how many rows the hook will write for an own column, and nothing where it writes none', async function () {
    if (engine.name === 'sqlite') this.skip();
    const project = await makeProject(engine, { '1_a.cjs': FIRST }, { meta: { lint: { smallTable: 2 } } });
    await run(project, 'migrate:latest');
    await project
      .open()('people')
      .insert([{ name: 'a' }, { name: 'a' }, { name: 'b' }]);
    project.write({
      '2_b.cjs': `exports.up = async (k) => {
  await k.schema.alterTable('people', (t) => { t.timestamp('updated_at').defaultTo(k.fn.now()); });
  await k.schema.alterTable('people', (t) => { t.date('created_at'); });
  await k.schema.alterTable('empty', (t) => { t.renameColumn('created_at', 'made_at'); });
};
exports.down = async () => {};`,
    });
    const { findings } = await lint(project);
    const copied = findings.filter(({ code }) => code === 'COPIES_METADATA');
    expect(
      copied.map(({ severity, line, message, evidence }) => [severity, line, message, evidence]),
    ).to.deep.equal([
      [
        'warning',
        3,
        'The values of people.created_at are copied in every row.',
        'people has more than 2 rows; 3 rows to write',
      ],
      [
        'note',
        4,
        'The values of empty.created_at are copied in every row.',
        'empty has 0 rows; no row to write',
      ],
    ]);
  });

  it('needs no database for --all, --since and files', async () => {
    const project = await makeProject(engine, { '1_a.cjs': FIRST, '2_b.cjs': SECOND });
    const nowhere =
      engine.name === 'sqlite'
        ? { client: 'better-sqlite3', connection: { filename: join(project.folder, 'none.sqlite3') } }
        : { client: 'pg', connection: 'postgres://nobody@127.0.0.1:1/none' };
    const config = { ...nowhere, useNullAsDefault: true, migrations: { directory: './migrations' } };
    writeFileSync(join(project.folder, 'knexfile.js'), `module.exports = ${JSON.stringify(config)};`);
    for (const args of [['--all'], ['--since', '1_a'], ['migrations/2_b.cjs'], ['2_b.cjs']]) {
      const { code, findings } = await lint(project, ...args);
      expect(code, args.join(' ')).to.equal(3);
      expect(of(findings, 'DROP_TABLE'), args.join(' ')).to.include({
        severity: 'warning',
        file: 'migrations/2_b.cjs',
        line: 5,
      });
      expect(of(findings, 'DROP_TABLE')).not.to.have.property('evidence');
    }
    // One batch: its own tables are new in it.
    const { findings } = await lint(project, '--since', 'base');
    expect(findings.filter(({ severity }) => severity !== 'note')).to.deep.equal([]);
    const unknown = await run(project, 'lint', 'nothing.cjs');
    expect([unknown.code, unknown.stderr.split(':')[0]]).to.deep.equal([2, 'Error MIGRATION_NOT_FOUND']);
  });

  it('comments, the configuration, --fail-on and --format', async () => {
    const up = `exports.up = async (k) => {
  // knex-meta-lint-ignore DROP_TABLE nobody uses it
  await k.schema.dropTable('a');
  await k.schema.dropTable('b');
  await k.schema.alterTable('c', (t) => {
    // knex-meta-lint-ignore DROP_COLUMN, DROP_TABLE the second of them is not there
    t.dropColumn('word');
  });
  await k('c').delete();
};
exports.down = async () => {};`;
    const tables = ['a', 'b', 'c', 'd'].map((table, index) => [`${index + 1}_${table}.cjs`, creates(table)]);
    const project = await makeProject(engine, { ...Object.fromEntries(tables), '5_x.cjs': up });
    const first = await lint(project, '5_x.cjs');
    const grave = (all: readonly Line[]) =>
      all.filter(({ severity }) => severity !== 'note').map(({ code, line }) => [code, line]);
    expect(grave(first.findings)).to.deep.equal([
      ['DROP_TABLE', 4],
      ['DELETE_ALL', 9],
    ]);
    expect(first.ignored.map(({ code, line }) => [code, line])).to.deep.equal([
      ['DROP_TABLE', 3],
      ['DROP_COLUMN', 5],
    ]);
    expect(of(first.findings, 'UNUSED_IGNORE')).to.include({ severity: 'note', line: 6 });

    project.write({
      '5_x.cjs': `// knex-meta-lint-ignore-file DROP_TABLE, DELETE_ALL all of it is old\n${up}`,
    });
    const whole = await lint(project, '5_x.cjs');
    expect([whole.code, grave(whole.findings)]).to.deep.equal([0, []]);

    // What follows is the command line's own, and of no engine.
    if (engine.name === 'postgresql') return;
    project.write({ '5_x.cjs': up });
    const annotated = await run(project, 'lint', '5_x.cjs', '--format', 'github');
    const path = `${project.directory}/5_x.cjs`;
    expect(annotated.stdout).to.include(
      `::warning file=${path},line=4,title=DROP_TABLE::The table b is dropped with its rows.%0A`,
    );
    const sarif = await run(project, 'lint', '5_x.cjs', '--format', 'sarif');
    expect(sarif.code).to.equal(3);
    const document = JSON.parse(sarif.stdout);
    // What the schema of SARIF 2.1.0 and code scanning require.
    expect(document).to.include.keys('$schema', 'version', 'runs').and.to.include({ version: '2.1.0' });
    const [{ tool, results }] = document.runs;
    expect(tool.driver).to.include({ name: 'knex-meta' });
    const ids: readonly string[] = tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    for (const { shortDescription, fullDescription, help } of tool.driver.rules)
      for (const { text } of [shortDescription, fullDescription, help])
        expect(text).to.be.a('string').that.is.not.empty;
    expect(results.length).to.equal(first.findings.length);
    for (const { ruleId, ruleIndex, level, message, locations } of results) {
      expect(ids[ruleIndex]).to.equal(ruleId);
      expect(level).to.be.oneOf(['error', 'warning', 'note']);
      expect(message.text).to.be.a('string').that.is.not.empty;
      const [{ physicalLocation }] = locations;
      expect(physicalLocation.artifactLocation.uri).to.equal('migrations/5_x.cjs');
      expect(physicalLocation.region.startLine).to.be.greaterThan(0);
    }
    expect(
      results.map(
        (each: { ruleId: string; locations: readonly [{ physicalLocation: { region: object } }] }) => [
          each.ruleId,
          each.locations[0].physicalLocation.region,
        ],
      ),
    ).to.deep.include(['DROP_TABLE', { startLine: 4 }]);
    // Inside a repository paths are those of the repository; what a migration prints is beside the document.
    mkdirSync(join(project.folder, '.git'));
    mkdirSync(join(project.folder, 'api'));
    project.write({ '5_x.cjs': up.replace('exports.up', 'console.log("loud");\nexports.up') });
    const below = await runProgram(
      process.execPath,
      [KNEX_META, 'lint', '5_x.cjs', '--format', 'sarif'],
      join(project.folder, 'api'),
    );
    expect(
      JSON.parse(below.stdout).runs[0].results[0].locations[0].physicalLocation.artifactLocation,
    ).to.deep.equal({ uri: 'migrations/5_x.cjs' });
    project.write({ '5_x.cjs': up });
    expect((await run(project, 'lint', '5_x.cjs', '--fail-on', 'error')).code).to.equal(0);
    expect((await run(project, 'lint', '5_x.cjs', '--fail-on', 'sometimes')).code).to.equal(2);
    expect((await run(project, 'lint', '5_x.cjs', '--all')).code).to.equal(2);

    const knexfile = readFileSync(join(project.folder, 'knexfile.js'), 'utf8');
    const withLint = (text: string) =>
      writeFileSync(
        join(project.folder, 'knexfile.js'),
        `${knexfile}\nmodule.exports.meta = { lint: ${text} };`,
      );
    withLint("{ ignore: ['DROP_TABLE'], severity: { DELETE_ALL: 'error' } }");
    const configured = await lint(project, '5_x.cjs');
    expect(configured.findings.find(({ code }) => code === 'DROP_TABLE')).to.equal(undefined);
    expect(of(configured.findings, 'DELETE_ALL')).to.include({ severity: 'error' });
    withLint("{ ignore: ['DROP_TABEL'] }");
    const wrong = await run(project, 'lint', '--all');
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.include('META_OPTION_INVALID').and.to.include('Did you mean DROP_TABLE?');
  });

  it('tells of edited files, of files out of order, and of two heads', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a'),
      '3_c.cjs': `exports.revises = '1_a';\n${creates('c')}`,
    });
    await run(project, 'migrate:latest');
    project.write({
      '1_a.cjs': creates('a', "await k.schema.dropTable('a');"),
      '2_b.cjs': `exports.revises = '1_a';\n${creates('b')}`,
    });
    const { code, findings } = await lint(project);
    expect(code).to.equal(3);
    expect(of(findings, 'EDITED')?.message).to.include('1_a.cjs');
    expect(of(findings, 'OUT_OF_ORDER')?.message).to.include('2_b.cjs is older than 3_c.cjs');
    expect(of(findings, 'SEVERAL_HEADS')?.message).to.include('2 heads');
    const fresh = await lint(await makeProject(engine, { '1_a.cjs': creates('a'), '3_c.cjs': creates('c') }));
    expect(fresh.findings.filter(({ severity }) => severity !== 'note')).to.deep.equal([]);
    expect(fresh.code).to.equal(0);
  });

  it('what the hook adds is nobody’s finding', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': `exports.up = async (k) => { await k.schema.createTable('a', (t) => { t.bigIncrements(); }); };
exports.down = async () => {};`,
      '2_b.cjs': `exports.up = async (k) => { await k.schema.alterTable('a', (t) => { t.text('more'); }); };
exports.down = async () => {};`,
    });
    const { code, findings } = await lint(project, '--all');
    expect(findings.filter(({ code: each }) => each !== 'TIMEOUT_MISSING')).to.deep.equal([]);
    expect(code).to.equal(0);
  });
});

describe('lint asks PostgreSQL', function () {
  this.timeout(60_000);
  afterEach(closeAll);
  const engine = testEngines.find(({ name }) => name === 'postgresql') as (typeof testEngines)[number];
  const OLD = `exports.up = async (k) => {
  await k.schema.createTable('people', (t) => { t.bigIncrements(); t.string('name', 50); t.text('note'); t.text('never'); t.text('code'); });
  await k.schema.createTable('pets', (t) => { t.bigIncrements(); t.bigInteger('owner_id'); });
  await k.raw('alter table people add constraint never_null check (never is not null)');
};
exports.down = async () => {};`;
  const sql = (...statements: readonly string[]): string =>
    `exports.up = async (k) => {\n${statements.map((text) => `await k.raw(${JSON.stringify(text)});`).join('\n')}\n};\nexports.down = async () => {};`;

  async function filled(): Promise<TestProject> {
    const project = await makeProject(engine, { '1_a.cjs': OLD }, { meta: { lint: { smallTable: 1 } } });
    await run(project, 'migrate:latest');
    const db = project.open();
    await db('people').insert([
      { name: 'a', never: 'x', code: '12' },
      { name: 'b', never: 'x', note: 'y', code: 'none' },
    ]);
    await db('pets').insert([{ owner_id: 1 }, { owner_id: 77 }]);
    return project;
  }

  it('types, checks, NULLs, orphans and values that cannot be cast', async () => {
    const project = await filled();
    project.write({
      '2_b.cjs': sql(
        'alter table people alter column name type varchar(90)',
        'alter table people alter column never set not null',
        'alter table people alter column note set not null',
        'alter table pets add constraint owner foreign key (owner_id) references people (id)',
        'alter table people alter column code type integer using code::integer',
        'create index on people (name)',
      ),
    });
    const { findings } = await lint(project);
    const said = findings
      .filter(({ severity }) => severity !== 'note')
      .map(({ code, severity, line, evidence }) => [code, severity, line, evidence?.replace(/^.*; /, '')]);
    expect(said).to.deep.equal([
      ['SET_NOT_NULL', 'error', 4, '1 row with NULL in it'],
      ['FOREIGN_KEY_VALIDATES', 'error', 5, '1 row without one'],
      ['CHANGE_TYPE', 'warning', 6, 'people has more than 1 rows'],
      ['CAST', 'error', 6, '1 row with a value that it cannot hold'],
      ['INDEX_LOCKS', 'warning', 7, 'people has more than 1 rows'],
    ]);
  });

  it('waits for nobody: without an answer the finding stays as it was', async () => {
    const project = await filled();
    project.write({ '2_b.cjs': sql('alter table people alter column note set not null') });
    const db = project.open();
    const trx = await db.transaction();
    await trx.raw('lock table people in access exclusive mode');
    const { findings } = await lint(project);
    await trx.rollback();
    expect(of(findings, 'SET_NOT_NULL'))
      .to.include({ severity: 'warning' })
      .and.not.to.have.property('evidence');
    expect(of((await lint(project)).findings, 'SET_NOT_NULL')).to.include({ severity: 'error' });
  });

  it('a session of the witness cannot write', async () => {
    const project = await filled();
    const { witness } = (await import('../../lib/engines/postgresql/lint/witness.js')) as {
      readonly witness: (db: unknown) => { readonly count: (text: string) => Promise<number | undefined> };
    };
    const { count } = witness(project.open());
    expect(
      await count('with gone as (delete from pets returning 1) select count(*) as count from gone'),
    ).to.equal(undefined);
    expect(await count('select count(*) as count from pets')).to.equal(2);
    expect(await count('select count(*) as count from pg_sleep(10)')).to.equal(undefined);
  });
});
