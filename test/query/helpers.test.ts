import '../../lib/query/augment.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knexModule, { type Knex } from 'knex';
import type { KnexMetaError } from '../../lib/index.js';
import { helpers } from '../../lib/query/helpers.js';
import { installQueryHelpers } from '../../lib/query/index.js';
import { onEachEngine, pause } from '../conformance/support.js';
import { ROOT } from '../support/commandLine.js';

installQueryHelpers();

function thrown(act: () => unknown): KnexMetaError {
  try {
    act();
  } catch (error) {
    return error as KnexMetaError;
  }
  return expect.fail('no error');
}

async function makePeople(db: Knex): Promise<void> {
  await db.schema.createTable('teams', (t) => void t.integer('id').primary());
  await db.schema.createTable('people', (t) => {
    t.integer('id').primary();
    t.integer('team_id').references('teams.id');
  });
  await db('teams').insert([{ id: 1 }, { id: 2 }]);
  await db('people').insert([1, 2, 3].map((id) => ({ id, team_id: id === 3 ? 2 : 1 })));
}

onEachEngine('query helpers', (open, engine) => {
  const RENAMED = { columns: { is_active: 'alive', is_flagged: { name: 'watched' } } };
  for (const [title, meta] of [
    ['standard names', {}],
    ['names of the project’s own', RENAMED],
  ] as const) {
    it(`softDelete, restore, flag, unflag, and the conditions: ${title}`, async () => {
      const db = open(meta);
      await makePeople(db);
      const ids = (query: Knex.QueryBuilder) => query.orderBy('id').pluck('id');
      expect(await db('people').where('id', '<', 3).softDelete()).to.equal(2);
      expect(await ids(db('people').active())).to.deep.equal([3]);
      expect(await ids(db('people').inactive())).to.deep.equal([1, 2]);
      expect(await db('people').whereIn('id', [2, 3]).restore()).to.equal(1);
      expect(await ids(db('people').active())).to.deep.equal([2, 3]);
      expect(await db('people').where({ id: 2 }).flag()).to.equal(1);
      expect(await ids(db('people').flagged())).to.deep.equal([2]);
      expect(await db('people').unflag()).to.equal(1);
      expect(await ids(db('people').flagged())).to.deep.equal([]);
      expect(await db('people').where({ id: 2 }).softDelete().returning('id')).to.deep.equal([{ id: 2 }]);
    });
  }

  it('what is deleted already keeps its updated_at', async () => {
    const db = open();
    await makePeople(db);
    await db('people').where({ id: 1 }).softDelete();
    const { updated_at: when } = await db('people').where({ id: 1 }).first();
    await pause();
    expect(await db('people').softDelete()).to.equal(2);
    expect((await db('people').where({ id: 1 }).first()).updated_at).to.deep.equal(when);
  });

  it('joins: the column is that of the query’s table, or of the one that is named', async () => {
    const db = open();
    await makePeople(db);
    await db('teams').where({ id: 2 }).softDelete();
    await db('people').where({ id: 1 }).softDelete();
    const count = async (query: Knex.QueryBuilder) => (await query.select('teams.id')).length;
    const joined = () => db('people').join('teams', 'teams.id', 'people.team_id');
    expect(await count(joined().active())).to.equal(2);
    expect(await count(joined().active().active('teams'))).to.equal(1);
    expect(await count(db('people as p').join('teams', 'teams.id', 'p.team_id').active())).to.equal(2);
    expect(await count(db({ p: 'people' }).join('teams', 'teams.id', 'p.team_id').active())).to.equal(2);
    const ref = db.ref('people').as('p') as unknown as string;
    expect(await count(db(ref).join('teams', 'teams.id', 'p.team_id').active())).to.equal(2);
    const sub = db(db('people').as('s')).join('teams', 'teams.id', 's.team_id');
    expect(await count(sub.active())).to.equal(2);
    expect(await db('people AS p').where('p.id', 2).softDelete()).to.equal(1);
    if (engine === 'postgresql') {
      const inSchema = db.withSchema('public').from('people').join('teams', 'teams.id', 'people.team_id');
      expect(await count(inSchema.active())).to.equal(1);
      expect(await db('public.people').active()).to.have.length(1);
    }
    expect(await db.from('people').where((q) => q.active('people').orWhere('id', 1))).to.have.length(2);
  });

  it('conditions with OR before it do not let others through', async () => {
    const db = open();
    await makePeople(db);
    await db('people').where({ id: 1 }).softDelete();
    expect(await db('people').where({ id: 1 }).orWhere({ id: 3 }).active().pluck('id')).to.deep.equal([3]);
    expect(await db('people').where({ id: 1 }).orWhere({ id: 3 }).softDelete()).to.equal(1);
    expect(await db('people').active().pluck('id')).to.deep.equal([2]);
    expect(await db('people').orWhere({ id: 2 }).active().pluck('id')).to.deep.equal([2]);
  });

  it('an UPDATE that would reach more rows than the query means is refused', async () => {
    const db = open();
    await makePeople(db);
    const queries: Readonly<Record<string, (query: Knex.QueryBuilder) => Knex.QueryBuilder>> = {
      join: (query) => query.join('teams', 'teams.id', 'people.team_id').where('teams.id', 2),
      leftJoin: (query) => query.leftJoin('teams', 'teams.id', 'people.team_id'),
      limit: (query) => query.orderBy('id').limit(1),
      first: (query) => query.first(),
      offset: (query) => query.offset(1),
      groupBy: (query) => query.groupBy('id'),
      having: (query) => query.having('id', '>', 1),
      union: (query) => query.union(db('people')),
    };
    for (const [name, narrow] of Object.entries(queries)) {
      for (const method of ['softDelete', 'restore', 'flag', 'unflag'] as const) {
        const before = thrown(() => narrow(db('people'))[method]());
        expect(before, name).to.have.property('code', 'QUERY_REFUSED');
        expect(before.message).to.include(`.${method}()`);
        if (name === 'first') continue;
        const after = await narrow(db('people')[method]()).then(
          () => expect.fail(`${name} after ${method}`),
          (error: KnexMetaError) => error,
        );
        expect(after, name).to.have.property('code', 'QUERY_REFUSED');
      }
    }
    expect(await db('people').active()).to.have.length(3);
    const chosen = db('people').join('teams', 'teams.id', 'people.team_id').where('teams.id', 2);
    expect(await db('people').whereIn('id', chosen.select('people.id')).softDelete()).to.equal(1);
    expect(await db('people').inactive().pluck('id')).to.deep.equal([3]);
  });

  it('in transactions, and on a Knex without the hook', async () => {
    const db = open(RENAMED);
    await makePeople(db);
    await db.transaction(async (trx) => {
      expect(await trx('people').where({ id: 1 }).softDelete()).to.equal(1);
    });
    expect(db('t').active().toQuery()).to.include('alive');
    const plain = knexModule({ client: db.client.config.client, useNullAsDefault: true });
    expect(plain('t').active().toQuery()).to.include('is_active');
  });

  it('says so when the configuration leaves the column out', () => {
    const db = open({ columns: { is_flagged: false } });
    const error = thrown(() => db('t').flag());
    expect(error.code).to.equal('METADATA_COLUMN_OMITTED');
    expect(error.message).to.include('.flag()').and.to.include('meta.columns.is_flagged');
    expect(db('t').active().toQuery()).to.include('is_active');
  });
});

describe('installQueryHelpers', () => {
  it('does nothing the second time, from another copy of the package too', async () => {
    installQueryHelpers();
    const copy: { installQueryHelpers: () => void } = await import(
      `../../lib/query/install.js?${Date.now()}`
    );
    expect(copy.installQueryHelpers).not.to.equal(installQueryHelpers);
    copy.installQueryHelpers();
  });

  it('installs nothing where a name is taken', () => {
    const installed: string[] = [];
    const other = Object.assign(() => ({ queryBuilder: () => ({ flag: () => {} }) }), {
      QueryBuilder: { extend: (name: string) => void installed.push(name) },
    });
    const error = thrown(() => installQueryHelpers(other as never));
    expect(error.code).to.equal('QUERY_METHOD_TAKEN');
    expect(error.message).to.include('.flag()');
    expect(installed).to.deep.equal([]);
  });

  it('each method has its type, and a type each method', () => {
    const text = readFileSync(join(ROOT, 'lib/query/augment.ts'), 'utf8');
    const declared = [...text.matchAll(/^ {6}(\w+)\(/gm)].map((match) => match[1]);
    expect(declared).to.deep.equal(Object.keys(helpers));
  });
});
