import { expect } from 'chai';
import { type ConstraintRules, compareConstraints } from '../../../lib/checks/constraints.js';
import type { Table } from '../../../lib/schema/table.js';

const RULES: ConstraintRules = {
  foldName: (name) => name.toLowerCase(),
  foldExpression: (sql) => sql.replaceAll(' ', ''),
  foldType: (type) => type.replace('int4', 'integer'),
  mentions: (expression, name) => expression.includes(name),
  sqlOf: ({ kind, of }) => `${kind} ${of.name}`,
  addSql: (table, { of }) => [`add ${of.name} to ${table.name}`],
  alterSql: (_table, from, to) => (to.type === 'unsayable' ? [] : [`${from.type} to ${to.type}`]),
};

const column = (name: string, type = 'integer', nullable = true, isMetadata = false) => ({
  name,
  type,
  nullable,
  isMetadata,
});
const foreign = (name: string, columns: readonly string[], more: object = {}) => ({
  name,
  columns,
  target: { schema: undefined, name: 'up' },
  onDelete: 'no action',
  onUpdate: 'no action',
  ...more,
});
const index = (columns: readonly (string | undefined)[], more: object = {}) => ({
  unique: true,
  isValid: true,
  predicate: undefined,
  keys: columns.map((each) => ({ column: each })),
  ...more,
});

const table = (more: object = {}): Table =>
  ({
    schema: undefined,
    name: 't',
    columns: [column('a'), column('b')],
    primaryKey: undefined,
    uniques: [],
    foreignKeys: [],
    checks: [],
    exclusions: [],
    indexes: [],
    ...more,
  }) as unknown as Table;

const found = (expected: object, actual: object): readonly unknown[] =>
  compareConstraints([table(expected)], [table(actual)], RULES).map(({ code, table: of, mend }) => [
    code,
    of,
    ...(mend ?? ['nothing mends it']),
  ]);

const absent = (name: string): readonly unknown[] => [['CONSTRAINT_ABSENT', 't', `add ${name} to t`]];

describe('constraints of applied migrations', () => {
  it('are the same by what they hold, whatever they are called', () => {
    const one = {
      primaryKey: { name: 'k', columns: ['a', 'b'] },
      uniques: [{ name: 'u', columns: ['a'] }],
      foreignKeys: [foreign('f', ['b'])],
      checks: [{ name: 'c', expression: 'a > 1', isInherited: false }],
      exclusions: [{ name: 'x', definition: 'exclude (a)' }],
    };
    const other = {
      primaryKey: { name: 'k2', columns: ['B', 'A'] },
      uniques: [{ name: 'u2', columns: ['A'] }],
      foreignKeys: [foreign('f2', ['B'])],
      checks: [{ name: 'c2', expression: 'a>1', isInherited: false }],
      exclusions: [{ name: 'x2', definition: 'exclude(a)' }],
    };
    expect(found(one, other)).to.deep.equal([]);
    expect(found({}, other)).to.deep.equal([]);
    expect(found(one, {}).map((each) => (each as string[])[2])).to.deep.equal([
      'add k to t',
      'add u to t',
      'add c to t',
      'add x to t',
      'add f to t',
    ]);
    expect(compareConstraints([table(one)], [table({ name: 'v' })], RULES)).to.deep.equal([]);
    const [finding] = compareConstraints([table({ ...one, schema: 's' })], [table({ schema: 's' })], RULES);
    expect(finding?.message).to.include('s.t has not the constraint').and.to.include('primary key k');
    expect(finding?.table).to.equal('s.t');
  });

  it('differ by columns, by target, by action and by kind', () => {
    const key = { foreignKeys: [foreign('f', ['b'])] };
    for (const more of [
      { onDelete: 'cascade' },
      { onUpdate: 'cascade' },
      { target: { schema: 's', name: 'up' } },
      { columns: ['a'] },
    ])
      expect(found(key, { foreignKeys: [foreign('f', ['b'], more)] }), JSON.stringify(more)).to.deep.equal(
        absent('f'),
      );
    const unique = { uniques: [{ name: 'u', columns: ['a'] }] };
    expect(found(unique, { primaryKey: { name: 'k', columns: ['a'] } })).to.deep.equal(absent('u'));
    expect(found(unique, { uniques: [{ name: 'u', columns: ['a', 'b'] }] })).to.deep.equal(absent('u'));
    const check = (expression: string, isInherited = false) => ({ name: 'c', expression, isInherited });
    expect(found({ checks: [check('a > 1')] }, { checks: [check('a > 2')] })).to.deep.equal(absent('c'));
    // The parent's says it.
    expect(found({ checks: [check('a > 1', true)] }, {})).to.deep.equal([]);
    // Two that hold the same are two.
    expect(found({ checks: [check('a'), check('a')] }, { checks: [check('a')] })).to.deep.equal(absent('c'));
    expect(found({ checks: [check('a'), check('a')] }, { checks: [check('a'), check('a')] })).to.deep.equal(
      [],
    );
  });

  it('a unique index holds what a unique constraint does, when it is whole', () => {
    const unique = { uniques: [{ name: 'u', columns: ['b', 'a'] }] };
    expect(found(unique, { indexes: [index(['A', 'b'])] })).to.deep.equal([]);
    for (const no of [
      index(['a', 'b'], { unique: false }),
      index(['a', 'b'], { isValid: false }),
      index(['a', 'b'], { predicate: 'a > 1' }),
      index(['a', 'b', undefined]),
      index(['a']),
    ])
      expect(found(unique, { indexes: [no] }), JSON.stringify(no)).to.deep.equal(absent('u'));
  });

  it('are no news of a column that is gone', () => {
    const both = { uniques: [{ name: 'u', columns: ['a', 'b'] }] };
    expect(found(both, { columns: [column('A')] })).to.deep.equal([]);
    expect(found(both, { columns: [column('A'), column('B')] })).to.deep.equal(absent('u'));
    const one = { uniques: [{ name: 'u', columns: ['a'] }] };
    expect(found(one, { columns: [column('a')] })).to.deep.equal(absent('u'));
    expect(found(one, { columns: [column('b')] })).to.deep.equal([]);
    const others = {
      checks: [{ name: 'c', expression: 'b > 1', isInherited: false }],
      exclusions: [{ name: 'x', definition: 'exclude (b)' }],
    };
    expect(found(others, { columns: [column('a')] })).to.deep.equal([]);
    expect(found(others, { columns: [column('b')] })).to.deep.equal([...absent('c'), ...absent('x')]);
  });

  it('types and NULLs of columns that the migrations made', () => {
    const columns = (...all: readonly ReturnType<typeof column>[]) => ({ columns: all });
    expect(found(columns(column('a', 'int4')), columns(column('A', 'integer')))).to.deep.equal([]);
    expect(found(columns(column('a', 'text')), columns(column('a')))).to.deep.equal([
      ['COLUMN_DIFFERS', 't', 'integer to text'],
    ]);
    expect(found(columns(column('a', 'integer', false)), columns(column('a')))).to.deep.equal([
      ['COLUMN_DIFFERS', 't', 'integer to integer'],
    ]);
    expect(found(columns(column('a', 'unsayable')), columns(column('a')))).to.deep.equal([
      ['COLUMN_DIFFERS', 't', 'nothing mends it'],
    ]);
    // Another check's, and a migration's that has taken the name over.
    expect(found(columns(column('a', 'text', true, true)), columns(column('a')))).to.deep.equal([]);
    expect(found(columns(column('a', 'text')), columns(column('a', 'integer', true, true)))).to.deep.equal(
      [],
    );
    expect(found(columns(column('a'), column('b')), columns(column('a')))).to.deep.equal([]);
    const [finding] = compareConstraints(
      [table(columns(column('a', 'text', false)))],
      [table(columns(column('a', '')))],
      RULES,
    );
    expect(finding?.message).to.equal('t.a is no type, and the applied migrations make it text not null');
    expect(
      'mend' in (compareConstraints([table(columns(column('a', 'unsayable')))], [table()], RULES)[0] ?? {}),
    ).to.equal(false);
  });
});
