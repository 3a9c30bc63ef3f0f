import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { load, projectOf } from '../pull/support.js';
import { closeAll, run, type TestProject } from '../reliability/support.js';
import { freshPostgres, testEngines } from '../support/databases.js';
import { introspect, tableNamed } from '../support/introspection.js';

/**
 * A server that keeps notes of its own in the lists of options, as PostgreSQL 15.20 does in those of columns: every column,
 * table and index that a command leaves behind is stamped with another number.
 */
const STAMPING = (columns: string, relations: string) => `
  create sequence stamps;
  create function stamp() returns event_trigger language plpgsql as $$ begin
    update pg_catalog.pg_attribute a set attoptions = coalesce(a.attoptions, '{}') || ('${columns}=' || nextval('public.stamps'))
      from pg_catalog.pg_class c where c.oid = a.attrelid and c.oid >= 16384 and a.attnum > 0 and c.relkind in ('r', 'p', 'm', 'v', 'c', 'f')
      and coalesce(a.attoptions::text, '') not like '%${columns}=%';
    update pg_catalog.pg_class c set reloptions = coalesce(c.reloptions, '{}') || ('${relations}=' || nextval('public.stamps'))
      where c.oid >= 16384 and c.relkind in ('r', 'p', 'm', 'v', 'i', 'I', 't')
      and coalesce(c.reloptions::text, '') not like '%${relations}=%';
  end $$;
  create event trigger stamps on ddl_command_end execute function stamp();`;

const TABLES = `
  create table plain (id int primary key, a text, b text);
  create index plain_a on plain (a);
  create table t (id int primary key, a text, v tsvector, constraint u unique (a) with (fillfactor = 70))
    with (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);
  alter table t alter column a set (n_distinct = 5, n_distinct_inherited = -0.5);
  create index t_v on t using gist (v tsvector_ops (siglen = 8)) with (buffering = off);
  create view w with (security_barrier = true) as select id from t;
  create materialized view m with (fillfactor = 90) as select id from t;`;

const MODEL = `import { defineModel } from 'knex-meta';
export const users = defineModel('users', (t) => { t.increments('id'); t.string('email').notNullable().unique(); t.integer('age').index(); });
`;

/** What both commands and people see of the lists. */
async function listsOf(db: Knex) {
  const schema = await introspect(db, ['public']);
  const table = tableNamed(schema, 't');
  return {
    tables: schema.tables.map(({ name, options }) => [name, options]),
    unique: table.uniques[0]?.options,
    indexes: table.indexes.map(({ options, keys }) => [options, keys[0]?.opclassOptions]),
    views: schema.views.map(({ name, options }) => [name, options]),
    columns: schema.others
      .filter(({ kind }) => kind === 'column options')
      .map(({ name, definition, drop }) => [name, definition, drop]),
    unknown: schema.others.filter(({ kind }) => kind === 'unknown option').map(({ name }) => name),
  };
}

const OWN = {
  tables: [
    ['plain', []],
    ['t', ['fillfactor=80', 'autovacuum_enabled=false', 'toast.autovacuum_enabled=false']],
  ],
  unique: ['fillfactor=70'],
  indexes: [[['buffering=off'], ['siglen=8']]],
  views: [
    ['m', ['fillfactor=90']],
    ['w', ['security_barrier=true']],
  ],
  columns: [
    [
      'a',
      'alter table only t alter column a set (n_distinct=5, n_distinct_inherited=-0.5)',
      'alter table only t alter column a reset (n_distinct, n_distinct_inherited)',
    ],
  ],
};

describe("options that are the server's own (postgresql)", function () {
  this.timeout(60_000);
  afterEach(closeAll);

  const lists = async (behind: string) => {
    const { config } = await freshPostgres();
    const db = knex(config);
    try {
      await db.raw(TABLES);
      await db.raw(behind);
      return await listsOf(db);
    } finally {
      await db.destroy();
    }
  };

  it('are no part of the schema, whatever list they are in', async () => {
    expect(await lists('select 1')).to.deep.equal({ ...OWN, unknown: [] });
    expect(
      await lists(`${STAMPING('pg_attver', 'pg_relver')} create table later (id int); drop table later`),
    ).to.deep.equal({ ...OWN, unknown: [] });
  });

  it('are named once each, and not compared, where nobody can say whose they are', async () => {
    const { unknown, ...rest } = await lists(
      `${STAMPING('colver', 'relver')} create table later (id int); drop table later`,
    );
    expect(rest).to.deep.equal(OWN);
    expect(unknown).to.deep.equal(['colver of columns', 'relver of indexes', 'relver of tables']);
  });

  const ok = async (project: TestProject, ...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(project, ...args);
    expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
    return stdout;
  };
  const postgresql = testEngines.find(({ name }) => name === 'postgresql')!;

  for (const [title, columns, relations, note] of [
    ["the server's own", 'pg_attver', 'pg_relver', ''],
    ['unknown', 'colver', 'relver', 'unknown option colver of columns'],
  ] as const)
    it(`${title}: models, migrations, checks and pulled models agree`, async () => {
      const project = await projectOf(postgresql);
      await load(project, `create schema stamped;${STAMPING(columns, relations)}`);
      mkdirSync(join(project.folder, 'models'));
      writeFileSync(join(project.folder, 'models/users.ts'), MODEL);
      await ok(project, 'migrate:make', 'first', '--autogenerate');
      const [file = ''] = readdirSync(project.directory);
      expect(readFileSync(join(project.directory, file), 'utf8')).not.to.match(/attver|relver|colver/);
      await ok(project, 'migrate:latest');
      const said = await ok(project, 'check:models');
      expect(said).to.include('No changes detected').and.to.include(note);
      await ok(project, 'check');
      // The copy is on a server that does not stamp, and is like the live database all the same.
      await load(project, 'drop event trigger stamps');
      await ok(project, 'migrate:verify', '--from-live');
      rmSync(join(project.folder, 'models/users.ts'));
      expect(await ok(project, 'models:pull')).to.include(note);
      expect(readFileSync(join(project.folder, 'models/users.js'), 'utf8')).not.to.match(
        /attver|relver|colver/,
      );
    });
});
