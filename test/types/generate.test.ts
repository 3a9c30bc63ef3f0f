import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { withMeta } from '../../lib/index.js';
import { knexMeta, type Ran, ROOT, runProgram } from '../support/commandLine.js';
import { type Database, eachEngine, temporaryFolder } from '../support/databases.js';

/** A project with this package beside those that it needs, as it is installed. */
function makeProject(config: Knex.Config): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  symlinkSync(ROOT, join(folder, 'node_modules/knex-meta'));
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  writeFileSync(join(folder, 'knexfile.cjs'), `module.exports = ${JSON.stringify(config)};\n`);
  return folder;
}

const generate = (folder: string, ...args: readonly string[]): Promise<Ran> =>
  knexMeta(['types:generate', ...args], folder);

const textOf = (folder: string, file = 'knex-tables.d.ts'): string =>
  readFileSync(join(folder, file), 'utf8');

/** The members of an interface in the generated text. */
function membersOf(text: string, name: string): ReadonlyMap<string, { type: string; optional: boolean }> {
  const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(text)?.[1] ?? '';
  const members = [...body.matchAll(/^ {2}('(?:[^'\\]|\\.)*'|[^\s:?]+)(\??): (.+);$/gm)];
  return new Map(
    members.map(([, key = '', optional, type = '']) => [key, { type, optional: optional === '?' }]),
  );
}

/** The word of TypeScript's that a value has at run time, among those that a union allows. */
function isOf(value: unknown, type: string): boolean {
  return type.split(/ \| (?![^{]*\})/).some((each) => {
    if (each === 'null') return value === null;
    if (each === 'unknown') return true;
    if (each.startsWith("'")) return value === each.slice(1, -1).replaceAll("\\'", "'");
    if (each === 'Date') return value instanceof Date;
    if (each === 'Buffer') return Buffer.isBuffer(value);
    if (each.endsWith('[]'))
      return (
        Array.isArray(value) &&
        value.every((item) => isOf(item, each.slice(0, -2).replace(/^\((.*)\)$/, '$1')))
      );
    if (each.startsWith('{')) {
      const keys = [...each.matchAll(/(\w+): number/g)].map((match) => match[1] ?? '');
      return (
        typeof value === 'object' &&
        value !== null &&
        keys.every((key) => typeof (value as never)[key] === 'number')
      );
    }
    return typeof value === each;
  });
}

/** Columns of every type, a value that is written to each, and the type that is read. */
const TYPES: Readonly<Record<string, readonly (readonly [type: string, value: string, read: string])[]>> = {
  postgresql: [
    ['smallint', '1', 'number'],
    ['integer', '1', 'number'],
    ['bigint', '9007199254740993', 'string'],
    ['real', '1.5', 'number'],
    ['double precision', '1.5', 'number'],
    ['numeric(12, 2)', '1.50', 'string'],
    ['money', "'1.50'", 'string'],
    ['boolean', 'true', 'boolean'],
    ['text', "'a'", 'string'],
    ['varchar(40)', "'a'", 'string'],
    ['char(3)', "'a'", 'string'],
    ['"char"', "'a'", 'string'],
    ['name', "'a'", 'string'],
    ['uuid', "'00000000-0000-0000-0000-000000000000'", 'string'],
    ['date', "'2001-02-03'", 'Date'],
    ['time', "'01:02'", 'string'],
    ['timetz', "'01:02+00'", 'string'],
    ['timestamp(3)', "'2001-02-03'", 'Date'],
    ['timestamptz', "'2001-02-03'", 'Date'],
    ['bytea', "'\\x01'", 'Buffer'],
    ['json', "'[1]'", 'unknown'],
    ['jsonb', "'{}'", 'unknown'],
    ['inet', "'127.0.0.1'", 'string'],
    ['cidr', "'127.0.0.0/8'", 'string'],
    ['macaddr', "'08:00:2b:01:02:03'", 'string'],
    ['bit(3)', "'101'", 'string'],
    ['varbit', "'101'", 'string'],
    ['xml', "'<a/>'", 'string'],
    ['tsvector', "'a'", 'string'],
    ['int4range', "'[1,2)'", 'string'],
    ['point', "'(1,2)'", '{ x: number; y: number }'],
    ['circle', "'<(1,2),3>'", '{ x: number; y: number; radius: number }'],
    ['box', "'(1,2),(3,4)'", 'string'],
    ['oid', '1', 'number'],
    ['regclass', "'pg_class'", 'string'],
    ['mood', "'it''s'", "'it\\'s' | 'sad'"],
    ['positive', '1', 'number'],
    ['more_positive', '2', 'number'],
    ['moods', "'sad'", "'it\\'s' | 'sad'"],
    ['numbers', "'{1}'", 'number[]'],
    ['mood[]', "'{sad}'", 'string'],
    ['positive[]', "'{1}'", 'string'],
    ['pair', "'(1,2)'", 'string'],
    ...(
      [
        ['smallint', '1', 'number'],
        ['integer', '1', 'number'],
        ['bigint', '1', 'string'],
        ['real', '1', 'number'],
        ['double precision', '1', 'number'],
        ['numeric', '1', 'number'],
        ['money', '1', 'string'],
        ['boolean', 't', 'boolean'],
        ['text', 'a', 'string'],
        ['varchar(3)', 'a', 'string'],
        ['char(3)', 'a', 'string'],
        ['uuid', '00000000-0000-0000-0000-000000000000', 'string'],
        ['date', '2001-02-03', 'Date'],
        ['timestamp', '2001-02-03', 'Date'],
        ['timestamptz', '2001-02-03', 'Date'],
        ['time', '01:02', 'string'],
        ['timetz', '01:02+00', 'string'],
        ['bytea', '"\\\\x01"', 'Buffer'],
        ['json', '1', 'unknown'],
        ['jsonb', '1', 'unknown'],
        ['inet', '127.0.0.1', 'string'],
        ['cidr', '127.0.0.0/8', 'string'],
        ['macaddr', '08:00:2b:01:02:03', 'string'],
        ['numrange', '"[1,2)"', 'string'],
        ['oid', '1', 'number'],
        ['point', '"(1,2)"', '{ x: number; y: number }'],
      ] as const
    ).map(
      ([type, item, read]) =>
        [`${type}[]`, `'{${item}}'`, read.includes('{') ? `(${read})[]` : `${read}[]`] as const,
    ),
    ['bit(3)[]', "'{101}'", 'string'],
    ['"char"[]', "'{a}'", 'string'],
    ['int4range[]', '\'{"[1,2)"}\'', 'string'],
    ['circle[]', '\'{"<(1,2),3>"}\'', 'string'],
  ],
  sqlite: [
    ['integer', '1', 'number'],
    ['bigint', '1', 'number'],
    ['tinyint', '1', 'number'],
    ['float', '1.5', 'number'],
    ['real', '1.5', 'number'],
    ['decimal(8, 2)', '1.5', 'number'],
    ['boolean', 'true', 'number'],
    ['text', "'a'", 'string'],
    ['varchar(40)', "'a'", 'string'],
    ['char(36)', "'a'", 'string'],
    ['date', "'2001-02-03'", 'string | number'],
    ['datetime', '1', 'string | number'],
    ['time', "'01:02'", 'string'],
    ['blob', "x'01'", 'Buffer'],
    ['json', "'{}'", 'string'],
    ['', "'anything'", 'unknown'],
  ],
};

eachEngine('types:generate', (engine) => {
  let database: Database;
  let db: Knex;
  let folder: string;

  beforeEach(async () => {
    database = await engine.fresh();
    db = knex(withMeta(database.config));
    folder = makeProject(database.config);
  });
  afterEach(() => db.destroy());

  const isPostgres = engine.name === 'postgresql';

  it('says of every type what the driver gives', async () => {
    if (isPostgres) {
      await db.raw("create type mood as enum ('it''s', 'sad')");
      await db.raw('create domain positive as integer check (value > 0)');
      await db.raw('create domain more_positive as positive check (value > 1)');
      await db.raw('create domain moods as mood');
      await db.raw('create domain numbers as integer[]');
      await db.raw('create type pair as (a integer, b integer)');
    }
    const types = TYPES[engine.name] ?? [];
    const columns = types.map(([type], index) => `c${index} ${type}`);
    await db.raw(
      `create table everything (${columns.join(', ')}, must text not null)`.replaceAll('?', '\\?'),
    );
    const values = types.map(([, value]) => value);
    await db.raw(`insert into everything values (${values.join(', ')}, 'x')`);
    await db('everything').insert({ must: 'nothing else' });
    expect((await generate(folder)).code).to.equal(0);
    const members = membersOf(textOf(folder), 'EverythingRow');
    const [full, empty] = await db('everything').orderBy('c0', 'asc', 'last').select('*');
    for (const [index, [type, , read]] of types.entries()) {
      const said = members.get(`c${index}`)?.type ?? 'nothing';
      expect(said, type).to.equal(read === 'unknown' ? read : `${read} | null`);
      expect(
        isOf(full[`c${index}`], read),
        `${type} is ${said}, and the driver gave ${String(full[`c${index}`])}`,
      ).to.equal(true);
      expect(isOf(empty[`c${index}`], said), `${type} of null`).to.equal(true);
    }
    expect(members.get('must')).to.deep.equal({ type: 'string', optional: false });
    // The comparison itself: no value is of every type.
    expect(isOf('1', 'number')).to.equal(false);
    expect(isOf([1], 'string[]')).to.equal(false);
  });

  async function makeTables(): Promise<void> {
    await db.schema.createTable('odd-"name`s', (t) => {
      t.increments('id');
      t.enu('state', ['it', 'b c', '"q"']).notNullable();
      t.integer('free').notNullable().checkIn(['1', '2']);
      t.string('a b').comment('one */ two');
      t.string('class').notNullable().defaultTo('x');
      t.specificType('twice', 'integer generated always as (free * 2) stored');
    });
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('email').notNullable();
    });
    await db.schema.createView('emails', (v) => void v.as(db('users').select('id', 'email')));
    if (isPostgres) {
      await db.raw('create schema other');
      await db.raw(
        'create table other.users (id integer generated always as identity primary key, word text)',
      );
      await db.raw("create type lines as enum (E'a\\nb', 'back\\slash', '')");
      await db.raw('alter table other.users add kind lines');
      // Knex has no word for it: to it the dot stands behind a schema.
      await db.raw('create table "other.users" (id text)');
      await db.raw("comment on table users is 'People\nand others'");
    }
  }

  it('compiles in a project: insert, update, select, enums, generated columns; query helpers where they are asked for', async () => {
    await makeTables();
    if (isPostgres) {
      const config = { ...database.config, searchPath: ['public', 'other'] };
      writeFileSync(join(folder, 'knexfile.cjs'), `module.exports = ${JSON.stringify(config)};\n`);
    }
    expect((await generate(folder)).code).to.equal(0);
    expect(membersOf(textOf(folder), 'OddNameSRow').get('free')?.type).to.equal('number');
    const stamp = isPostgres ? 'Date' : 'string | number';
    const flag = isPostgres ? 'boolean' : 'number';
    const body = `
export async function work(db: Knex): Promise<void> {
  const user = await db('users').where({ id: 1 }).first();
  if (user === undefined) return;
  const id: number = user.id;
  const email: string = user.email;
  const notes: string | null = user.notes;
  const at: ${stamp} = user.updated_at;
  const active: ${flag} = user.is_active;
  // @ts-expect-error there is no such column
  user.missing;
  await db('users').insert({ email: 'a' });
  await db('users').insert({ email: 'a', id: 1, notes: null, is_active: true, created_at: new Date() });
  // @ts-expect-error a column that must be given
  const bad: Knex.ResolveTableType<Knex.TableType<'users'>, 'insert'> = { notes: 'a' };
  await db('users').update({ notes: 'b' });
  // @ts-expect-error a column of another type
  await db('users').update({ email: 1 });
  const odd = await db('odd-"name\`s').select('state', 'a b');
  const state: 'it' | 'b c' | '"q"' | undefined = odd[0]?.state;
  // @ts-expect-error a value that is not among them
  await db('odd-"name\`s').insert({ state: 'other', free: 1 });
  await db('odd-"name\`s').insert({ state: 'it', free: 1 });
  // @ts-expect-error a column that is computed
  await db('odd-"name\`s').insert({ state: 'it', free: 1, twice: 2 });
  const view = await db('emails').select('email');
  const seen: ${isPostgres ? 'string | null | undefined' : 'unknown'} = view[0]?.email;
  const one = await db('emails').where({ id: 1 }).first();
  console.log(one?.id, one?.email);
  ${isPostgres ? "const other = await db('other.users').first('word');\n  other?.word?.length;\n  const kinds = await db('other.users').pluck('kind');\n  const kind: 'a\\nb' | 'back\\\\slash' | '' | null | undefined = kinds[0];\n  console.log(kind);\n  // @ts-expect-error a number that is always given\n  await db('other.users').insert({ id: 1 });" : ''}
  console.log(id, email, notes, at, active, bad, state, seen);
}
`;
    const helpers = `
export async function help(db: Knex): Promise<void> {
  installQueryHelpers();
  const rows = await db('users').active().flagged('users').select('email');
  const email: string | undefined = rows[0]?.email;
  const count: number = await db('users').where({ id: 1 }).softDelete();
  const restored: number = await db('users').restore();
  const first = await db('users').inactive().first();
  first?.email.length;
  await db('users').flag();
  await db('users').unflag();
  console.log(email, count, restored);
}
`;
    const without = `import type { Knex } from 'knex';
export const f = (db: Knex) => db('users').where({ id: 1 });
// @ts-expect-error nobody asked for it
export const g = (db: Knex) => db('users').active();
`;
    const imports = "import type { Knex } from 'knex';\n";
    const asked = "import { installQueryHelpers } from 'knex-meta/query';\n";
    const files = {
      'm.mts': imports + asked + body + helpers,
      'c.cts': imports + asked + body + helpers,
      'without.ts': without,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const all: readonly (readonly [string, readonly string[], object])[] = [
      ['nodenext', ['m.mts', 'c.cts'], { module: 'nodenext' }],
      ['node16', ['m.mts', 'c.cts'], { module: 'node16' }],
      ['bundler', ['m.mts'], { module: 'esnext', moduleResolution: 'bundler' }],
      ['without', ['without.ts'], { module: 'nodenext' }],
    ];
    // What depends on the settings of TypeScript does not depend on the engine.
    const programs = isPostgres ? all.slice(0, 1) : all;
    for (const [name, sources, options] of programs) {
      const compilerOptions = {
        strict: true,
        target: 'es2022',
        noEmit: true,
        types: ['node'],
        exactOptionalPropertyTypes: true,
        ...options,
      };
      const file = join(folder, `tsconfig.${name}.json`);
      writeFileSync(file, JSON.stringify({ compilerOptions, files: [...sources, 'knex-tables.d.ts'] }));
      const ran = await runProgram(
        process.execPath,
        [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', file],
        folder,
      );
      const own = ran.stdout
        .split('\n')
        .filter((line) => /^(m\.mts|c\.cts|without|knex-tables|.*knex-meta)/.test(line));
      expect(own, name).to.deep.equal([]);
    }
  });

  it('--check: 3 when a column came or the file is missing, whatever the order of columns and line ends', async () => {
    await makeTables();
    expect((await generate(folder, '--check')).code).to.equal(3);
    expect(existsSync(join(folder, 'knex-tables.d.ts'))).to.equal(false);
    expect((await generate(folder, '--out', 'src/db.d.ts')).code).to.equal(0);
    const text = textOf(folder, 'src/db.d.ts');
    const check = () => generate(folder, '--check', '--out', 'src/db.d.ts');
    expect((await check()).code).to.equal(0);
    writeFileSync(join(folder, 'src/db.d.ts'), text.replaceAll('\n', '\r\n'));
    expect((await check()).code).to.equal(0);
    await db.schema.dropView('emails');
    await db.schema.dropTable('users');
    await db.schema.createTable('users', (t) => {
      t.string('email').notNullable();
      t.increments('id');
    });
    await db.schema.createView('emails', (v) => void v.as(db('users').select('id', 'email')));
    if (isPostgres) await db.raw("comment on table users is 'People\nand others'");
    const ran = await check();
    expect(ran.code, ran.stdout).to.equal(0);
    await db.schema.alterTable('users', (t) => void t.integer('age'));
    const stale = await generate(folder, '--check', '--out', 'src/db.d.ts', '--json');
    expect(stale.code).to.equal(3);
    expect(JSON.parse(stale.stdout)).to.include({ ok: false, tables: isPostgres ? 3 : 2 });
    expect((await check()).stdout).to.include('npx knex-meta types:generate --out src/db.d.ts\n');
  });

  it('from models, the same text as from the database that they lead to', async () => {
    mkdirSync(join(folder, 'models'));
    writeFileSync(
      join(folder, 'models/users.cjs'),
      `const { defineModel } = require('knex-meta');
exports.users = defineModel('users', (t) => { t.increments('id'); t.string('email').notNullable(); t.enu('kind', ['a', 'b']); });\n`,
    );
    const fromModels = await generate(folder, '--from', 'models', '--out', 'm.d.ts');
    expect(fromModels.code, fromModels.stderr).to.equal(0);
    await db.schema.createTable('users', (t) => {
      t.increments('id');
      t.string('email').notNullable();
      t.enu('kind', ['a', 'b']);
    });
    expect((await generate(folder, '--out', 'd.d.ts')).code).to.equal(0);
    expect(textOf(folder, 'm.d.ts')).to.equal(textOf(folder, 'd.d.ts'));
    expect(textOf(folder, 'm.d.ts')).to.include("kind: 'a' | 'b' | null;");
    expect(textOf(folder, 'd.d.ts')).to.include('  notes: string | null;');
  });

  it('with visible: false a row has its metadata columns only where an answer names them', async () => {
    const knexfile = join(folder, 'knexfile.cjs');
    const before = readFileSync(knexfile, 'utf8');
    writeFileSync(knexfile, `${before}\nmodule.exports.meta = { ...module.exports.meta, visible: false };\n`);
    await db.schema.createTable('users', (t) => void t.string('email').notNullable());
    expect((await generate(folder, '--out', 'd.d.ts')).code).to.equal(0);
    expect(textOf(folder, 'd.d.ts')).to.include('  notes?: string | null;').and.include('  email: string;');
  });

  it('wrong usage, a file of somebody’s own, names of the application’s own, parsers of its own', async () => {
    await db.schema.createTable('user_accounts', (t) => void t.bigInteger('login_count'));
    expect((await generate(folder, '--from', 'files')).code).to.equal(2);
    expect((await generate(folder, '--type', 'bigint')).code).to.equal(2);
    const unknown = await generate(folder, '--type', 'bigserial:number', '--out', 'unknown.d.ts');
    expect(unknown.code).to.equal(0);
    expect(unknown.stderr).to.match(/--type bigserial: no column has this type.*bigint/);
    writeFileSync(join(folder, 'own.d.ts'), 'export type Mine = 1;\n');
    const refused = await generate(folder, '--out', 'own.d.ts');
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.include('FILE_EXISTS');
    expect(textOf(folder, 'own.d.ts')).to.equal('export type Mine = 1;\n');
    const noFile = await generate(folder, '--out', '.');
    expect([noFile.code, noFile.stderr]).to.deep.equal([
      2,
      noFile.stderr.match(/.*The working directory could.*/s)?.[0],
    ]);
    writeFileSync(
      join(folder, 'knexfile.cjs'),
      `const camel = (text) => text.replace(/_(.)/g, (_, c) => c.toUpperCase());
const snake = (text) => text.replace(/[A-Z]/g, (c) => '_' + c.toLowerCase());
module.exports = { ...${JSON.stringify(database.config)}, wrapIdentifier: (v, w) => w(snake(v)),
  postProcessResponse: (r) => Array.isArray(r) ? r.map((o) => Object.fromEntries(Object.entries(o).map(([k, v]) => [camel(k), v]))) : r };\n`,
    );
    const ran = await generate(folder, '--type', 'bigint:bigint');
    expect(ran.code, ran.stderr).to.equal(0);
    expect(textOf(folder)).to.include('    userAccounts: Knex.CompositeTableType<UserAccountsRow,');
    expect(membersOf(textOf(folder), 'UserAccountsRow').get('loginCount')?.type).to.equal('bigint | null');
    expect(membersOf(textOf(folder), 'UserAccountsRow').has('updatedAt')).to.equal(true);
  });
});
