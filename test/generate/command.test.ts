import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { closeAll, creates, makeProject, run, type TestProject } from '../reliability/support.js';
import { ROOT } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { nextSecond } from '../support/nextSecond.js';

const MODELS = `import { defineModel } from '${join(ROOT, 'dist/lib/index.js')}';
export const users = defineModel('users', (t) => { t.increments('id'); t.string('email', 255).notNullable().unique(); t.string('name'); });
export const posts = defineModel('posts', (t) => { t.increments('id'); t.integer('user_id').notNullable().references('users.id').onDelete('CASCADE'); t.text('body'); t.index(['user_id']); });
`;

async function ok(project: TestProject, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(project, ...args);
  expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
  return stdout;
}

eachEngine('migrate:make --autogenerate', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  const models = (project: TestProject, text: string): void => {
    mkdirSync(join(project.folder, 'models'), { recursive: true });
    writeFileSync(join(project.folder, 'models/index.ts'), text);
  };
  const text = (project: TestProject, part: string): string => {
    const file = readdirSync(project.directory).find((name) => name.includes(part)) ?? '';
    return readFileSync(join(project.directory, file), 'utf8');
  };

  it('models to a migration, up, nothing left to do, a rename that is told, and down', async () => {
    const project = await makeProject(engine, {
      '1_first.cjs': 'exports.up = async () => {};\nexports.down = async () => {};',
    });
    models(project, MODELS);
    await ok(project, 'migrate:latest');
    expect(await ok(project, 'migrate:make', 'create all', '--autogenerate', '-x', 'ts')).to.include(
      'Detected added table users',
    );
    const created = text(project, 'create_all');
    expect(created).to.include("export const revises = '1_first';").and.to.include("createTable('posts'");
    expect(created.indexOf('import type')).to.be.lessThan(created.indexOf('export const revises'));
    await ok(project, 'migrate:latest');
    await ok(project, 'check:migration');
    expect(await ok(project, 'migrate:make', 'again', '--autogenerate')).to.match(
      /^No changes detected: 2 models of 1 file were compared\.\n {2}models\/index\.ts \(2\)\n/,
    );
    expect((await ok(project, 'check:models')).split('\n')[0]).to.match(/^No changes detected/);

    models(project, MODELS.replace('export const posts', 'const posts'));
    const forgotten = await run(project, 'check:models');
    expect(forgotten.code).to.equal(3);
    expect(forgotten.stdout).to.include(
      'model posts: models/index.ts:3 does not export it: it is not compared',
    );

    const db = project.open();
    await db('users').insert({ email: 'a@b', name: 'kept' });
    models(project, MODELS.replace("t.string('name')", "t.string('full_name')"));
    const differs = await run(project, 'check:models', '--json');
    expect([differs.code, JSON.parse(differs.stdout).detected]).to.deep.equal([
      3,
      ['added column users.full_name', 'removed column users.name'],
    ]);
    const told = await run(project, 'check:models');
    expect(told.stdout).to.include('--rename users.name:full_name');
    await nextSecond();
    await ok(
      project,
      'migrate:make',
      'rename',
      '--autogenerate',
      '--rename',
      'users.name:full_name',
      '-x',
      'cjs',
    );
    expect(text(project, '_rename'))
      .to.include("renameColumn('name', 'full_name')")
      .and.to.include('exports.revises = ');
    await ok(project, 'migrate:latest');
    expect(await db('users').pluck('full_name')).to.deep.equal(['kept']);
    await ok(project, 'check:models');
    await ok(project, 'migrate:downgrade', '-1');
    expect(await db('users').pluck('name')).to.deep.equal(['kept']);
    await ok(project, 'migrate:downgrade', '1_first');
    expect(await db.schema.hasTable('users')).to.equal(false);
  });

  it('refuses while migrations are pending, and tells of models that are not there', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const none = await run(project, 'migrate:make', 'x', '--autogenerate');
    expect([none.code, /^Error MODELS_DIRECTORY_MISSING/.test(none.stderr)], none.stderr).to.deep.equal([
      2,
      true,
    ]);
    models(project, MODELS);
    const pending = await run(project, 'migrate:make', 'x', '--autogenerate');
    expect([pending.code, pending.stderr.split('\n')[0]]).to.deep.equal([
      1,
      'Error MIGRATIONS_PENDING: Migrations are pending: 1_a.cjs.',
    ]);
    expect(readdirSync(project.directory)).to.deep.equal(['1_a.cjs']);
    models(project, `${MODELS}export const broken = defineModel('users', (t) => { t.increments(); });\n`);
    const twice = await run(project, 'check:models');
    expect(
      [
        twice.code,
        /^Error MODEL_DUPLICATE: .*models\/index\.ts:2 and models\/index\.ts:4/.test(twice.stderr),
      ],
      twice.stderr,
    ).to.deep.equal([1, true]);
  });
});
