import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { closeAll, run, type TestProject } from '../reliability/support.js';
import { ROOT } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { load, projectOf } from './support.js';

const TABLES = `
  create table users (id integer primary key, email varchar(255) not null, constraint users_email_unique unique (email));
  create table posts (id integer primary key, user_id integer not null references users (id), title text default 'what?');
  create view titles as select title from posts;
`;

async function ok(project: TestProject, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(project, ...args);
  expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
  return stdout;
}

eachEngine('models:pull', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  const files = (project: TestProject): readonly string[] =>
    existsSync(join(project.folder, 'models')) ? [...readdirSync(join(project.folder, 'models'))].sort() : [];
  const text = (project: TestProject, file: string): string =>
    readFileSync(join(project.folder, 'models', file), 'utf8');

  it('writes a file for each table, leaves the record out, and overwrites nothing without --force', async () => {
    const project = await projectOf(engine);
    await load(project, TABLES);
    await run(project, 'migrate:latest');
    const said = await ok(project, 'models:pull');
    expect(files(project)).to.deep.equal(['posts.js', 'titles.js', 'users.js']);
    expect(said).to.include('3 models in 3 files: 2 tables, 1 view.').and.to.include('check:models');
    expect(text(project, 'posts.js')).to.include("exports.posts = defineModel(\n  'posts',\n");
    expect(await ok(project, 'check:models')).to.match(/^No changes detected: 3 models of 3 files/);

    writeFileSync(join(project.folder, 'models/users.js'), 'mine');
    const refused = await run(project, 'models:pull');
    expect([refused.code, refused.stderr.split('\n')[0]]).to.deep.equal([
      2,
      'Error FILE_EXISTS: 3 files exist already: ./models/posts.js, ./models/titles.js, ./models/users.js.',
    ]);
    const other = await run(project, 'models:pull', 'users', 'posts', '--force', '-x', 'ts');
    expect(other.stderr).to.include('FILE_EXISTS').and.to.include('./models/users.js');
    expect([text(project, 'users.js'), files(project)]).to.deep.equal([
      'mine',
      ['posts.js', 'titles.js', 'users.js'],
    ]);
    await ok(project, 'models:pull', '--force');
    expect(text(project, 'users.js')).to.include('defineModel');
  });

  it('writes all or nothing', async () => {
    const project = await projectOf(engine);
    await load(project, TABLES);
    mkdirSync(join(project.folder, 'models/users.js'), { recursive: true });
    const { code, stderr } = await run(project, 'models:pull', '--force');
    expect([code, stderr]).to.deep.equal([
      2,
      'Error USAGE: ./models/users.js could not be written (EISDIR).\nCheck who may write to the folder. No file was written or changed.\n',
    ]);
    expect(files(project)).to.deep.equal(['users.js']);
  });

  it('says with --dry-run and --json what it would write', async () => {
    const project = await projectOf(engine);
    await load(project, TABLES);
    expect(await ok(project, 'models:pull', '--dry-run')).to.include('Would write ./models/users.js  users');
    const data = JSON.parse(await ok(project, 'models:pull', '--dry-run', '--json', '--single', '-x', 'mjs'));
    expect([data.written, data.files.length, data.unmanaged]).to.deep.equal([false, 1, []]);
    expect(data.files[0].models.map(({ name }: { name: string }) => name)).to.deep.equal([
      'posts',
      'users',
      'titles',
    ]);
    expect(data.files[0].text).to.match(/^import \{ defineModel, defineView \} from 'knex-meta';\n/);
    expect(files(project)).to.deep.equal([]);
  });

  it('takes names and patterns, and names what is not there', async () => {
    const project = await projectOf(engine);
    await load(project, TABLES);
    const wrong = await run(project, 'models:pull', 'usrs');
    expect([wrong.code, wrong.stderr]).to.deep.equal([
      2,
      'Error USAGE: There is no table or view usrs in the database.\nNothing was written. Did you mean users?\n',
    ]);
    expect(await ok(project, 'models:pull', 'p*', '--table', 'titles')).to.include(
      'These are not all of the database',
    );
    expect(files(project)).to.deep.equal(['posts.js', 'titles.js']);
    expect((await run(await projectOf(engine), 'models:pull')).code).to.not.equal(0);
  });

  it('writes TypeScript that the compiler takes in strict mode', async () => {
    const project = await projectOf(engine);
    await load(
      project,
      `${TABLES}create table "odd.name" ("a.b" integer); create table stamped (at timestamp default current_timestamp);`,
    );
    await ok(project, 'models:pull', '-x', 'ts');
    expect(text(project, 'stamped.ts')).to.include('(t, knex) => {').and.to.include('knex.fn.now()');
    const options = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2022',
      skipLibCheck: true,
      types: ['node'],
      noUnusedLocals: true,
    };
    writeFileSync(join(project.folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(project.folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, include: ['models'] }),
    );
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project.folder], { encoding: 'utf8' });
    expect([stdout, status]).to.deep.equal(['', 0]);
    await ok(project, 'check:models');
  });

  it('says what of the metadata a table has, and makes it so in an empty database', async () => {
    const meta = { columns: { notes: 'remarks', is_flagged: { index: true } } };
    const migration = `
exports.up = async (k) => {
  await k.schema.createTable('plain', (t) => { t.increments(); });
  await k.schema.createTable('bare', (t) => { t.increments(); t.metadata(false); });
  await k.schema.createTable('fewer', (t) => { t.increments(); t.metadata({ notes: false, is_active: 'active', updated_at: 'changed_at' }); });
  await k.schema.createTable('own', (t) => { t.increments(); t.timestamp('created_at'); t.metadata({ is_active: false, updated_at: false }); t.bigInteger('updated_at'); });
};
exports.down = async () => {};`;
    const project = await projectOf(engine, { meta });
    project.write({ '1_first.cjs': migration });
    await ok(project, 'migrate:latest');
    await ok(project, 'models:pull', '--single', '-x', 'cjs');
    const models = text(project, 'models.cjs');
    expect(models).to.include("exports.plain = defineModel('plain', (t) => {");
    const said = [...models.matchAll(/metadata: .*/g)].map(([line]) => line.replace(/ \},$|,$/, ''));
    expect(said).to.deep.equal([
      'metadata: false',
      "metadata: { is_active: 'active', notes: false, updated_at: 'changed_at' }",
      'metadata: { is_active: false, updated_at: false }',
    ]);
    await ok(project, 'check:models');

    const empty = await projectOf(engine, { meta });
    mkdirSync(join(empty.folder, 'models'));
    writeFileSync(join(empty.folder, 'models/models.cjs'), models);
    await ok(empty, 'migrate:make', 'all', '--autogenerate', '-x', 'cjs').catch(async () => {
      await run(empty, 'migrate:latest');
      await ok(empty, 'migrate:make', 'all', '--autogenerate', '-x', 'cjs');
    });
    const [file = ''] = readdirSync(empty.directory);
    expect(readFileSync(join(empty.directory, file), 'utf8')).to.include(
      "t.metadata({ is_active: 'active', notes: false, updated_at: 'changed_at' });",
    );
    await ok(empty, 'migrate:latest');
    await ok(empty, 'check:models');
    const [db, made] = [project.open(), empty.open()];
    for (const table of ['plain', 'bare', 'fewer', 'own'])
      expect(Object.keys(await made(table).columnInfo())).to.have.members(
        Object.keys(await db(table).columnInfo()),
      );
  });

  it('names what no model says', async () => {
    if (engine.name !== 'postgresql') return;
    const project = await projectOf(engine);
    await load(
      project,
      `create type pair as (a integer); comment on type pair is 'two';
      create table t (id integer primary key, at date); comment on index t_pkey is 'key';
      create policy p on t using (id > 1); comment on policy p on t is 'policy';
      create rule r as on delete to t do instead nothing; comment on rule r on t is 'rule';
      create statistics s on id, at from t; comment on statistics s is 'statistics';
      create domain d as integer constraint positive check (value > 0); comment on constraint positive on domain d is 'check';
      grant select (id) on t to public; grant usage on type pair to public;
      create function of_text(text) returns pair language sql as 'select row(1)::pair'; create cast (text as pair) with function of_text(text);
      create table of_year (at date) partition by range (at); create table y partition of of_year default; create index years on of_year (at); alter index y_at_idx rename to its_own;
      create function f() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger tr before insert on of_year for each row execute function f(); alter table y disable trigger tr;
      alter default privileges in schema public grant select on tables to public;`,
    );
    const { unmanaged } = JSON.parse(await ok(project, 'models:pull', '--dry-run', '--json'));
    expect(unmanaged.map(({ kind, name }: Record<string, string>) => `${kind} ${name}`)).to.have.members([
      'cast text as pair',
      'comment of domain constraint positive on public.d',
      'comment of index public.t_pkey',
      'comment of policy p on public.t',
      'comment of rule r on public.t',
      'comment of statistics object public.s',
      'comment of type public.pair',
      'default privileges public.postgres',
      'name of index in partition y.its_own',
      'privileges public.pair',
      'privileges public.t.id',
      'trigger in partition y.tr',
    ]);
  });
});
