import { expect } from 'chai';
import { columnsRenamedWith } from '../../../lib/diff/candidates.js';
import { type DiffOptions, diff } from '../../../lib/diff/index.js';
import { engines } from '../../../lib/engines/registry.js';
import { EMPTY_SCHEMA } from '../../../lib/engines/scratch.js';
import { isKnexMetaError } from '../../../lib/errors.js';
import { describe as describeOperation } from '../../../lib/operations/describe.js';
import type { DatabaseSchema } from '../../../lib/schema/database.js';
import type { Table } from '../../../lib/schema/table.js';
import { column, foreignKey } from '../../support/introspection.js';

const how = engines[0]!.changes.comparison;

const table = (name: string, columns: readonly string[], more: Partial<Table> = {}): Table => ({
  schema: 'public',
  name,
  comment: undefined,
  extension: undefined,
  columns: columns.map((each) => column(each, 'integer')),
  primaryKey: undefined,
  uniques: [],
  foreignKeys: [],
  checks: [],
  exclusions: [],
  indexes: [],
  triggers: [],
  partitionedBy: undefined,
  partitionOf: undefined,
  inherits: [],
  isUnlogged: false,
  rowSecurity: 'off',
  isStrict: false,
  isWithoutRowid: false,
  options: [],
  dependsOn: [],
  ...more,
});

const schema = (...tables: readonly Table[]): DatabaseSchema => ({
  ...EMPTY_SCHEMA,
  schemas: [{ name: 'public', comment: undefined, extension: undefined }],
  tables,
});

const lines = (actual: DatabaseSchema, desired: DatabaseSchema, options: DiffOptions = {}) =>
  diff(actual, desired, how, options).operations.map((operation) => describeOperation(operation, 'public'));

const named = (name: string) => ({ schema: 'public', name });

describe('diff', () => {
  it('leaves the tables of Knex and of knex-meta alone, whatever they are called', () => {
    const actual = schema(
      table('knex_migrations', ['id', 'name', 'batch', 'migration_time']),
      table('knex_migrations_lock', ['index', 'is_locked']),
      table('my_migrations', ['id', 'name', 'batch', 'migration_time']),
      table('my_migrations_journal', ['id', 'checksum']),
      table('history', ['a']),
    );
    expect(lines(actual, schema(), { ownTables: ['history'] })).to.deep.equal([]);
  });

  it('leaves what is excluded, what belongs to an extension and what is in partitions, and names it', () => {
    const actual = schema(
      table('users', ['id']),
      table('spatial_ref_sys', ['id'], { extension: 'postgis' }),
      table('events', ['id'], { partitionedBy: 'RANGE (id)' }),
      table('events_1', ['id'], { partitionOf: { parent: named('events'), bounds: '' } }),
      table('other_tool', ['id']),
    );
    const { operations, unmanaged } = diff(
      actual,
      schema(table('users', ['id']), table('events', ['id'])),
      how,
      {
        includes: ({ name }) => !name.startsWith('other_'),
      },
    );
    expect(operations).to.deep.equal([]);
    expect(unmanaged.map(({ name }) => name)).to.deep.equal([
      'public.spatial_ref_sys',
      'public.events',
      'public.events_1',
    ]);
  });

  it('names what it does not compare and what no model has', () => {
    const actual: DatabaseSchema = {
      ...schema(table('users', ['id'])),
      others: [
        {
          kind: 'policy',
          ...named('own'),
          table: 'users',
          extension: undefined,
          definition: undefined,
          drop: undefined,
        },
      ],
      views: [
        {
          ...named('report'),
          comment: undefined,
          extension: undefined,
          isMaterialized: false,
          columns: [],
          definition: 'select 1',
          options: [],
          isPopulated: true,
          attached: [],
          indexes: [],
          triggers: [],
          dependsOn: [],
        },
      ],
    };
    const { operations, unmanaged } = diff(actual, schema(table('users', ['id'])), how);
    expect(operations).to.deep.equal([]);
    expect(unmanaged.map(({ kind, name }) => `${kind} ${name}`)).to.deep.equal([
      'policy users.own',
      'view public.report',
    ]);
    expect(lines(actual, schema(table('users', ['id'])), { leave: [] })).to.deep.equal([
      'removed view report',
    ]);
  });

  it('never guesses a rename: it drops, adds, and gives the pair to be asked', () => {
    const [actual, desired] = [
      schema(table('users', ['id', 'name'])),
      schema(table('users', ['id', 'full_name'])),
    ];
    const { operations, candidates } = diff(actual, desired, how);
    expect(operations.map(({ kind }) => kind)).to.deep.equal(['column', 'column']);
    expect(candidates).to.deep.equal([
      { kind: 'column', table: named('users'), from: 'name', to: 'full_name' },
    ]);
    const told = diff(actual, desired, how, { renames: candidates });
    expect(told.operations.map(({ kind }) => kind)).to.deep.equal(['renameColumn']);
    expect(told.candidates).to.deep.equal([]);
    // The model may say it for ever.
    expect(diff(desired, desired, how, { renames: candidates }).operations).to.deep.equal([]);
  });

  it('asks about tables with like columns, and not about others', () => {
    const actual = schema(table('people', ['id', 'name']), table('logs', ['a', 'b']));
    const desired = schema(table('users', ['id', 'name', 'age']));
    expect(diff(actual, desired, how).candidates).to.deep.equal([
      { kind: 'table', from: named('people'), to: named('users') },
    ]);
  });

  it('asks about a table whose columns were renamed with it, and about one that a foreign key goes to', () => {
    const of = (types: Readonly<Record<string, string>>) => ({
      columns: Object.entries(types).map(([name, type]) => column(name, type)),
    });
    const tables = (actual: DatabaseSchema, desired: DatabaseSchema) => {
      const { candidates, operations } = diff(actual, desired, how);
      return candidates.map((each) => [
        `${each.kind} ${JSON.stringify(each.from)} ${JSON.stringify(each.to)}`.replaceAll(
          /"schema":"public",/g,
          '',
        ),
        ...columnsRenamedWith(each, operations, how).map(({ from, to }) => `${from} ${to}`),
      ]);
    };
    const teams = table(
      'teams',
      [],
      of({ id: 'integer', title: 'varchar(40)', about: 'text', boss: 'integer' }),
    );
    const groups = table(
      'groups',
      [],
      of({ id: 'integer', name: 'varchar(80)', text: 'text', boss: 'integer' }),
    );
    expect(tables(schema(teams), schema(groups))).to.deep.equal([
      ['table {"name":"teams"} {"name":"groups"}', 'title name', 'about text'],
    ]);
    // Every column has another name, and all are alike in their order.
    const crews = table(
      'crews',
      [],
      of({ no: 'integer', name: 'varchar(80)', text: 'text', head: 'integer' }),
    );
    expect(tables(schema(teams), schema(crews))).to.deep.equal([
      ['table {"name":"teams"} {"name":"crews"}', 'id no', 'title name', 'about text', 'boss head'],
    ]);
    // Half of it is gone, and a key that went to the one goes to the other.
    const members = (name: string, target: string) =>
      table('members', ['id', name], {
        foreignKeys: [foreignKey(`members_${name}_foreign`, [name], named(target))],
      });
    const small = table('groups', [], of({ id: 'integer', label: 'varchar(80)' }));
    expect(
      tables(schema(teams, members('team', 'teams')), schema(small, members('crew', 'groups'))),
    ).to.deep.equal([['table {"name":"teams"} {"name":"groups"}', 'title label'], ['column "team" "crew"']]);
    expect(tables(schema(teams), schema(small))).to.deep.equal([]);
  });

  it('asks about a column that was renamed and got a longer or wider type, and not about one of another kind', () => {
    const one = (name: string, type: string, more = {}) =>
      schema(table('users', [], { columns: [column('id', 'integer'), column(name, type, more)] }));
    const found = (from: string, to: string) => diff(one('a', from), one('b', to), how).candidates.length;
    expect(
      [
        ['varchar(20)', 'varchar(40)'],
        ['varchar(20)', 'text'],
        ['integer', 'bigint'],
        ['numeric(10, 2)', 'numeric(12,4)'],
        ['date', 'datetime'],
        ['text', 'integer'],
        ['blob', 'text'],
        ['boolean', 'date'],
      ].map(([from = '', to = '']) => found(from, to)),
    ).to.deep.equal([1, 1, 1, 1, 1, 0, 0, 0]);
    const generated = { expression: 'id + 1', kind: 'stored' };
    expect(diff(one('a', 'integer', { generated }), one('b', 'integer'), how).candidates).to.deep.equal([]);
  });

  it('refuses a rename of what is not there', () => {
    const database = schema(table('users', ['id']));
    for (const rename of [
      { kind: 'table' as const, from: named('nobody'), to: named('somebody') },
      { kind: 'column' as const, table: named('users'), from: 'a', to: 'b' },
      { kind: 'enumValue' as const, type: named('mood'), from: 'a', to: 'b' },
    ]) {
      let caught: unknown;
      try {
        diff(database, database, how, { renames: [rename] });
      } catch (error) {
        caught = error;
      }
      expect(isKnexMetaError(caught) && caught.code).to.equal('RENAME_UNKNOWN');
    }
  });

  it('says when a table lacks the metadata columns', () => {
    const actual = schema(table('users', ['id']));
    const metadata = column('notes', 'text', { isMetadata: true });
    const desired = schema(table('users', ['id'], { columns: [column('id', 'integer'), metadata] }));
    const { operations, unmanaged } = diff(actual, desired, how);
    expect(operations).to.deep.equal([]);
    expect(unmanaged.map(({ kind }) => kind)).to.deep.equal(['metadata columns']);
  });
});
