import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeProject, run, type TestProject } from '../reliability/support.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { eachEngine, freshPostgres, type TestEngine } from '../support/databases.js';

interface Report {
  readonly code: number | null;
  readonly findings: readonly {
    readonly code: string;
    readonly table?: string;
    readonly migration?: string;
    readonly message: string;
    readonly remedy: string;
    readonly severity: string;
  }[];
  readonly habits: readonly { readonly code: string; readonly columns: readonly string[] }[];
  readonly notes: readonly string[];
  readonly migrations: readonly string[];
}

async function check(
  engine: TestEngine,
  project: TestProject,
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Report> {
  const shadow = engine.name === 'sqlite' ? ['--shadow', (await freshPostgres()).url] : [];
  const args = ['check:engines', '--json', ...shadow, ...flags];
  const { code, stdout, stderr } = await knexMeta(args, project.folder, env);
  expect(stderr).to.equal('');
  return { code, ...JSON.parse(stdout) };
}

/** A table, or more, of which one part is another one on each engine; `s` is true on a server. */
const TABLES: readonly (readonly [table: string, code: string, where: string, statements: string])[] = [
  [
    't_only',
    'TABLE_MISSING',
    't_only',
    `if (s) await k.schema.createTable('t_only', (t) => t.increments());`,
  ],
  ['t_col', 'COLUMN_MISSING', 't_col.more', `await make('t_col', (t) => { if (s) t.string('more'); });`],
  [
    't_view',
    'VIEW_MISSING',
    'v_only',
    `await make('t_view', () => {}); if (s) await k.raw('create view v_only as select id from t_view');`,
  ],
  [
    't_index',
    'INDEX_MISSING',
    't_index',
    `await make('t_index', (t) => { t.string('a'); if (s) t.index('a'); });`,
  ],
  [
    't_part',
    'INDEX_MISSING',
    't_part',
    `await make('t_part', (t) => { t.string('a'); }); await k.raw(s ? 'create index t_part_a on t_part (a) where a is not null' : 'create index t_part_a on t_part (a)');`,
  ],
  [
    't_uniq',
    'UNIQUE_MISSING',
    't_uniq',
    `await make('t_uniq', (t) => { t.string('a'); if (!s) t.unique('a'); });`,
  ],
  [
    't_check',
    'CHECK_MISSING',
    't_check',
    `await make('t_check', (t) => { t.integer('a'); if (s) t.check('?? > 1', ['a']); });`,
  ],
  [
    't_key',
    'KEY_MISSING',
    't_key',
    `await make('t_key', (t) => { t.integer('up'); if (s) t.foreign('up').references('t_key.id'); });`,
  ],
  [
    't_trig',
    'TRIGGER_MISSING',
    't_trig',
    `await make('t_trig', (t) => { t.integer('a'); }); if (!s) await k.raw('create trigger own_trigger after insert on t_trig begin select 1; end');`,
  ],
  [
    't_act',
    'KEY_ACTION',
    't_act',
    `await make('t_act', (t) => { t.integer('up').references('t_act.id').onDelete(s ? 'CASCADE' : 'SET NULL'); });`,
  ],
  [
    't_defer',
    'KEY_DEFERRED',
    't_defer',
    `await make('t_defer', (t) => { t.integer('up').references('t_defer.id').deferrable('deferred'); });`,
  ],
  [
    't_blank',
    'BLANKS',
    't_blank.a',
    `await make('t_blank', (t) => { t.specificType('a', s ? 'text' : 'text collate rtrim'); });`,
  ],
  ['t_padded', 'BLANKS', 't_padded.a', `await make('t_padded', (t) => { t.specificType('a', 'char(3)'); });`],
  ['t_day', 'DEFAULT', 't_day.a', `await make('t_day', (t) => { t.date('a').defaultTo(k.fn.now()); });`],
  [
    't_numbers',
    'VALUES',
    't_numbers.a',
    `await make('t_numbers', (t) => { t.integer('a').checkIn(s ? ['1', '2'] : ['1', '3']); });`,
  ],
  [
    't_null',
    'NULLABLE',
    't_null.a',
    `await make('t_null', (t) => { const c = t.integer('a'); if (s) c.notNullable(); });`,
  ],
  ['t_def', 'DEFAULT', 't_def.a', `await make('t_def', (t) => { t.integer('a').defaultTo(s ? 1 : 2); });`],
  [
    't_type',
    'TYPE',
    't_type.a',
    `await make('t_type', (t) => { t.specificType('a', s ? 'text[]' : 'text'); });`,
  ],
  ['t_dec', 'DECIMAL', 't_dec.a', `await make('t_dec', (t) => { t.decimal('a', 10, 2); });`],
  ['t_zone', 'NO_ZONE', 't_zone.a', `await make('t_zone', (t) => { t.timestamp('a', { useTz: false }); });`],
  [
    't_case',
    'CASE',
    't_case.a',
    `await make('t_case', (t) => { t.specificType('a', s ? 'text' : 'text collate nocase'); });`,
  ],
  [
    't_vals',
    'VALUES',
    't_vals.a',
    `await make('t_vals', (t) => { t.enu('a', s ? ['x', 'y'] : ['x', 'z']); });`,
  ],
  ['t_pk', 'PRIMARY_KEY_NULL', 't_pk.a', `await k.raw('create table t_pk (a varchar(9) primary key)');`],
  [
    't_gen',
    'GENERATED',
    't_gen.b',
    `await k.raw(s ? 'create table t_gen (a integer, b integer generated always as (a * 2) stored)' : 'create table t_gen (a integer, b integer)');`,
  ],
  [
    't_num',
    'NUMBERING',
    't_num.id',
    `await k.raw(s ? 'create table t_num (id integer not null primary key)' : 'create table t_num (id integer primary key)');`,
  ],
  [
    't_nulls',
    'UNIQUE_NULLS',
    't_nulls',
    `await k.raw(s ? 'create table t_nulls (a integer, unique nulls not distinct (a))' : 'create table t_nulls (a integer, unique (a))');`,
  ],
];

const HEAD = `const s_ = (k) => k.client.config.client === 'pg';
exports.down = async () => {};
exports.up = async (k) => { const s = s_(k); const make = (name, columns) => k.schema.createTable(name, (t) => { t.increments(); columns(t); });\n`;

eachEngine('check:engines', (engine) => {
  it('finds each difference by its code and place, and nothing else', async () => {
    const project = await makeProject(engine, {
      '1_all.cjs': `${HEAD}${TABLES.map(([, , , statements]) => statements).join('\n')}\n};`,
    });
    const { code, findings } = await check(engine, project);
    expect(code).to.equal(3);
    expect(findings.map((each) => `${each.code} ${each.table}`).sort()).to.deep.equal(
      // One index on each side: each is missing on the other.
      [...TABLES.map(([, wanted, where]) => `${wanted} ${where}`), 'INDEX_MISSING t_part'].sort(),
    );
    expect(
      findings.every(
        ({ remedy, message, severity }) => remedy && message && /^(fails|differs)$/.test(severity),
      ),
    ).to.equal(true);
    const accepted = await check(
      engine,
      project,
      TABLES.flatMap(([, wanted, where]) => ['--accept', `${wanted}:${where}`]),
    );
    expect([accepted.code, accepted.findings]).to.deep.equal([0, []]);
  });

  it('finds nothing in the worked example, and says what every project has to know', async () => {
    const project = await makeProject(engine);
    cpSync(join(ROOT, 'migrations'), project.directory, { recursive: true });
    const { code, findings, habits, notes, migrations } = await check(engine, project);
    expect([code, findings]).to.deep.equal([0, []]);
    expect(habits.find((each) => each.code === 'BOOLEAN_FORM')?.columns).to.include('users.is_superuser');
    expect(habits.map((each) => each.code)).to.include.members(['INSTANT_FORM', 'INTEGER_SIZE', 'LENGTH']);
    expect(notes.join()).to.include('LIKE_CASE');
    expect(migrations).to.have.length(7);
  });

  it('knows the habits of types by their columns', async () => {
    const project = await makeProject(engine, {
      '1_types.cjs': `${HEAD}await make('t', (t) => { t.bigInteger('big'); t.json('doc'); t.uuid('key'); t.date('day'); t.float('part'); t.binary('bytes'); t.boolean('flag'); t.timestamp('at'); t.text('free');
          t.timestamp('since').defaultTo(k.fn.now()); t.enu('mood', ['sad', 'glad'], { useNative: true, enumName: 'mood' }); });
        await k.raw(s ? 'create table reused (id serial primary key)' : 'create table reused (id integer primary key)'); };`,
    });
    const { code, habits, findings } = await check(engine, project);
    expect([code, findings]).to.deep.equal([0, []]);
    expect(Object.fromEntries(habits.map((each) => [each.code, each.columns.join()]))).to.deep.equal({
      BIGINT_FORM: 't.big',
      BOOLEAN_FORM: 't.flag',
      DATE_FORM: 't.day',
      ENUM_ORDER: 't.mood',
      FLOAT_DIGITS: 't.part',
      INSTANT_DEFAULT: 't.since',
      INSTANT_FORM: 't.at,t.since',
      JSON_FORM: 't.doc',
      NUMBER_REUSE: 'reused.id',
      TYPE_CHECK: 't.part,t.bytes',
      UUID_CHECK: 't.key',
    });
  });

  it('knows what is written otherwise and means the same', async () => {
    const project = await makeProject(engine, {
      '1_same.cjs': `${HEAD}await make('t', (t) => {
        t.string('none').defaultTo(null);
        t.json('doc').defaultTo(JSON.stringify({ a: "it's" }));
        t.string('quoted').defaultTo("say \\"it's\\"");
        t.integer('one_of').checkIn(['1', '-2']);
        t.string('word_of').checkIn(['1', 'b']);
        t.enu('odd name', ['x', 'y']);
        t.enu('native', ['a', 'b'], { useNative: true, enumName: 'sorted' });
        t.time('clock').defaultTo('12:00:00');
        t.date('day').defaultTo('2001-02-03');
        t.uuid('key').defaultTo(k.fn.uuid());
        t.double('wide').defaultTo(-1.25);
        t.boolean('flag').defaultTo(true);
        t.string('code').references('t2.code').onDelete(s ? 'RESTRICT' : 'NO ACTION');
        t.specificType('half', s ? 'double precision default 1.50' : 'double default 1.5');
      });
      const parts = 'create table parts (id integer not null, day date not null)';
      await k.raw(s ? parts + ' partition by range (day)' : parts);
      if (s) await k.raw("create table parts_1 partition of parts for values from ('2001-01-01') to ('2002-01-01')");
      };`.replace('await make', "await make('t2', (t) => { t.string('code').unique(); });\nawait make"),
    });
    const { code, findings, habits } = await check(engine, project);
    expect([code, findings]).to.deep.equal([0, []]);
    const codes = habits.map((each) => each.code);
    expect(codes).not.to.include.members(['ENUM_ORDER']);
    expect(codes).not.to.include.members(['FLOAT_DIGITS']);
  });

  it('names a migration that fails on one engine, with its error, and compares what is before it', async () => {
    const project = await makeProject(engine, {
      '1_good.cjs': `${HEAD}await make('one', (t) => { t.decimal('amount'); }); };`,
      '2_bad.cjs': `${HEAD}await k.raw('create table two (tags text[] not null default array[1]::text[])'); };`,
      '3_more.cjs': `${HEAD}await make('three', () => {}); };`,
    });
    const { code, findings, migrations } = await check(engine, project);
    expect(code).to.equal(3);
    expect(findings.map((each) => [each.code, each.migration ?? each.table])).to.deep.equal([
      ['MIGRATION_FAILED', '2_bad.cjs'],
      ['DECIMAL', 'one.amount'],
    ]);
    expect(findings[0]?.message).to.match(/fails on SQLite[\s\S]*statement: create table two/);
    expect(migrations).to.deep.equal(['1_good.cjs']);
  });

  it('takes the expression for the present instant of one engine to no other', async () => {
    const project = await makeProject(engine, { '1_good.cjs': `${HEAD}await make('one', () => {}); };` });
    const own = engine.name === 'sqlite' ? 'unixepoch()' : "timezone('utc', now())";
    const inEnvironment = await check(engine, project, [], { DATABASE_TIMESTAMP_UTC: own });
    expect([inEnvironment.code, inEnvironment.findings]).to.deep.equal([0, []]);
    const shadow = engine.name === 'sqlite' ? ['--shadow', (await freshPostgres()).url] : [];
    const { stdout } = await run(project, 'check:engines', ...shadow);
    expect(stdout).to.match(/1 migration makes 1 table that means the same on/);
  });

  it('finds foreign keys that are not enforced', async () => {
    const project = await makeProject(engine, { '1_good.cjs': `${HEAD}await make('one', () => {}); };` });
    if (engine.name !== 'sqlite') return;
    writeFileSync(
      join(project.folder, 'off.js'),
      `const config = require('./knexfile.js');
      module.exports = { ...config, pool: { afterCreate: (c, done) => { c.pragma('foreign_keys = off'); done(); } } };`,
    );
    const { url } = await freshPostgres();
    const { code, stdout } = await run(
      project,
      'check:engines',
      '--json',
      '--shadow',
      url,
      '--knexfile',
      'off.js',
    );
    expect([code, JSON.parse(stdout).findings.map((each: { code: string }) => each.code)]).to.deep.equal([
      3,
      ['KEYS_OFF'],
    ]);
  });

  it('asks for a server where none is named, and takes none that happens to be there', async () => {
    const project = await makeProject(engine, { '1_good.cjs': `${HEAD}await make('one', () => {}); };` });
    if (engine.name !== 'sqlite') return;
    const { code, stdout } = await run(project, 'check:engines', '--json');
    const { error } = JSON.parse(stdout);
    expect([code, error.code, /--shadow postgres/.test(error.remedy)]).to.deep.equal([
      1,
      'THROWAWAY_REFUSED',
      true,
    ]);
    for (const wrong of ['nonsense', 'mysql://me:secret@localhost/any']) {
      const usage = await run(project, 'check:engines', '--json', '--shadow', wrong);
      expect([usage.code, JSON.parse(usage.stdout).error.code]).to.deep.equal([2, 'USAGE']);
      expect(usage.stdout).not.to.include('secret');
    }
  });
});
