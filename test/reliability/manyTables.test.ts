import { expect } from 'chai';
import pg from 'pg';
import { sandbox } from '../../lib/engines/postgresql/sandbox/index.js';
import { testEngines } from '../support/databases.js';
import { closeAll, makeProject, type TestProject } from './support.js';

const engine = testEngines[1] as (typeof testEngines)[number];

const up = (body: string): string => `exports.up = async (k) => { ${body} };\nexports.down = async () => {};`;

/** Tables with a sequence, a key, an index and a row each, and some that the hook makes. */
const tables = (count: number): string =>
  up(`await k.raw("do $$ begin for i in 1..${count} loop execute format('create table t%s (id serial primary key, word text, parent int references t%s); create index on t%s (word); insert into t%s (word) values (''x'')', i, (i + 9) / 10, i, i); end loop; end $$");
    for (let i = 0; i < 5; i += 1) await k.schema.createTable('hooked_' + i, (t) => { t.increments(); });`);

async function projectWith(count: number): Promise<TestProject> {
  const project = await makeProject(engine, { '1_tables.cjs': tables(count) });
  await project.migrator().latest();
  return project;
}

/** What is sent to temporary databases meanwhile. */
async function sentToCopies(act: () => Promise<void>): Promise<readonly string[]> {
  const { query } = pg.Client.prototype;
  const sent: string[] = [];
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const first = args[0] as string | { readonly text: string };
    if (this.database?.startsWith('knex_meta_throwaway_'))
      sent.push(typeof first === 'string' ? first : first.text);
    return (query as (...all: readonly unknown[]) => unknown).apply(this, args);
  } as typeof query;
  try {
    await act();
  } finally {
    pg.Client.prototype.query = query;
  }
  return sent;
}

describe('a plan on a database with many tables', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it('sends tables, triggers, rows and sequences in few messages, and short ones', async () => {
    const counts: number[] = [];
    for (const count of [100, 400]) {
      const project = await projectWith(count);
      project.write({ '2_more.cjs': up("await k.raw('alter table t1 add more int');") });
      const sent = await sentToCopies(async () => {
        const { migrations, doubts } = await project.migrator().plan();
        expect([doubts, migrations[0]?.statements]).to.deep.equal([[], ['alter table t1 add more int']]);
      });
      const loops = sent.join('\n').match(/<<tables>>/g) ?? [];
      expect(loops.length, 'the text of the trigger loop').to.equal(1);
      counts.push(sent.length);
    }
    const [few = 0, many = 0] = counts;
    expect(few).to.be.below(60);
    expect(many - few, `${few} and ${many}`).to.be.at.most(12);
  });

  it('has rows, positions of sequences and triggers in the copy, and no function of ours', async () => {
    const project = await projectWith(150);
    project.write({
      '2_asks.cjs': up(`
        const one = async (sql) => (await k.raw(sql)).rows[0].n;
        const found = [
          await one("select count(*)::int as n from t150"), await one("select nextval('t150_id_seq')::int as n"),
          await one("select count(*)::int as n from pg_trigger where tgname = 'update_timestamp'"),
          await one("select count(*)::int as n from pg_proc where proname like 'knex_meta_reconcile%'"),
        ];
        if (String(found) !== '1,2,5,0') throw new Error(String(found));
        await k.raw('alter table t1 add more int');`),
    });
    const { migrations } = await project.migrator().plan();
    expect(migrations[0]?.unseenTables).to.deep.equal([]);
  });

  it('leaves out rows that the copy refuses, and those that refer to them, and no others', async () => {
    const project = await projectWith(60);
    await project
      .open()
      .raw(
        'create table refused (id int primary key); insert into refused values (1); alter table refused add check (id > 1) not valid; create table refers (id int references refused); insert into refers values (1)',
      );
    project.write({
      '2_reads.cjs': up(
        "for (const name of ['refused', 'refers', 't1', 't30', 't60']) await k(name).select(); await k.raw('alter table t1 add more int');",
      ),
    });
    const sent = await sentToCopies(async () => {
      const { migrations } = await project.migrator().plan();
      expect([...(migrations[0]?.unseenTables ?? [])].sort()).to.deep.equal(['refers', 'refused']);
    });
    expect(sent.filter((sql) => /^insert into "public"/.test(sql)).length).to.be.within(2, 16);
  });

  it('reads the catalog in a way that does not depend on statistics', async () => {
    const project = await makeProject(engine);
    const setting = await sandbox.copier?.reading(project.open(), async (trx) => {
      const { rows } = await trx.raw('show enable_nestloop');
      return rows[0].enable_nestloop;
    });
    expect(setting).to.equal('off');
  });
});
