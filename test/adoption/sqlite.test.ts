import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { isKnexMetaError } from '../../lib/errors.js';
import { adoptTable, releaseTable, withMeta } from '../../lib/index.js';
import { freshSqlite } from '../support/databases.js';
import { FIVE } from './support.js';

describe('adoption by a rebuild (sqlite)', () => {
  let db: Knex;

  beforeEach(async () => {
    db = knex(withMeta((await freshSqlite()).config));
    await db.raw('pragma foreign_keys = on');
  });
  afterEach(() => db.destroy());

  const codeOf = (error: unknown): unknown => (isKnexMetaError(error) ? error.code : error);
  const adopted = (options: object = {}) =>
    adoptTable(db, { table: 'parent', columns: FIVE, ...options }).then(
      () => 'done',
      (error: unknown) => codeOf(error),
    );
  const schema = () => db.raw('select type, name, sql from sqlite_master order by rowid');

  it('keeps rows of tables that refer to it, triggers silent, AUTOINCREMENT, and each value as it is', async () => {
    await db.raw('create table parent (id integer primary key autoincrement, born, changed int default 0) ');
    await db.raw('create table child (parent_id references parent on delete cascade)');
    await db.raw('create table log (what)');
    await db.raw('create trigger own after update on parent begin insert into log values (1); end');
    const born = ['2020-01-02T03:04:05+02:00', '2020-01-02', 1577934245, 1577934245123, 1577934245.5, null];
    for (const value of born) await db.raw('insert into parent (born) values (?)', [value as string]);
    await db.raw('insert into child values (1)');
    await db.raw('delete from parent where id = 6');
    expect(await adopted({ createdAt: 'born', updatedAt: 'born' })).to.equal('done');
    const rows: readonly Record<string, unknown>[] = await db('parent').orderBy('id');
    expect(rows.map(({ created_at }) => created_at)).to.deep.equal([
      '2020-01-02T01:04:05.000Z',
      '2020-01-02T00:00:00.000Z',
      '2020-01-02T03:04:05.000Z',
      '2020-01-02T03:04:05.123Z',
      '2020-01-02T03:04:05.500Z',
    ]);
    expect(rows.map((row) => row.updated_at)).to.deep.equal(rows.map((row) => row.created_at));
    expect(rows.map((row) => row.born)).to.deep.equal(born.slice(0, 5));
    expect([await db('child'), await db('log')]).to.deep.equal([[{ parent_id: 1 }], []]);
    await db.raw('insert into parent (born) values (7)');
    expect((await db('parent').max('id as id'))[0]).to.deep.equal({ id: 7 });
  });

  it('refuses what is no instant, and what would break a view; the table is as it was', async () => {
    await db.raw('create table parent (id integer primary key, born text)');
    await db.raw("insert into parent (born) values ('2020-01-01'), ('last week'), ('20')");
    const before = await schema();
    expect(await adopted({ createdAt: 'born' })).to.equal('ADOPT_REFUSED');
    expect(await adopted({ createdAt: 'unborn' })).to.equal('ADOPT_REFUSED');
    expect(await adopted({ table: 'nobody' })).to.equal('ADOPT_REFUSED');
    expect(await adopted({ columns: ['born'] })).to.equal('META_OPTION_INVALID');
    expect(await adopted({ createdat: 'born' })).to.equal('META_OPTION_UNKNOWN');
    expect(await adopted({ createdAt: { zone: 'x' } })).to.equal('META_OPTION_INVALID');
    expect(await schema()).to.deep.equal(before);
    await db.raw('create view two (a, b) as select * from parent');
    const withView = await schema();
    expect(await adopted()).to.equal('ALTER_REFUSED');
    expect(await schema()).to.deep.equal(withView);
  });

  it('releases what it added and not what came before or since', async () => {
    await db.raw(
      'create table parent (id integer primary key, notes text, updated_at datetime) strict'.replace(
        ' strict',
        '',
      ),
    );
    await db.raw("insert into parent (notes, updated_at) values ('mine', '2001-02-03 04:05:06')");
    const before = await schema();
    expect(await adopted()).to.equal('done');
    expect(await adopted()).to.equal('done');
    await db('parent').update({ notes: 'still mine' });
    expect((await db('parent'))[0].updated_at)
      .to.be.a('string')
      .and.match(/^20[2-9]/);
    await releaseTable(db, { table: 'parent', columns: FIVE });
    expect(await db('parent')).to.have.length(1);
    expect(Object.keys((await db('parent'))[0])).to.deep.equal(['id', 'notes', 'updated_at']);
    const names = (rows: readonly { type: string; name: string }[]) =>
      rows.map(({ type, name }) => `${type} ${name}`);
    expect(names(await schema())).to.deep.equal(names(before));
    await releaseTable(db, { table: 'parent', columns: FIVE });
  });

  it('adopts STRICT tables, and writes instants as the configured clock does', async () => {
    await db.destroy();
    db = knex(
      withMeta({
        ...(await freshSqlite()).config,
        meta: { timestampUtc: 'CURRENT_TIMESTAMP' },
      } as Knex.Config),
    );
    await db.raw('create table parent (id integer primary key, born text) strict');
    await db.raw("insert into parent (born) values ('2020-01-02T03:04:05.678Z')");
    expect(await adopted({ createdAt: 'born' })).to.equal('done');
    expect((await db('parent'))[0].created_at).to.equal('2020-01-02 03:04:05');
  });
});
