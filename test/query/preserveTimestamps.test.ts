import { spawn } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { type KnexMetaError, preserveTimestamps, withMeta } from '../../lib/index.js';
import { engineOf } from '../../lib/migrator/settings.js';
import { onEachEngine, pause, triggersOf } from '../conformance/support.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';

const LONG_AGO = '2001-02-03T04:05:06.789Z';
const LATER = '2002-02-03T04:05:06.789Z';

async function stampOf(db: Knex, id: number, table = 't', column = 'updated_at'): Promise<string> {
  return new Date((await db(table).where({ id }).first())[column]).toISOString();
}

const failure = (promise: PromiseLike<unknown>): Promise<KnexMetaError> =>
  Promise.resolve(promise).then(
    () => expect.fail('no error'),
    (error: KnexMetaError) => error,
  );

/** Whether an update moves the row's stamp away from where it was. */
async function stamps(db: Knex, id: number, table = 't'): Promise<boolean> {
  const before = await stampOf(db, id, table);
  await pause();
  await db(table).where({ id }).update({ label: 'moved' });
  return (await stampOf(db, id, table)) !== before;
}

async function makeTables(db: Knex, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await db.schema.createTable(name, (t) => {
      t.integer('id').primary();
      t.string('label');
    });
    await db(name).insert([
      { id: 1, label: 'a' },
      { id: 2, label: 'b' },
    ]);
  }
}

onEachEngine('preserveTimestamps', (open, engine) => {
  const given = { created_at: LONG_AGO, updated_at: LONG_AGO };

  for (const onExplicitUpdate of ['stamp', 'keep'] as const) {
    it(`rows keep what they are given: insert, update, upsert, twice (${onExplicitUpdate})`, async () => {
      const db = open({ onExplicitUpdate });
      await makeTables(db, 't', 'odd "name` of $ a; table');
      for (const table of ['t', 'odd "name` of $ a; table']) {
        // Run twice, a restore ends as it did the first time.
        for (let run = 0; run < 2; run += 1) {
          const returned = await db.transaction((trx) =>
            preserveTimestamps(trx, async (same) => {
              expect(same).to.equal(trx);
              await trx(table)
                .where({ id: 1 })
                .update({ label: 'x', ...given });
              await trx(table)
                .insert([
                  { id: 2, label: 'y', ...given },
                  { id: 3, label: 'z', ...given },
                ])
                .onConflict('id')
                .merge();
              return 'done';
            }),
          );
          expect(returned).to.equal('done');
          for (const id of [1, 2, 3]) {
            expect(await stampOf(db, id, table), `${table} ${id}`).to.equal(LONG_AGO);
            expect(await stampOf(db, id, table, 'created_at')).to.equal(LONG_AGO);
          }
        }
        expect(await stamps(db, 1, table)).to.equal(true);
      }
    });
  }

  it('an insert without them gets the present instant, an update without them leaves them', async () => {
    const db = open();
    await makeTables(db, 't');
    const before = await stampOf(db, 1);
    await pause();
    await db.transaction((trx) =>
      preserveTimestamps(trx, async () => {
        await trx('t').insert({ id: 3, label: 'new' });
        await trx('t').where({ id: 1 }).update({ label: 'x' });
      }),
    );
    expect(await stampOf(db, 1)).to.equal(before);
    expect(Math.abs(Date.parse(await stampOf(db, 3)) - Date.now())).to.be.lessThan(60_000);
  });

  it('the same transaction stamps before and after it, nested calls and calls at once included', async () => {
    const db = open();
    await makeTables(db, 't');
    await db.transaction(async (trx) => {
      await trx('t').where({ id: 1 }).update({ label: 'x', updated_at: LONG_AGO });
      expect(await stampOf(trx, 1)).not.to.equal(LONG_AGO);
      await preserveTimestamps(trx, async () => {
        await preserveTimestamps(trx, () => trx('t').where({ id: 1 }).update(given));
        await trx.transaction(async (child) => {
          await preserveTimestamps(child, () => child('t').where({ id: 2 }).update(given));
          await child('t').where({ id: 2 }).update({ updated_at: LATER });
        });
        await trx('t').where({ id: 1 }).update({ updated_at: LATER });
      });
      expect(await stampOf(trx, 1)).to.equal(LATER);
      expect(await stampOf(trx, 2)).to.equal(LATER);
      await trx('t').where({ id: 2 }).update({ label: 'y', updated_at: LONG_AGO });
      expect(await stampOf(trx, 2)).not.to.equal(LONG_AGO);
      await Promise.all(
        [1, 2].map((id) =>
          preserveTimestamps(trx, async () => {
            await pause();
            await trx('t').where({ id }).update(given);
            await pause();
            await trx('t').where({ id }).update({ updated_at: LATER });
          }),
        ),
      );
      expect(await stampOf(trx, 1)).to.equal(LATER);
      expect(await stampOf(trx, 2)).to.equal(LATER);
      expect(await stamps(trx, 1)).to.equal(true);
      await trx('t').where({ id: 1 }).update({ updated_at: LONG_AGO });
      expect(await stampOf(trx, 1)).not.to.equal(LONG_AGO);
    });
    expect(await stamps(db, 1)).to.equal(true);
  });

  it('what throws is undone, and the transaction goes on stamping', async () => {
    const db = open();
    await makeTables(db, 't');
    await db.transaction(async (trx) => {
      await trx('t').insert({ id: 9, label: 'before' });
      const mine = new Error('mine');
      const thrown = preserveTimestamps(trx, async () => {
        await trx('t').where({ id: 1 }).update(given);
        throw mine;
      });
      expect(await failure(thrown)).to.equal(mine);
      expect(await stampOf(trx, 1)).not.to.equal(LONG_AGO);
      // A statement that the server refuses ends a transaction of PostgreSQL's, but for the savepoint.
      const refused = preserveTimestamps(trx, () => trx('t').insert({ id: 2, label: 'again' }));
      expect((await failure(refused)).message).to.match(/unique/i);
      await trx('t').where({ id: 1 }).update({ updated_at: LONG_AGO });
      expect(await stampOf(trx, 1)).not.to.equal(LONG_AGO);
    });
    expect(await db('t').where({ id: 9 })).to.have.length(1);
    expect(await stamps(db, 1)).to.equal(true);
  });

  it('ends with the transaction, when fn commits it or rolls it back', async () => {
    const db = open();
    await makeTables(db, 't');
    const triggers = await triggersOf(db);
    for (const end of ['commit', 'rollback'] as const) {
      const trx = await db.transaction();
      await preserveTimestamps(trx, async () => {
        await trx('t').where({ id: 1 }).update(given);
        await trx[end]();
      });
      expect((await stampOf(db, 1)) === LONG_AGO, end).to.equal(end === 'commit');
      expect(await stamps(db, 1), end).to.equal(true);
      expect(await triggersOf(db)).to.deep.equal(triggers);
      // The connection is as it was: a trigger that it makes now does not rest.
      await makeTables(db, 'next');
      expect(await stamps(db, 1, 'next'), end).to.equal(true);
      await db.schema.dropTable('next');
    }
    const error = await failure(
      db.transaction((trx) =>
        preserveTimestamps(trx, async () => {
          await trx.raw('commit');
          await trx.raw('begin');
          throw new Error('after the commit');
        }),
      ),
    );
    expect(error.message).to.equal('after the commit');
    expect(await stamps(db, 1)).to.equal(true);
  });

  it('ends with the nested transaction that fn commits or rolls back: what is around it stamps', async () => {
    const db = open();
    await makeTables(db, 't');
    const triggers = await triggersOf(db);
    // The present instant is one in a transaction: a stamp is told from what was given.
    const overwrites = async (trx: Knex, table = 't') => {
      await trx(table).where({ id: 1 }).update(given);
      return (await stampOf(trx, 1, table)) !== LONG_AGO;
    };
    for (const end of ['commit', 'rollback'] as const) {
      await db.transaction(async (trx) => {
        const child = await trx.transaction();
        await preserveTimestamps(child, async () => {
          await child('t').where({ id: 1 }).update(given);
          await child[end]();
        });
        expect((await stampOf(trx, 1)) === LONG_AGO, end).to.equal(end === 'commit');
        expect(await overwrites(trx), end).to.equal(true);
        await makeTables(trx, `made_after_${end}`);
        expect(await overwrites(trx, `made_after_${end}`), end).to.equal(true);
        const failing = await trx.transaction();
        const mine = new Error('mine');
        const thrown = preserveTimestamps(failing, async () => {
          await failing('t').where({ id: 1 }).update(given);
          await failing[end]();
          throw mine;
        });
        expect(await failure(thrown)).to.equal(mine);
        expect(await overwrites(trx), end).to.equal(true);
      });
      await db.schema.dropTable(`made_after_${end}`);
    }
    expect(await triggersOf(db)).to.deep.equal(triggers);
  });

  it('a nested call that throws is undone, and the one around it goes on', async () => {
    const db = open();
    await makeTables(db, 't');
    await db.transaction((trx) =>
      preserveTimestamps(trx, async () => {
        await trx('t').where({ id: 2 }).update(given);
        const nested = preserveTimestamps(trx, async () => {
          await trx('t').where({ id: 2 }).update({ label: 'wrong', updated_at: LATER });
          await trx('t').insert({ id: 2, label: 'again' });
        });
        expect((await failure(nested)).message).to.match(/unique/i);
        await trx('t').where({ id: 1 }).update({ label: 'right', updated_at: LATER });
        // At once: the one that throws takes nothing of the other along.
        const both = await Promise.allSettled(
          [1, 2].map((id) =>
            preserveTimestamps(trx, async () => {
              await trx('t').where({ id }).update({ label: 'both' });
              await pause();
              if (id === 2) throw new Error('mine');
            }),
          ),
        );
        expect(both.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
      }),
    );
    expect([await stampOf(db, 1), await stampOf(db, 2)]).to.deep.equal([LATER, LONG_AGO]);
    expect(await db('t').orderBy('id').pluck('label')).to.deep.equal(['both', 'b']);
    expect(await stamps(db, 1)).to.equal(true);
  });

  it('what is started inside it and runs after its end is a call of its own', async () => {
    const db = open({}, { pool: { min: 0, max: 1 } });
    await makeTables(db, 't');
    let go: () => void = () => {};
    const over = new Promise<void>((resolve) => {
      go = resolve;
    });
    let later: Promise<unknown> | undefined;
    await db.transaction((trx) =>
      preserveTimestamps(trx, () => {
        later = over.then(() =>
          db.transaction((other) =>
            preserveTimestamps(other, () => other('t').where({ id: 1 }).update(given)),
          ),
        );
      }),
    );
    go();
    await later;
    expect(await stampOf(db, 1)).to.equal(LONG_AGO);
    expect(await stamps(db, 1)).to.equal(true);
  });

  it('other transactions and connections are stamped at the same time', async () => {
    const db = open();
    const other = open();
    await makeTables(db, 't');
    if (engine === 'sqlite') await db.raw('pragma journal_mode = wal');
    await db.transaction((trx) =>
      preserveTimestamps(trx, async () => {
        await trx('t').where({ id: 1 }).update(given);
        if (engine === 'postgresql') {
          expect(await stamps(db, 2)).to.equal(true);
          expect(await stamps(other, 2)).to.equal(true);
          return;
        }
        // SQLite has one writer: others see the triggers as they are, and wait their turn.
        const seen = await other('sqlite_master').where({ type: 'trigger' }).pluck('sql');
        expect(seen.join()).not.to.include('preserve');
      }),
    );
    expect(await stampOf(other, 1)).to.equal(LONG_AGO);
    expect(await stamps(other, 1)).to.equal(true);
  });

  it('tables that are made, altered and renamed meanwhile preserve too, and stamp afterwards', async () => {
    const db = open();
    await makeTables(db, 't', 'u', 'gone');
    await db.transaction((trx) =>
      preserveTimestamps(trx, async () => {
        await makeTables(trx, 'fresh');
        await trx.schema.renameTable('u', 'renamed');
        await trx.schema.dropTable('gone');
        await trx.schema.alterTable(
          't',
          (t) => void t.string('label', 400).notNullable().defaultTo('').alter(),
        );
        await trx.schema.alterTable('t', (t) => void t.integer('more'));
        for (const table of ['t', 'fresh', 'renamed']) await trx(table).update(given);
      }),
    );
    for (const table of ['t', 'fresh', 'renamed']) {
      expect(await stampOf(db, 1, table), table).to.equal(LONG_AGO);
      expect(await stamps(db, 1, table), table).to.equal(true);
    }
  });

  it('a kill in the middle leaves nothing', async () => {
    const db = open();
    await makeTables(db, 't');
    const triggers = await triggersOf(db);
    const { client, connection, useNullAsDefault } = db.client.config;
    const config = { client, connection, useNullAsDefault };
    const lib = JSON.stringify(pathToFileURL(join(ROOT, 'lib/index.ts')).href);
    const child = spawn(
      process.execPath,
      [
        '--import=tsx',
        '--input-type=module',
        '-e',
        `import knex from 'knex';
         import { preserveTimestamps, withMeta } from ${lib};
         const trx = await knex(withMeta(${JSON.stringify(config)})).transaction();
         await preserveTimestamps(trx, async () => {
           await trx('t').where({ id: 1 }).update({ updated_at: '${LONG_AGO}' });
           console.log('there');
           await new Promise((resolve) => setTimeout(resolve, 60000));
         });`,
      ],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(await stampOf(db, 1)).not.to.equal(LONG_AGO);
    expect(await stamps(db, 1)).to.equal(true);
    expect(await triggersOf(db)).to.deep.equal(triggers);
  });

  it('needs a transaction, and the hook', async () => {
    const db = open();
    await makeTables(db, 't');
    const never = () => expect.fail('ran');
    const outside = await failure(preserveTimestamps(db as unknown as Knex.Transaction, never));
    expect(outside.code).to.equal('TRANSACTION_REQUIRED');
    const { client, connection } = db.client.config;
    const plain = knex({ client, connection, useNullAsDefault: true });
    const unhooked = await failure(plain.transaction((trx) => preserveTimestamps(trx, never)));
    await plain.destroy();
    expect(unhooked.code).to.equal('CONFIG_INVALID');
    expect(unhooked.remedy).to.include('withMeta');
  });

  if (engine === 'sqlite') {
    it('meta:upgrade makes no database where none is, and does not say that all is well', async () => {
      const folder = temporaryFolder();
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const { code, stdout } = await knexMeta(
        ['meta:upgrade', '--json', '--client', 'better-sqlite3', '--connection', './none.sqlite3'],
        folder,
      );
      expect([code, JSON.parse(stdout).error.code]).to.deep.equal([1, 'CONNECTION_FAILED']);
      expect(readdirSync(folder)).to.deep.equal(['node_modules']);
    });

    it('triggers keep their order, and the schema its text', async () => {
      const db = open();
      await makeTables(db, 't', 'u');
      await db.raw('create table log (what)');
      await db.raw("create trigger own_a after update on t begin insert into log values ('a'); end");
      await db.raw("create trigger own_b after update on U begin insert into log values ('b'); end");
      const schema = () => db('sqlite_master').where({ type: 'trigger' }).select('name', 'sql');
      const before = await schema();
      await db.transaction((trx) =>
        preserveTimestamps(trx, async () => {
          await trx('t').where({ id: 1 }).update(given);
          expect(await trx('log')).to.have.length(1);
        }),
      );
      const after = await schema();
      for (const table of ['t', 'u']) {
        const of = (rows: readonly { readonly sql: string }[]) =>
          rows.filter(({ sql }) => new RegExp(`on \`?${table}\\b`, 'i').test(sql));
        expect(of(after)).to.have.length(2);
        expect(of(after)).to.deep.equal(of(before));
      }
    });

    it('a savepoint that is rolled back inside it does not end it: a commit behind it leaves nothing at rest', async () => {
      for (const back of ['rollback to x', 'rollback transaction to savepoint x', undefined]) {
        const db = open();
        await makeTables(db, 't');
        const trx = await db.transaction();
        await preserveTimestamps(trx, async () => {
          await trx.raw('savepoint x');
          if (back !== undefined) await trx.raw(back);
          else await (await trx.transaction()).rollback();
          await makeTables(trx, 'fresh');
          await trx('fresh').where({ id: 1 }).update(given);
          expect(await stampOf(trx, 1, 'fresh')).to.equal(LONG_AGO);
          await trx.commit();
        });
        for (const table of ['t', 'fresh']) expect(await stamps(db, 1, table), table).to.equal(true);
        await db.schema.dropTable('t');
        await db.schema.dropTable('fresh');
      }
    });

    it('rows of an attached file keep theirs too', async () => {
      const db = open();
      await makeTables(db, 't');
      await db.raw("attach ':memory:' as `other file`");
      await db.schema.withSchema('other file').createTable('v', (t) => {
        t.integer('id').primary();
        t.string('label');
      });
      await db.raw('insert into `other file`.v (id) values (1)');
      await db.transaction((trx) =>
        preserveTimestamps(trx, async () => {
          await trx.raw('update `other file`.v set updated_at = ?', [LONG_AGO]);
        }),
      );
      const [{ updated_at: kept }] = await db.raw('select updated_at from `other file`.v');
      expect(kept).to.equal(LONG_AGO);
      await db.raw("update `other file`.v set label = 'x'");
      const [{ updated_at: moved }] = await db.raw('select updated_at from `other file`.v');
      expect(moved).not.to.equal(LONG_AGO);
    });
  }

  if (engine === 'postgresql') {
    /** The function as it was before there was anything to preserve. */
    const OLD = `create or replace function set_updated_at() returns trigger language plpgsql as $$
begin
  -- knex-meta
  new."updated_at" := pg_catalog.now();
  return new;
end
$$`;

    it('a function of an older version is refused before a row is changed; meta:upgrade mends it', async () => {
      const db = open();
      await makeTables(db, 't');
      await db.raw(OLD);
      const restore = () => db.transaction((trx) => preserveTimestamps(trx, () => trx('t').update(given)));
      const error = await failure(restore());
      expect(error.code).to.equal('TRIGGER_OUTDATED');
      expect(error.message).to.include('public.set_updated_at');
      expect(error.remedy).to.include('meta:upgrade');
      expect(await stampOf(db, 1)).not.to.equal(LONG_AGO);
      const { host, port, database } = db.client.config.connection;
      const folder = temporaryFolder();
      symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
      const upgrade = async (role: string) => {
        const url = `postgres://${role}@${host}:${port}/${database}`;
        const ran = await knexMeta(['meta:upgrade', '--json', '--connection', url], folder);
        return { code: ran.code, ...JSON.parse(ran.stdout) };
      };
      await db.raw(
        'do $$ begin create role somebody login; exception when duplicate_object then null; end $$',
      );
      await db.raw('grant usage on schema public to somebody; grant insert, update on t to somebody');
      const others = await upgrade('somebody');
      expect(others.code).to.equal(3);
      expect(others.left[0].reason).to.include('role postgres');
      expect(await failure(restore())).to.have.property('code', 'TRIGGER_OUTDATED');
      expect(await upgrade('postgres')).to.deep.include({
        code: 0,
        upgraded: ['public.set_updated_at'],
      });
      expect(await upgrade('postgres')).to.deep.include({ code: 0, upgraded: [], left: [] });
      await restore();
      expect(await stampOf(db, 1)).to.equal(LONG_AGO);
      expect(await stamps(db, 1)).to.equal(true);
      // It is letter for letter what a new table would bring along.
      const bodies = () => db('pg_proc').where({ proname: 'set_updated_at' }).pluck('prosrc');
      const upgraded = await bodies();
      await makeTables(db, 'u');
      expect(await bodies()).to.deep.equal(upgraded);
      // Past the hook, before which ours would step aside.
      const plain = knex({ client: 'pg', connection: db.client.config.connection });
      await plain.raw(OLD.replace('-- knex-meta', '/* knex-meta, and mine */'));
      await plain.destroy();
      const mine = await upgrade('postgres');
      expect([mine.code, mine.upgraded, mine.left[0].reason]).to.deep.equal([
        3,
        [],
        'its body was changed by hand',
      ]);
      expect(await bodies()).not.to.deep.equal(upgraded);
      // It is no concern of a role that may not write to its tables.
      await db.raw('revoke insert, update on t from somebody; create table theirs (id integer, at text)');
      await db.raw('grant insert on theirs to somebody');
      const theirs = knex(
        withMeta({ client: 'pg', connection: { ...db.client.config.connection, user: 'somebody' } }),
      );
      try {
        await theirs.transaction((trx) =>
          preserveTimestamps(trx, () => trx('theirs').insert({ id: 1, at: LONG_AGO })),
        );
      } finally {
        await theirs.destroy();
      }
      expect(await db('theirs').pluck('at')).to.deep.equal([LONG_AGO]);
    });

    it('meta:upgrade by several at once: each function is made anew once, and all end well', async () => {
      const db = open({}, { pool: { min: 0, max: 8 } });
      await makeTables(db, 't');
      await db.raw(OLD);
      const { preserving } = engineOf(db);
      const first = await db.transaction();
      expect((await preserving.upgrade(first)).upgraded).to.deep.equal(['public.set_updated_at']);
      const others = Promise.all([1, 2, 3].map(() => db.transaction((trx) => preserving.upgrade(trx))));
      let waiting = 0;
      while (waiting < 3) {
        const { rows } = await db.raw('select 1 from pg_locks where not granted');
        waiting = rows.length;
      }
      await first.commit();
      const none = { upgraded: [], left: [] };
      expect(await others).to.deep.equal([none, none, none]);
    });

    it('a new table of the schema brings the function along', async () => {
      const db = open();
      await makeTables(db, 't');
      await db.raw(OLD);
      await makeTables(db, 'u');
      await db.transaction((trx) => preserveTimestamps(trx, () => trx('t').update(given)));
      expect(await stampOf(db, 1)).to.equal(LONG_AGO);
    });

    it('nothing of it is left in the session that the pool goes on with', async () => {
      const db = knex({
        ...withMeta({ client: 'pg', connection: open().client.config.connection }),
        pool: { min: 0, max: 1 },
      });
      await makeTables(db, 't');
      await db.transaction((trx) => preserveTimestamps(trx, () => trx('t').update(given)));
      const { rows } = await db.raw("select current_setting('knex_meta.preserve', true) as setting");
      expect(rows[0].setting).not.to.equal('on');
      expect(await stamps(db, 1)).to.equal(true);
      await db.destroy();
    });
  }
});
