import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { engineForClient } from '../../lib/engines/registry.js';
import type { ClientClass, QueryInput } from '../../lib/metadata/knexInternals.js';
import type { DatabaseSchema, View } from '../../lib/schema/database.js';
import type { Dependency } from '../../lib/schema/names.js';
import { freshPostgres } from '../support/databases.js';
import { index, introspect, part, readBack, tableNamed } from '../support/introspection.js';

/** Reads back what the statements make in a database of their own. */
const read = async (statements: string): Promise<DatabaseSchema> =>
  readBack(await freshPostgres(), statements);

const object = (name: string, more = {}) => ({
  schema: 'public',
  name,
  comment: undefined,
  extension: undefined,
  ...more,
});

const needs = (kind: Dependency['kind'], name: string, more: Partial<Dependency> = {}): Dependency => ({
  kind,
  schema: 'public',
  name,
  identity: undefined,
  ...more,
});

const view = (name: string, more: Partial<View>): View => ({
  ...object(name),
  isMaterialized: false,
  columns: [],
  definition: '',
  options: [],
  isPopulated: true,
  attached: [],
  indexes: [],
  triggers: [],
  dependsOn: [],
  ...more,
});

const viewColumn = (name: string, type: string, comment?: string) => ({ name, type, comment });

describe('introspection of PostgreSQL: other objects', () => {
  it('leaves out rules on the views of an extension: they come with it', async () => {
    const schema = await read(`
      create table t (id int);
      create view theirs as select id from t;
      create view mine as select id from t;
      create rule theirs_delete as on delete to theirs do instead nothing;
      create rule mine_delete as on delete to mine do instead nothing;
      alter extension plpgsql add view theirs;
    `);
    expect(schema.others.filter(({ kind }) => kind === 'rule').map(({ name }) => name)).to.deep.equal([
      'mine_delete',
    ]);
  });

  it('views and materialized views, with what they are made of', async () => {
    const schema = await read(`
      create type mood as enum ('a', 'b');
      create table t (id int, "Label" text, m mood);
      create function twice(int) returns int language sql immutable as 'select $1 * 2';
      create function skip() returns trigger language plpgsql as 'begin return null; end';
      create view v as select id, "Label" || '?;' as text from t where id > 1;
      create view w with (security_barrier = true) as select twice(v.id) as d, 'b'::mood as m from v;
      create materialized view mv with (fillfactor = 80) as select id, count(*) as n from t group by id with no data;
      create unique index mv_id on mv (id desc);
      create trigger instead instead of insert on v for each row execute function skip();
      comment on view v is 'the view';
      comment on column v.text is 'its text';
    `);
    // Servers before 16 write the table before each column.
    const views = schema.views.map((each) => ({
      ...each,
      definition: each.definition.replace(/\b[tv]\.(?=\w|")/g, ''),
    }));
    expect(views).to.deep.equal([
      view('mv', {
        isMaterialized: true,
        columns: [viewColumn('id', 'integer'), viewColumn('n', 'bigint')],
        definition: 'SELECT id,\n    count(*) AS n\n   FROM t\n  GROUP BY id',
        options: ['fillfactor=80'],
        isPopulated: false,
        attached: [],
        indexes: [
          index('mv_id', [part({ column: 'id', descending: true, nulls: 'first' })], { unique: true }),
        ],
        dependsOn: [needs('table', 't')],
      }),
      view('v', {
        comment: 'the view',
        columns: [viewColumn('id', 'integer'), viewColumn('text', 'text', 'its text')],
        definition: 'SELECT id,\n    "Label" || \'?;\'::text AS text\n   FROM t\n  WHERE id > 1',
        attached: ["comment on column public.v.text is 'its text'"],
        triggers: [
          {
            name: 'instead',
            comment: undefined,
            definition: 'CREATE TRIGGER instead INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION skip()',
            calls: { schema: 'public', name: 'skip' },
            enabled: 'yes',
            stamps: undefined,
          },
        ],
        dependsOn: [needs('table', 't')],
      }),
      view('w', {
        columns: [viewColumn('d', 'integer'), viewColumn('m', 'mood')],
        definition: "SELECT twice(id) AS d,\n    'b'::mood AS m\n   FROM v",
        options: ['security_barrier=true'],
        dependsOn: [
          needs('function', 'twice', { identity: 'integer' }),
          needs('type', 'mood'),
          needs('view', 'v'),
        ],
      }),
    ]);
  });

  it('functions and procedures, with overloads', async () => {
    const schema = await read(`
      create table t (id int);
      create function f(a int default 1, out b int) language sql stable as $$ select a + 1 $$;
      create function f(a text) returns setof t language plpgsql security definer set search_path = public
        as $$ begin return query select * from t; end $$;
      create procedure "P?"(x int) language sql as 'insert into t values (x)';
      comment on function f(text) is 'second';
    `);
    expect(schema.functions).to.deep.equal([
      {
        ...object('P?'),
        kind: 'procedure',
        identity: 'IN x integer',
        declaration: '(IN x integer)\n LANGUAGE sql\nAS $procedure$insert into t values (x)$procedure$',
        result: undefined,
        language: 'sql',
        isMetadata: false,
        access: undefined,
        dependsOn: [],
      },
      {
        ...object('f'),
        kind: 'function',
        identity: 'a integer, OUT b integer',
        declaration:
          '(a integer DEFAULT 1, OUT b integer)\n RETURNS integer\n LANGUAGE sql\n STABLE\nAS $function$ select a + 1 $function$',
        result: 'integer',
        language: 'sql',
        isMetadata: false,
        access: undefined,
        dependsOn: [],
      },
      {
        ...object('f', { comment: 'second' }),
        kind: 'function',
        identity: 'a text',
        declaration:
          "(a text)\n RETURNS SETOF t\n LANGUAGE plpgsql\n SECURITY DEFINER\n SET search_path TO 'public'\nAS $function$ begin return query select * from t; end $function$",
        result: 'SETOF t',
        language: 'plpgsql',
        isMetadata: false,
        access: undefined,
        dependsOn: [needs('table', 't')],
      },
    ]);
  });

  it('triggers: conditions, columns, constraint triggers, disabled ones', async () => {
    const schema = await read(`
      create table t (a int, b int);
      create table parts (a int) partition by list (a);
      create table parts_1 partition of parts for values in (1);
      create function f() returns trigger language plpgsql as 'begin return new; end';
      create trigger one before update of a, b on t for each row when (old.a is distinct from new.a) execute function f('x', '?');
      create constraint trigger two after insert on t deferrable initially deferred for each row execute function f();
      create trigger three after truncate on t execute function f();
      create trigger cloned after insert on parts for each row execute function f();
      alter table t disable trigger three;
      alter table t enable always trigger one;
      comment on trigger one on t is 'first';
    `);
    const trigger = (name: string, definition: string, more = {}) => ({
      name,
      comment: undefined,
      definition,
      calls: { schema: 'public', name: 'f' },
      enabled: 'yes',
      stamps: undefined,
      ...more,
    });
    expect(tableNamed(schema, 't').triggers).to.deep.equal([
      trigger(
        'one',
        "CREATE TRIGGER one BEFORE UPDATE OF a, b ON t FOR EACH ROW WHEN (old.a IS DISTINCT FROM new.a) EXECUTE FUNCTION f('x', '?')",
        { comment: 'first', enabled: 'always' },
      ),
      trigger('three', 'CREATE TRIGGER three AFTER TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION f()', {
        enabled: 'no',
      }),
      trigger(
        'two',
        'CREATE CONSTRAINT TRIGGER two AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()',
      ),
    ]);
    expect(tableNamed(schema, 'parts').triggers.map(({ name }) => name)).to.deep.equal(['cloned']);
    expect(tableNamed(schema, 'parts_1').triggers).to.deep.equal([]);
  });

  it('enum types in their order, domains, schemas', async () => {
    const schema = await read(`
      create schema "Other One";
      comment on schema "Other One" is 'the other';
      create type mood as enum ('sad', 'happy');
      alter type mood add value 'o''k' before 'happy';
      comment on type mood is 'a mood';
      create type "Other One".empty as enum ();
      create domain email as varchar(99) collate "C" default 'a@b' not null
        constraint at check (value like '%@%') constraint short check (length(value) < 50);
      alter domain email add constraint later check (value <> '') not valid;
    `);
    expect(schema.schemas).to.deep.equal([
      { name: 'Other One', comment: 'the other', extension: undefined },
      { name: 'public', comment: undefined, extension: undefined },
    ]);
    expect(schema.enums).to.deep.equal([
      { ...object('empty', { schema: 'Other One' }), values: [], access: undefined },
      { ...object('mood', { comment: 'a mood' }), values: ['sad', "o'k", 'happy'], access: undefined },
    ]);
    expect(schema.domains).to.deep.equal([
      {
        ...object('email'),
        type: 'character varying(99)',
        nullable: false,
        defaultTo: "'a@b'::character varying",
        collation: '"C"',
        access: undefined,
        checks: [
          { name: 'at', expression: "((VALUE)::text ~~ '%@%'::text)", isValid: true },
          { name: 'later', expression: "((VALUE)::text <> ''::text)", isValid: false },
          { name: 'short', expression: '(length((VALUE)::text) < 50)', isValid: true },
        ],
        dependsOn: [],
      },
    ]);
  });

  it('extensions, and marks what came with one', async () => {
    const schema = await read(`
      create extension citext;
      create table mine (a citext);
      create table joined (a int);
      alter extension citext add table joined;
    `);
    const found = schema.extensions.filter(({ name }) => name !== 'plpgsql');
    expect(found.map(({ name, schema: where }) => [name, where])).to.deep.equal([['citext', 'public']]);
    expect(found[0]?.version).to.match(/^\d/);
    expect(schema.functions.length).to.be.greaterThan(10);
    expect(schema.functions.filter(({ extension }) => extension !== 'citext')).to.deep.equal([]);
    expect(schema.others.length).to.be.greaterThan(5);
    expect(schema.others.filter(({ extension }) => extension !== 'citext')).to.deep.equal([]);
    expect(tableNamed(schema, 'joined').extension).to.equal('citext');
    expect(tableNamed(schema, 'mine').extension).to.equal(undefined);
    expect(tableNamed(schema, 'mine').columns[0]?.userType).to.deep.equal({
      schema: 'public',
      name: 'citext',
    });
  });

  it('names what it does not describe', async () => {
    const schema = await read(`
      create table t (a int, b int);
      create type pair as (x int, y text);
      create type span as range (subtype = float8);
      create aggregate total(int) (sfunc = int4pl, stype = int, initcond = '0');
      create rule quiet as on delete to t do instead nothing;
      create statistics st (dependencies) on a, b from t;
      create operator ### (leftarg = int, rightarg = int, function = int4pl);
      create collation mine (locale = 'C');
      create text search configuration words (parser = pg_catalog.default);
      alter text search configuration words add mapping for word, asciiword with english_stem, simple;
      alter text search configuration words add mapping for email with simple;
      create publication all_tables for table t;
    `);
    const named = schema.others.map(({ kind, name, table }) => [kind, name, table]);
    expect(named).to.deep.equal([
      ['collation', 'mine', undefined],
      ['composite type', 'pair', undefined],
      ['operator', '### (integer, integer)', undefined],
      ['publication', 'all_tables', undefined],
      ['range type', 'span', undefined],
      ['rule', 'quiet', 't'],
      ['statistics', 'st', 't'],
      ['text search configuration', 'words', undefined],
    ]);
    const texts = schema.others.map(({ definition, drop }) => [definition?.replace(/\s+/g, ' '), drop]);
    expect(texts).to.deep.equal([
      ["create collation mine (provider = libc, lc_collate = 'C', lc_ctype = 'C')", 'drop collation mine'],
      ['create type pair as (x integer, y text)', 'drop type pair'],
      [
        'create operator ### (function = int4pl, leftarg = integer, rightarg = integer)',
        'drop operator ### (integer, integer)',
      ],
      [undefined, undefined],
      ['create type span as range (subtype = double precision)', 'drop type span'],
      ['CREATE RULE quiet AS ON DELETE TO t DO INSTEAD NOTHING', 'drop rule quiet on t'],
      ['CREATE STATISTICS public.st (dependencies) ON a, b FROM t', 'drop statistics public.st'],
      [
        'create text search configuration words (parser = pg_catalog."default"); alter text search configuration words add mapping for asciiword, word with english_stem, simple; alter text search configuration words add mapping for email with simple',
        'drop text search configuration words',
      ],
    ]);
    const aggregate = schema.functions.find(({ kind }) => kind === 'aggregate');
    expect([aggregate?.name, aggregate?.declaration]).to.deep.equal([
      'total',
      "(integer) (sfunc = int4pl, stype = integer, initcond = '0')",
    ]);
  });

  it('names settings that it does not describe', async () => {
    const schema = await read(`
      create table plain (id int primary key, a text);
      create table t (id int primary key, a text, b text, c int);
      create index by_c on t (c);
      alter table t replica identity full;
      alter table t alter column a set storage external, alter column b set (n_distinct = 5);
      alter table t alter column c set statistics 50;
      alter table t cluster on by_c;
      grant select on t to public;
      create function f() returns int language sql as 'select 1';
      revoke execute on function f() from public;
    `);
    expect(schema.others.map(({ kind, name, table }) => [kind, name, table])).to.deep.equal([
      ['clustered index', 'by_c', 't'],
      ['column options', 'b', 't'],
      ['privileges', 't', 't'],
      ['privileges', 'f', undefined],
      ['replica identity', 't', 't'],
      ['statistics target', 'c', 't'],
      ['storage', 'a', 't'],
    ]);
    expect(schema.others.flatMap(({ definition, drop }) => [definition, drop])).to.deep.equal([
      'alter table t cluster on by_c',
      'alter table t set without cluster',
      'alter table only t alter column b set (n_distinct=5)',
      'alter table only t alter column b reset (n_distinct)',
      ...Array(4).fill(undefined),
      'alter table t replica identity full',
      'alter table t replica identity default',
      'alter table only t alter column c set statistics 50',
      'alter table only t alter column c set statistics -1',
      'alter table only t alter column a set storage external',
      'alter table only t alter column a set storage extended',
    ]);
  });

  it('reads the schemas that are named, and writes names as the search path asks for', async () => {
    const database = await freshPostgres();
    const db = knex(database.config);
    await db.raw(`
      create schema one; create schema "Two'\\?";
      create type one.mood as enum ('a');
      create table one.t (id serial primary key, m one.mood default 'a');
      create table "Two'\\?".t (id int references one.t);
      create view one.v as select * from one.t;
      create table public.p (a int);`);
    const both = await introspect(db, ['one', "Two'?"]);
    expect(both.schemas.map(({ name }) => name)).to.deep.equal(["Two'?", 'one']);
    expect(both.tables.map(({ schema, name }) => [schema, name])).to.deep.equal([
      ["Two'?", 't'],
      ['one', 't'],
    ]);
    expect(tableNamed(both, 't', "Two'?").foreignKeys[0]?.target).to.deep.equal({ schema: 'one', name: 't' });
    expect(
      tableNamed(both, 't', 'one').columns.map(({ type, defaultTo }) => [type, defaultTo]),
    ).to.deep.equal([
      ['integer', "nextval('one.t_id_seq'::regclass)"],
      ['one.mood', "'a'::one.mood"],
    ]);
    const inside = await db.transaction(async (trx) => {
      await trx.raw('set local search_path to one');
      return introspect(trx, ['one']);
    });
    await db.destroy();
    const [table] = inside.tables;
    expect(table?.columns.map(({ type, defaultTo }) => [type, defaultTo])).to.deep.equal([
      ['integer', "nextval('t_id_seq'::regclass)"],
      ['mood', "'a'::mood"],
    ]);
    expect(table?.columns[0]?.numbering?.kind).to.equal('serial');
    expect(inside.views[0]?.definition).to.match(/^SELECT (t\.)?id,\s+(t\.)?m\s+FROM t$/);
    expect(await readBack(database, '').then(({ tables }) => tables.length)).to.equal(3);
  });

  it('an empty list of schemas, and a name that no schema has', async () => {
    const database = await freshPostgres();
    const db = knex(database.config);
    await db.raw('create table t (a int)');
    const [none, unknown] = [await introspect(db, []), await introspect(db, ['nowhere'])];
    await db.destroy();
    expect([none.tables, none.schemas, unknown.tables, unknown.functions]).to.deep.equal([[], [], [], []]);
  });

  it('reads again when another session drops what it is about to read', async () => {
    const database = await freshPostgres();
    const other = knex(database.config);
    await other.raw('create table t (a int); create view v as select * from t');
    let drops = 0;
    /** Between the snapshot and the query for the views, once. */
    class Interrupted extends (other.client.constructor as ClientClass) {
      override async query(connection: unknown, query: QueryInput): Promise<unknown> {
        if (JSON.stringify(query).includes('pg_get_viewdef') && drops === 0) {
          drops += 1;
          await other.raw('drop view v');
        }
        return super.query(connection, query);
      }
    }
    const db = knex({ ...database.config, client: Interrupted as unknown as typeof Knex.Client });
    const schema = await engineForClient('pg')?.introspect(db);
    await db.destroy();
    await other.destroy();
    expect([drops, schema?.tables.length, schema?.views]).to.deep.equal([1, 1, []]);
  });

  it('needs no privilege on what it reads', async () => {
    const database = await freshPostgres();
    const db = knex(database.config);
    const role = `reader_${process.pid}`;
    await db.raw(`
      create schema closed;
      create table closed.t (id serial primary key, a text default 'x' check (a <> ''));
      create index i on closed.t (lower(a));
      create view closed.v as select * from closed.t;
      create function closed.f() returns int language sql as 'select 1';
      create role ${role} login`);
    const reader = knex({ ...database.config, connection: database.url.replace('postgres@', `${role}@`) });
    const [own, others] = [await introspect(db), await introspect(reader)];
    await reader.destroy();
    await db.raw(`drop role ${role}`);
    await db.destroy();
    // Who is not the owner would have to give what he makes anew back to him.
    const attached = ['alter view closed.v owner to postgres'];
    const access = { owner: 'postgres', isPublic: true, grants: [] };
    expect(others).to.deep.equal({
      ...own,
      views: own.views.map((each) => ({ ...each, attached })),
      functions: own.functions.map((each) => ({ ...each, access })),
    });
    expect(others.tables.length + others.views.length + others.functions.length).to.equal(3);
  });
});
