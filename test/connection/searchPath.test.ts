import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { closeAll, creates, makeProject, refused, run, type TestProject } from '../reliability/support.js';
import { stockKnex } from '../support/commandLine.js';
import { freshPostgres, type TestEngine } from '../support/databases.js';

const postgresql: TestEngine = { name: 'postgresql', fresh: freshPostgres };
const FILES = { '1_users.cjs': creates('users') };

/** Schema and name of the tables users and knex_migrations, wherever they are, and the schemas of the database. */
async function placesOf(project: TestProject) {
  const db = knex({ client: 'pg', connection: project.database.url });
  try {
    const tables = await db.raw(
      `select table_schema || '.' || table_name as name from information_schema.tables
        where table_name in ('users', 'knex_migrations', 'posts') order by 1`,
    );
    const schemas = await db.raw(
      "select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema)' order by 1",
    );
    const names = (rows: readonly { name: string }[]): readonly string[] => rows.map(({ name }) => name);
    return { tables: names(tables.rows), schemas: names(schemas.rows) };
  } finally {
    await db.destroy();
  }
}

async function onServer(project: TestProject, ...statements: readonly string[]): Promise<void> {
  const db: Knex = knex({ client: 'pg', connection: project.database.url });
  for (const sql of statements) await db.raw(sql);
  await db.destroy();
}

describe('searchPath (postgresql)', () => {
  afterEach(closeAll);

  const SKIPPED: Readonly<Record<string, { searchPath: unknown; migrations?: object }>> = {
    "['knex', 'public']": { searchPath: ['knex', 'public'] },
    "['\"$user\"', 'public']": { searchPath: ['"$user"', 'public'] },
    "['$user', 'public']": { searchPath: ['$user', 'public'] },
    "['Knex', 'other', 'public']": { searchPath: ['Knex', 'other', 'public'] },
    "'public'": { searchPath: 'public' },
    "['knex', 'public'] with schemaName": {
      searchPath: ['knex', 'public'],
      migrations: { schemaName: 'public' },
    },
  };

  for (const [title, extra] of Object.entries(SKIPPED)) {
    it(`${title}: works where stock Knex works, and creates no schema`, async () => {
      const project = await makeProject(postgresql, FILES, extra);
      expect((await stockKnex(['migrate:latest'], project.folder)).code).to.equal(0);
      const before = await placesOf(project);
      expect(before.tables).to.deep.equal(['public.knex_migrations', 'public.users']);
      const migrator = project.migrator();
      expect((await migrator.latest()).migrations).to.deep.equal([]);
      expect((await migrator.status()).pending).to.deep.equal([]);
      project.write({ '2_posts.cjs': creates('posts') });
      expect((await migrator.plan()).migrations.map(({ name }) => name)).to.deep.equal(['2_posts.cjs']);
      expect((await migrator.latest()).migrations.map(({ name }) => name)).to.deep.equal(['2_posts.cjs']);
      const { tables, schemas } = await placesOf(project);
      expect(schemas).to.deep.equal(['public']);
      expect(tables).to.deep.equal(['public.knex_migrations', 'public.posts', 'public.users']);
      expect((await stockKnex(['migrate:latest'], project.folder)).stdout).to.match(/Already up to date/);
    });

    it(`${title}: in an empty database too`, async () => {
      const project = await makeProject(postgresql, FILES, extra);
      await project.migrator().latest();
      expect(await placesOf(project)).to.deep.equal({
        schemas: ['public'],
        tables: ['public.knex_migrations', 'public.users'],
      });
    });
  }

  it('creates the first schema where none of the path exists', async () => {
    const project = await makeProject(postgresql, FILES, { searchPath: ['App', 'other'] });
    await project.migrator().latest();
    expect(await placesOf(project)).to.deep.equal({
      schemas: ['App', 'public'],
      tables: ['App.knex_migrations', 'App.users'],
    });
    expect((await project.migrator().latest()).migrations).to.deep.equal([]);
  });

  for (const searchPath of ['knex,public', 'knex, public', ['"$user"'], '$user', ['$user', '"$user"']]) {
    it(`${JSON.stringify(searchPath)}: is refused, and nothing is created`, async () => {
      const project = await makeProject(postgresql, FILES, { searchPath });
      const error = await refused(project.migrator().latest());
      expect(error.code).to.equal('CONFIG_INVALID');
      expect(error.message).to.match(/No schema of the search path exists/);
      if (String(searchPath).includes(','))
        expect(error.remedy).to.include(
          typeof searchPath === 'string' ? "['knex', 'public']" : 'Name a schema',
        );
      expect(await placesOf(project)).to.deep.equal({ schemas: ['public'], tables: [] });
    });
  }

  it('a role that may not create schemas works with those that exist', async () => {
    const project = await makeProject(postgresql, FILES, { searchPath: ['knex', 'mine'] });
    const role = `path_role_${process.pid}`;
    await onServer(project, `create role ${role} login`, `create schema mine authorization ${role}`);
    const connection = project.database.url.replace(/\/\/[^@]*@/, `//${role}@`);
    const db = project.open({ connection });
    const { createMigrator } = await import('../../lib/migrator/createMigrator.js');
    await createMigrator(db).latest();
    expect((await placesOf(project)).tables).to.deep.equal(['mine.knex_migrations', 'mine.users']);
    const other = project.open({ connection, searchPath: ['knex'] });
    const error = await refused(createMigrator(other).latest());
    expect([error.code, error.remedy]).to.satisfy(
      ([code, remedy]: readonly string[]) =>
        code === 'CONFIG_INVALID' && remedy?.includes(`create schema "knex" authorization "${role}"`),
    );
    await db.destroy();
    await other.destroy();
    await onServer(project, `drop owned by ${role} cascade`, `drop role ${role}`);
  });

  it('warns when the path has another record behind the one that Knex looks at', async () => {
    const project = await makeProject(postgresql, FILES);
    await project.migrator().latest();
    await onServer(project, 'create schema tenant');
    const { createMigrator } = await import('../../lib/migrator/createMigrator.js');
    const migrator = createMigrator(project.open({ searchPath: ['tenant', 'public'] }));
    const warnings: string[] = [];
    migrator.on('warning', ({ message }) => void warnings.push(message));
    await migrator.latest();
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.match(
      /record of migrations in the schema public; this run’s record is in tenant|public.*tenant/,
    );
  });

  it('a path of the connection’s own is left to the server', async () => {
    const project = await makeProject(postgresql, FILES);
    await onServer(project, 'create schema mine');
    const connection = { connectionString: project.database.url, options: '-c search_path=gone,mine,public' };
    const { createMigrator } = await import('../../lib/migrator/createMigrator.js');
    await createMigrator(project.open({ connection })).latest();
    expect((await placesOf(project)).tables).to.deep.equal(['mine.knex_migrations', 'mine.users']);
  });

  it('a script creates a schema only where none of the path exists', async () => {
    const project = await makeProject(postgresql, FILES, { searchPath: ['knex', 'public'] });
    const { text } = await project.migrator().script();
    const [, path = '', block = ''] = text.split('\n').slice(1);
    expect(path).to.equal('set search_path to "knex", "public";');
    await onServer(project, `${path}${block}`);
    expect((await placesOf(project)).schemas).to.deep.equal(['public']);
  });
});

describe('migrations.schemaName (postgresql)', () => {
  afterEach(closeAll);

  for (const searchPath of [undefined, ['public'], ['knex', 'public']]) {
    it(`is where the record is and nothing else: searchPath ${JSON.stringify(searchPath)}`, async function () {
      this.timeout(120_000);
      const project = await makeProject(postgresql, FILES, {
        ...(searchPath === undefined ? {} : { searchPath }),
        migrations: { schemaName: 'ops' },
      });
      await onServer(project, 'create table public.old (id serial primary key, a text)');
      const said = async (...args: readonly string[]) => {
        const { code, stdout, stderr } = await run(project, ...args);
        return { code, text: `${stdout}${stderr}` };
      };
      expect((await said('migrate:latest')).code).to.equal(0);
      expect((await placesOf(project)).tables).to.deep.equal(['ops.knex_migrations', 'public.users']);
      expect((await said('types:generate')).code).to.equal(0);
      const types = readFileSync(join(project.folder, 'knex-tables.d.ts'), 'utf8');
      expect(types)
        .to.match(/\bold:/)
        .and.to.match(/\busers:/)
        .and.not.to.match(/knex_migrations/);
      for (const command of ['check:migration', 'doctor']) {
        const { text } = await said(command);
        expect(text, command).not.to.match(/TABLES_MISSING|APPLIED_ABSENT|SEARCH_PATH/);
      }
      expect((await said('migrate:docs', '--out', 'doc.md')).code).to.equal(0);
      expect(readFileSync(join(project.folder, 'doc.md'), 'utf8')).to.include('users');
      const verified = await said('migrate:verify');
      expect([verified.code, verified.text]).to.deep.equal([0, verified.text]);
      expect((await said('meta:adopt')).text).to.match(/old/);
    });
  }

  it('is not created where the path has a record', async () => {
    const project = await makeProject(postgresql, FILES);
    await project.migrator().latest();
    const { createMigrator } = await import('../../lib/migrator/createMigrator.js');
    const db = project.open({ migrations: { directory: project.directory, schemaName: 'ops' } });
    const error = await refused(createMigrator(db).latest());
    expect([error.code, error.message]).to.satisfy(
      ([code, message]: readonly string[]) =>
        code === 'CONFIG_INVALID' && message?.includes('public.knex_migrations'),
    );
    expect((await placesOf(project)).schemas).to.deep.equal(['public']);
  });
});
