import { expect } from 'chai';
import { read } from '../../lib/engines/postgresql/lint/read.js';

const kindsOf = async (sql: string): Promise<readonly string[]> =>
  (await read(sql, false)).flatMap(({ actions }) => actions.map(({ kind }) => kind));

describe('lint reads names that became keywords in a newer server', () => {
  for (const [sql, kinds] of [
    ['create table t (id int, system_user boolean)', ['createTable']],
    ['alter table users add column system_user boolean', ['addColumn']],
    ['create index i on users (System_User)', ['createIndex']],
    ['update users set system_user = true where system_user is null', ['updateRows']],
    ['create function json_value(a int) returns int language sql as $$ select 1 $$', []],
    ['select json_scalar(1, 2), merge_action(x) from t', []],
    // What no server understands is told in the words of the first attempt.
    ['create tabel t (system_user boolean)', ['unread']],
  ] as const) {
    it(sql, async () => {
      expect(await kindsOf(sql)).to.deep.equal(kinds);
    });
  }

  it('and what they mean to a newer one', async () => {
    expect(await kindsOf('create table t (who text default system_user)')).to.deep.equal(['createTable']);
    expect(await kindsOf("select json_object('a' : 1), json_value('{}', '$.a')")).to.deep.equal([]);
  });
});
