import { expect } from 'chai';
import { closeAll, makeProject, run } from '../reliability/support.js';
import { testEngines } from '../support/databases.js';

describe('lint of a table that SQLite builds anew', function () {
  this.timeout(60_000);
  afterEach(closeAll);
  const engine = testEngines.find(({ name }) => name === 'sqlite') as (typeof testEngines)[number];

  /** Each with another kind of key. */
  const TABLES: Readonly<Record<string, string>> = {
    rowid: 'create table rowid_ (id integer primary key autoincrement, word text)',
    text_key: 'create table text_key (id text primary key, word text)',
    below: 'create table below (id integer, other text, word text, primary key (id, other))',
    without: 'create table without_ (id text primary key, word text) without rowid',
    required: 'create table required (id integer not null primary key, word text)',
  };

  it('finds what becomes NOT NULL, and nothing of the keys that were there', async () => {
    const project = await makeProject(engine);
    const db = project.open();
    for (const sql of Object.values(TABLES)) await db.raw(sql);
    const names: readonly { name: string }[] = await db.raw(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite%'",
    );
    const calls = names
      .map(
        ({ name }) =>
          `await adoptTable(k, { table: '${name}', columns: ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'] });`,
      )
      .join('\n');
    project.write({
      '1_adopt.mjs': `import { adoptTable } from '${new URL('../../dist/lib/index.js', import.meta.url).href}';
export const up = async (k) => {
${calls}
};
export const down = async () => {};`,
      '2_more.cjs': `exports.up = async (k) => { await k.raw('alter table text_key modify column word text not null'); };
exports.down = async () => {};`,
    });
    const { stdout, stderr } = await run(project, 'lint', '--json');
    const { findings } = JSON.parse(stdout || stderr);
    const told = findings
      .filter(({ code }: { code: string }) => code !== 'REBUILD')
      .map(({ code, table, migration }: { code: string; table: string; migration: string }) =>
        [migration, code, table].join(' '),
      );
    expect(told).to.deep.equal(['2_more.cjs SET_NOT_NULL text_key']);
    expect(findings.filter(({ code }: { code: string }) => code === 'REBUILD').length).to.be.greaterThan(5);
  });
});
