import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { diff } from '../../lib/diff/index.js';
import { engineForClient } from '../../lib/engines/registry.js';
import { defineMaterializedView, defineModel, defineView, withMeta } from '../../lib/index.js';
import type { AnyModel } from '../../lib/models/definition.js';
import { readDesired } from '../../lib/models/desired.js';
import { generate } from '../../lib/render/generate.js';
import { testEngines } from '../support/databases.js';
import { loadText } from '../support/loop.js';

const engine = engineForClient('pg');
const server = testEngines.find(({ name }) => name === 'postgresql');

/** Writes a migration from the models, runs it, and proves that nothing is left to do. */
async function migrate(db: Knex, models: readonly AnyModel[]) {
  if (engine === undefined) throw new Error('no engine');
  const compare = async () => {
    const { actual, schema, written } = await readDesired(engine, db, Promise.resolve(models), {});
    const { operations } = diff(actual, schema, engine.changes.comparison, { leave: [] });
    return { actual, operations, written };
  };
  const { actual, operations, written } = await compare();
  const text = generate(engine.changes, operations, actual, 'esm', undefined, undefined, undefined, written);
  const migration = await loadText(text);
  await db.transaction((trx) => migration.up(trx));
  expect((await compare()).operations, text).to.deep.equal([]);
  const [, up = '', down = ''] = /up\(knex\)([\s\S]*)export async function down([\s\S]*)/.exec(text) ?? [];
  return { up, down, undo: () => db.transaction((trx) => migration.down(trx)) };
}

type Columns = (t: Knex.CreateTableBuilder) => unknown;

const rels = (first: Columns = () => {}, last: Columns = () => {}, length = 20) =>
  defineModel(
    'rels',
    (t, db) => {
      t.increments('id');
      first(t);
      t.string('kind', length).notNullable();
      t.integer('rel');
      last(t);
      t.check("kind <> 'bar' OR rel IS NOT NULL", {}, 'ck_ne');
      t.check(
        `case when kind in ('a', 'b')
    then rel > 0 -- of these
    else true end`,
        {},
        'ck_case',
      );
      t.unique(['rel'], {
        indexName: 'one_rel',
        useConstraint: false,
        predicate: db.whereRaw("kind = 'only'"),
      });
    },
    {
      sql: [
        "alter table rels add constraint ck_question check (kind !~ '^b?$')",
        'alter table rels add constraint "Named so" check (kind <> \'x\' -- the last\n)',
        "create index by_kind on only rels (lower(kind)) where (rel > 1) and kind = any (array['a'])",
      ],
    },
  );

describe('words of the models in generated files', function () {
  this.timeout(60_000);
  let db: Knex;
  beforeEach(async () => {
    db = knex(withMeta((await server!.fresh()).config));
  });
  afterEach(() => db.destroy());

  it('checks, conditions of indexes and views stand as their author wrote them, up and down', async () => {
    const views = [
      defineView('everything', 'select *, rel * 2 as twice, count(*) over () from rels'),
      defineView('a_few', "select r.kind k from rels r where kind = 'a' and r.rel in (1, 2)"),
      defineView('renamed', 'select kind from rels', {
        columns: ['word'],
        options: ['security_barrier=true'],
      }),
      defineMaterializedView('kinds', "select distinct kind from rels where kind <> 'b'\n  order by kind", {
        indexes: ["create unique index kinds_kind on kinds (kind) where kind <> 'z'"],
      }),
    ];
    const first = await migrate(db, [rels(), ...views]);
    for (const said of [
      `t.check("kind <> 'bar' OR rel IS NOT NULL", {}, 'ck_ne');`,
      "case when kind in ('a', 'b')\n    then rel > 0 -- of these\n    else true end",
      `predicate: knex.whereRaw("kind = 'only'")`,
      "where (rel > 1) and kind = any (array['a'])",
      'create view everything as select *, rel * 2 as twice, count(*) over () from rels',
      "create view a_few as select r.kind k from rels r where kind = 'a' and r.rel in (1, 2)",
      'create view renamed with (security_barrier=true) as',
      "as\nselect distinct kind from rels where kind <> 'b'\n  order by kind",
    ])
      expect(first.up.includes(said), `${said}\n${first.up}`).to.equal(true);
    // A text with a place of Knex's, and one whose end is a comment, are the server's.
    expect(first.up).to.include("(kind)::text <> 'x'::text").and.to.include("(kind)::text !~ '^b");

    await db('rels').insert({ kind: 'a', rel: 1 });
    const second = await migrate(db, [rels(undefined, (t) => t.bigInteger('more')), ...views]);
    // The star has the new column behind the others here, and the model says it there.
    expect(second.up).to.include('create view everything as select *, rel * 2');
    expect(second.down).to.include('SELECT id,').and.to.not.include('select *');
    await second.undo();

    // What a wider type is in the way of comes back in the same words, in both directions.
    const third = await migrate(db, [rels(undefined, undefined, 30), ...views]);
    for (const text of [third.up, third.down])
      expect(text)
        .to.include('create view a_few as select r.kind k from rels r')
        .and.to.include('create view everything as select *, rel * 2 as twice');
    await third.undo();
    await first.undo();
  });

  it('a star is written out where the columns have another order than in the model', async () => {
    const all = defineView('everything', 'select * from rels');
    await migrate(db, [rels(), all]);
    const { up } = await migrate(db, [rels((t) => t.integer('early')), all]);
    expect(up).to.include('SELECT').and.to.include('early').and.to.not.include('select *');
    const [row] = await db('rels').insert({ kind: 'a', rel: 1, early: 3 }).returning('id');
    expect(await db('everything').first('id', 'early', 'rel')).to.deep.equal({
      id: row.id,
      early: 3,
      rel: 1,
    });
  });
});
