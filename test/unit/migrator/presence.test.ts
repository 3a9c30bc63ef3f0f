import { expect } from 'chai';
import type { PlannedMigration } from '../../../lib/migrator/capture.js';
import type { OwnedThing } from '../../../lib/migrator/expected.js';
import { compareWithDatabase } from '../../../lib/migrator/presence.js';
import type { DatabaseSchema } from '../../../lib/schema/database.js';

/** A schema of tables, written `[schema.]table(column, ...)`, with indexes and triggers by name behind it. */
function schemaOf(...tables: readonly string[]): DatabaseSchema {
  const read = (text: string) => {
    const [, schema, name = '', columns = '', indexes = '', triggers = ''] =
      /^(?:(\w+)\.)?(\w+)\((.*?)\)(?: index (\w+))?(?: trigger (\w+))?$/.exec(text) ?? [];
    const named = (list: string) => list.split(/,\s*/).flatMap((each) => (each === '' ? [] : { name: each }));
    return { schema, name, columns: named(columns), indexes: named(indexes), triggers: named(triggers) };
  };
  return { tables: tables.map(read) } as unknown as DatabaseSchema;
}

const migration = (name: string, ...statements: readonly string[]): PlannedMigration => ({
  name,
  direction: 'up',
  isTransaction: true,
  unseenTables: [],
  statements,
});

interface Asked {
  readonly applied?: readonly string[];
  readonly home?: string;
  readonly fold?: (name: string) => string;
  readonly isLeftOut?: (thing: OwnedThing) => boolean;
}

const compare = (
  captured: readonly PlannedMigration[],
  actual: DatabaseSchema,
  { applied = [], home, fold = (name) => name, isLeftOut = () => false }: Asked = {},
) =>
  compareWithDatabase({
    captured,
    applied: new Set(applied),
    actual,
    path: home === undefined ? [] : [home],
    fold,
    isLeftOut,
  });

const titles = (things: readonly OwnedThing[]): readonly string[] =>
  things.map(({ kind, table, name }) => `${kind} ${table}.${name}`);

/** What of one migration is there, and what would make the rest. */
function rest(statements: readonly string[], actual: DatabaseSchema, isApplied = true) {
  const [presence] = compare([migration('1_a', ...statements)], actual, {
    applied: isApplied ? ['1_a'] : [],
  });
  return presence?.rest;
}

describe('presence', () => {
  it('finds tables, columns, indexes and triggers, each by its kind and place', () => {
    const captured = [
      migration(
        '1_a',
        'create table t (a int, b int)',
        'create index i on t (a)',
        'create trigger g after insert on t begin select 1; end',
      ),
    ];
    const [whole] = compare(captured, schemaOf('t(a, b) index i trigger g'));
    expect(titles(whole?.present ?? [])).to.deep.equal(titles(whole?.made ?? []));
    expect(whole?.present).to.have.length(5);
    expect([whole?.isApplied, whole?.rest]).to.deep.equal([false, []]);
    // An index is no trigger, and another table's column is no column of this one.
    const [other] = compare(captured, schemaOf('t(b) index g trigger i', 'u(a)'));
    expect(titles(other?.present ?? [])).to.deep.equal(['table t.t', 'column t.b']);
  });

  it('names are the same as the engine folds them, and a name without a schema is at home', () => {
    const captured = [migration('1_a', 'create table "T" ("A" int)', 'create table other.u (c int)')];
    const actual = schemaOf('app.t(a)', 'other.u(c)');
    const fold = (name: string): string => name.toLowerCase();
    expect(compare(captured, actual, { home: 'app', fold })[0]?.present).to.have.length(4);
    expect(compare(captured, schemaOf('t(a)'), { fold })[0]?.present).to.have.length(2);
    expect(compare(captured, actual, { home: 'app' })[0]?.present).to.have.length(2);
    expect(compare(captured, actual, { home: 'public', fold })[0]?.present).to.have.length(2);
  });

  it('those that are applied come first, and know what comes behind them', () => {
    const captured = [
      migration('1_a.js', 'create table a (x int)'),
      migration('2_b.js', 'create table b (x int)'),
      migration('3_c.js', 'alter table a rename column x to y'),
      migration('4_d.js', 'create table d (x int)'),
    ];
    const presences = compare(captured, schemaOf('a(y)'), { applied: ['1_a', '3_c'] });
    expect(
      presences.map(({ name, isApplied, isBehind, made }) => [name, isApplied, isBehind, titles(made)]),
    ).to.deep.equal([
      ['1_a.js', true, false, ['table a.a', 'column a.y']],
      ['3_c.js', true, false, []],
      ['2_b.js', false, false, ['table b.b', 'column b.x']],
      ['4_d.js', false, true, ['table d.d', 'column d.x']],
    ]);
    expect(presences[0]?.present).to.have.length(2);
    // A pending rename has not happened to what is applied.
    const pending = compare(captured, schemaOf('a(x)'), { applied: ['1_a'] });
    expect(titles(pending[0]?.made ?? [])).to.deep.equal(['table a.a', 'column a.x']);
  });

  it('what is left out is asked by nobody', () => {
    const captured = [migration('1_a', 'create table t (a int, b int)')];
    const [presence] = compare(captured, schemaOf('t(a)'), {
      applied: ['1_a'],
      isLeftOut: ({ name, owner }) => name === 'b' && owner === '1_a',
    });
    expect(titles(presence?.made ?? [])).to.deep.equal(['table t.t', 'column t.a']);
    expect(presence?.rest).to.deep.equal([]);
    // A table that is made anew needs it all the same.
    const trigger = 'create trigger g after insert on t begin select 1; end';
    const [gone] = compare([migration('1_a', 'create table t (a int)', trigger)], schemaOf(), {
      applied: ['1_a'],
      isLeftOut: ({ kind }) => kind === 'trigger',
    });
    expect(gone?.rest).to.deep.equal(['create table t (a int)', trigger]);
  });

  it('of an applied migration, the statements that make what is gone', () => {
    const statements = [
      'create table t (a int, b int)',
      'comment on table t is 1',
      'create index i on t (a)',
      'alter table t add constraint c check (a > 1)',
      "insert into t values ('x')",
      'create table u (c int)',
      'comment on table u is 2',
    ];
    // A table comes with what stands on it, and without what stands on others.
    expect(rest(statements, schemaOf('u(c)'))).to.deep.equal([
      statements[0],
      statements[1],
      statements[2],
      statements[3],
    ]);
    expect(rest(statements, schemaOf('t(a, b) index i'))).to.deep.equal([statements[5], statements[6]]);
    expect(rest(statements, schemaOf('t(a, b)', 'u(c)'))).to.deep.equal([statements[2]]);
    expect(rest(statements, schemaOf('t(a, b) index i', 'u(c)'))).to.deep.equal([]);
    // One column of a table that is there; its statement makes others too.
    expect(rest(['create table t (a int, b int default 5)'], schemaOf('t(a)'))).to.deep.equal([
      'alter table "t" add column b int default 5',
    ]);
    expect(rest(['create table s."o""t" (a int, b int)'], schemaOf())).to.deep.equal([
      'create table s."o""t" (a int, b int)',
    ]);
    expect(rest(['alter table t add column a int, add column b int'], schemaOf('t(a)'))).to.deep.equal([
      'alter table "t" add column b int',
    ]);
    expect(rest(['alter table t add column a int, add column b int'], schemaOf('t()'))).to.deep.equal([
      'alter table t add column a int, add column b int',
    ]);
  });

  it('nobody can tell where a statement does more, or something else, or made it under another name', () => {
    // What it drops, or what it is, beside what is gone.
    expect(rest(['alter table t add column a int, drop column z'], schemaOf('t()'))).to.equal(undefined);
    expect(
      rest(['alter table t add column a int, add constraint c check (a > 1)'], schemaOf('t()')),
    ).to.equal(undefined);
    // It was renamed since: no statement makes it.
    const renamed = ['create table old (a int)', 'alter table old rename to t'];
    expect(rest(renamed, schemaOf())).to.equal(undefined);
    const made = ['create table u (c int)', 'create index i on u (c)'];
    expect(rest([...made, ...renamed], schemaOf())).to.equal(undefined);
    expect(rest([...made, ...renamed], schemaOf('t(a)'))).to.deep.equal(made);
  });

  it('of a pending migration nobody knows what was run beside what it makes', () => {
    const statements = ['create table t (a int)', "insert into t values ('x')", 'create table u (c int)'];
    expect(rest(statements, schemaOf('t(a)'))).to.deep.equal([statements[2]]);
    expect(rest(statements, schemaOf('t(a)'), false)).to.equal(undefined);
    const plain = [statements[0] ?? '', statements[2] ?? ''];
    expect(rest(plain, schemaOf('t(a)'), false)).to.deep.equal([plain[1]]);
  });
});
