import { expect } from 'chai';
import type { Knex } from 'knex';
import { onEachEngine, pause, triggersOf } from './support.js';

/** A hooked table whose third own column came after the metadata columns, as a later migration adds one. */
async function grown(db: Knex, table: string): Promise<void> {
  await db.schema.createTable(table, (t) => {
    t.integer('id');
    t.string('label');
  });
  await db.schema.alterTable(table, (t) => void t.string('late'));
}

async function own(db: Knex, table: string): Promise<readonly object[]> {
  return db(table).select('id', 'label', 'late').orderBy('id');
}

const ROW = { id: 1, label: 'a', late: 'z' };

onEachEngine('SQL that counts columns by position', (open, engine) => {
  it('INSERT ... VALUES without a list means the project’s own columns', async () => {
    const db = open();
    await grown(db, 't');
    await db.raw("insert into t values (1, 'a', 'z'), (2, 'b', 'y')");
    await db.raw('insert into t values (?, ?, ?)', [3, 'c', 'x']);
    expect(await own(db, 't')).to.deep.equal([
      ROW,
      { id: 2, label: 'b', late: 'y' },
      { id: 3, label: 'c', late: 'x' },
    ]);
  });

  it('with a value for every column it is left as it stands', async () => {
    const db = open();
    await db.schema.createTable('t', (t) => void t.integer('id'));
    await db.raw("insert into t values (1, ?, ?, 'n', '2001-01-01', '2001-01-01')", [false, true]);
    const row = await db('t').first();
    expect([row.id, Boolean(row.is_active), row.notes]).to.deep.equal([1, false, 'n']);
  });

  it('SELECT * between tables with and without the metadata, in the right columns', async () => {
    const db = open();
    await grown(db, 'hooked');
    await db.raw('create table plain (id integer, label varchar(9), late varchar(9))');
    await db.raw("insert into plain values (1, 'a', 'z')");
    await db.raw('insert into hooked select * from plain');
    expect(await own(db, 'hooked')).to.deep.equal([ROW]);
    await db.raw('delete from plain');
    await db.raw("INSERT INTO plain SELECT * FROM hooked WHERE label <> 'nothing' ORDER BY id");
    expect(await db('plain')).to.deep.equal([ROW]);
    await db.raw('insert into plain (id, label, late) select h.* from hooked as h');
    expect(await db('plain')).to.have.length(2);
    await db('plain').insert(db('hooked').select('*'));
    expect(await db('plain')).to.have.length(3);
  });

  it('one hooked table into another takes the metadata along', async () => {
    const db = open();
    await grown(db, 'old_t');
    await db.schema.createTable('new_t', (t) => {
      t.integer('id');
      t.string('label');
      t.string('late');
    });
    await db('old_t').insert({ ...ROW, is_flagged: true, notes: 'kept' });
    await db.raw('insert into new_t select * from old_t');
    const row = await db('new_t').first();
    expect([row.late, Boolean(row.is_flagged), row.notes]).to.deep.equal(['z', true, 'kept']);
    expect(row.created_at).to.deep.equal((await db('old_t').first()).created_at);
  });

  it('expressions and joins count too', async () => {
    const db = open();
    await grown(db, 't');
    await db.raw('create table n (id integer)');
    await db.raw('insert into n values (1)');
    await db.raw("insert into t select n.id, 'a', 'z' from n");
    await db.raw("insert into t select n.*, upper('b'), 'y' from n join t on t.id = n.id");
    expect(await own(db, 't')).to.have.length(2);
  });

  it('what it cannot read stays as it is', async () => {
    const db = open();
    await grown(db, 't');
    await db.raw('insert into t (id) values (1)');
    await db.raw("insert into t (id, label) select 2, 'b' union select 3, 'c'");
    await db.raw('insert into t default values');
    await db.raw('with x as (select 4 as id) insert into t (id) select id from x');
    expect(await db('t')).to.have.length(5);
  });

  it('a table rebuilt by hand keeps its columns and gets its trigger back', async () => {
    const db = open();
    await grown(db, 't');
    await db('t').insert({ ...ROW, notes: 'kept' });
    const isSqlite = engine === 'sqlite';
    const columns: { name: string; type: string; dflt_value: string | null }[] = isSqlite
      ? await db.raw('pragma table_info("t")')
      : (
          await db.raw(
            "select column_name as name, data_type as type, column_default as dflt_value from information_schema.columns where table_name = 't' order by ordinal_position",
          )
        ).rows;
    const list = columns.map(({ name }) => `"${name}"`).join(', ');
    const body = columns.map(
      (c) => `"${c.name}" ${c.type}${c.dflt_value === null ? '' : ` DEFAULT ${c.dflt_value}`}`,
    );
    await db.transaction(async (trx) => {
      await trx.raw(`CREATE TABLE "t_tmp" (${body.join(', ')})`);
      await trx.raw(`INSERT INTO "t_tmp" (${list}) SELECT ${list} FROM "t"`);
      await trx.raw('DROP TABLE "t"');
      await trx.raw('ALTER TABLE "t_tmp" RENAME TO "t"');
    });
    const before = await db('t').first();
    expect([before.label, before.notes]).to.deep.equal(['a', 'kept']);
    await pause();
    await db('t').update({ label: 'b' });
    expect((await db('t').first()).updated_at).to.not.deep.equal(before.updated_at);
    expect(await triggersOf(db)).to.have.length(1);
  });

  describe('into a table with a later column of its own, every form lands where it is meant', () => {
    const forms: Record<string, string> = {
      'behind a line comment': "-- rows\ninsert into t values (1, 'a', 'z')",
      'behind a block comment': "/* insert; */ insert into t values (1, 'a', 'z')",
      'from a subquery of VALUES': "insert into t select * from (values (1, 'a', 'z')) as v",
      'from a common table': "with w as (select 1 as id, 'a' as b, 'z') insert into t select * from w",
      'from a common table of its own': "insert into t with w as (select 1, 'a', 'z') select * from w",
      'from a union': "insert into t select 1, 'a', 'z' union all select 1, 'a', 'z' where 1 = 0",
      'from a join of subqueries':
        "insert into t select x.*, 'z' from (select 1 as i, 'a' as b) x join (select 1 as i) y on x.i = y.i",
      'with an alias and a qualifier': "insert into main.t as x values (1, 'a', 'z') on conflict do nothing",
      'with parentheses, commas and semicolons in values':
        "insert into t values ((1), replace('a;', ';', ''), coalesce(null, 'z'))",
      'returning rows': "insert into t values (1, 'a', 'z') returning id",
      ...(engine === 'sqlite'
        ? {
            'that replaces': "replace into t values (1, 'a', 'z')",
            'or ignored': "insert or ignore into t values (1, 'a', 'z')",
          }
        : {
            'as the second statement': "select 1; insert into t values (1, 'a', 'z')",
            'behind an insert that names':
              "insert into other (x) values (1); insert into t values (1, 'a', 'z')",
            'from a select in parentheses': "insert into t (select 1, 'a', 'z')",
            'from parentheses in parentheses': "insert into t ((select 1, 'a', 'z'))",
            'from VALUES in parentheses': "insert into t (values (1, 'a', 'z'))",
            'with dollar quotes': 'insert into t values (1, $$a$$, $x$z$x$)',
            'with an escaped string': "insert into t values (1, E'\\x61', 'z')",
            'overriding user values': "insert into t overriding user value values (1, 'a', 'z')",
            'in a common table':
              "with i as (insert into t values (1, 'a', 'z') returning id) select id from i",
            'in a block': "do $$ begin insert into t values (1, 'a', 'z'); end $$",
            'in a block of another language clause':
              "do language plpgsql $b$ begin insert into t values (1, 'a', 'z'); end $b$",
            'executed in a block': "do $$ begin execute 'insert into t values (1, ''a'', ''z'')'; end $$",
            prepared: "prepare p as insert into t values (1, 'a', 'z'); execute p; deallocate p",
            'from TABLE': 'insert into t table plain',
            'from a function with columns':
              'insert into t select * from jsonb_to_record(\'{"i":1,"b":"a","c":"z"}\') as r(i int, b text, c text)',
            'from a row of an array': "insert into t select n, 'a', 'z' from unnest(array[1]) n",
            merged:
              'merge into t using plain p on t.id = p.id when not matched then insert values (p.id, p.label, p.late)',
            'of a function':
              "create function f() returns void language sql as 'insert into t values (1, ''a'', ''z'')'; select f()",
            'of a rule':
              "create rule r as on insert to other do also insert into t values (1, 'a', 'z'); insert into other values (1)",
          }),
    };
    for (const [title, sql] of Object.entries(forms)) {
      it(title, async () => {
        const db = open();
        await grown(db, 't');
        await db.raw('create table plain (id integer, label varchar(9), late varchar(9))');
        await db.raw('create table other (x integer)');
        await db.raw("insert into plain values (1, 'a', 'z')");
        await db.raw(engine === 'sqlite' ? sql : sql.replace('main.t', 'public.t'));
        expect(await own(db, 't')).to.deep.equal([ROW]);
        expect(Boolean((await db('t').first()).is_active)).to.equal(true);
      });
    }

    it('a trigger that inserts', async () => {
      const db = open();
      await grown(db, 't');
      await db.raw('create table other (x integer)');
      const body = "insert into t values (1, 'a', 'z');";
      if (engine === 'sqlite') await db.raw(`create trigger w after insert on other begin ${body} end`);
      else {
        await db.raw(
          `create function w() returns trigger language plpgsql as $$ begin ${body} return new; end $$`,
        );
        await db.raw('create trigger w after insert on other for each row execute function w()');
      }
      await db.raw('insert into other values (1)');
      expect(await own(db, 't')).to.deep.equal([ROW]);
    });

    it('a value that reads like a statement stays a value', async () => {
      const db = open();
      await grown(db, 't');
      const text = 'insert into t values (1, 2, 3)';
      await db.raw(`insert into t (id, label) values (1, '${text}')`);
      expect((await db('t').first()).label).to.equal(text);
      if (engine === 'sqlite') return;
      await db.raw(`do $$ begin update t set label = '${text}!'; end $$`);
      expect((await db('t').first()).label).to.equal(`${text}!`);
    });
  });

  if (engine === 'postgresql') {
    it('fewer values than columns are the first of the project’s own', async () => {
      const db = open();
      await grown(db, 't');
      await db.raw("insert into t values (1, 'a')");
      expect(await own(db, 't')).to.deep.equal([{ ...ROW, late: null }]);
    });

    it('what cannot be counted is refused where it could land in other columns', async () => {
      const db = open();
      await db.raw('create table plain (id integer, label varchar(9), late varchar(9))');
      await db.raw("insert into plain values (1, 'a', 'z')");
      const sql = 'insert into t select * from plain natural join plain as p';
      await db.schema.createTable('t', (t) => {
        t.integer('id');
        t.string('label');
        t.string('late');
      });
      await db.raw(sql);
      expect(await own(db, 't')).to.deep.equal([ROW]);
      await db.schema.dropTable('t');
      await grown(db, 't');
      const error = await db.raw(sql).catch((e: Error) => e);
      expect(error).to.have.property('code', 'INSERT_UNCLEAR');
      expect(String((error as { remedy?: string }).remedy)).to.contain('(id, label, late)');
      expect(await db('t')).to.deep.equal([]);
    });

    it('a view on a * in a subquery, a common table or a union has the own columns', async () => {
      const db = open();
      await db.schema.createTable('t', (t) => void t.integer('id'));
      await db.raw('create view a as select * from (select * from t) x');
      await db.raw('create view b as with w as (select * from t) select * from w');
      await db.raw('create view c as select * from t union all select * from t');
      const { rows } = await db.raw(
        "select table_name from information_schema.columns where table_name in ('a', 'b', 'c')",
      );
      expect(rows).to.have.length(3);
    });

    it('a view on * has the project’s own columns, and can be replaced when the table has grown', async () => {
      const db = open();
      await db.schema.createTable('t', (t) => void t.integer('id'));
      await db.raw('create view v as select * from t');
      await db.raw('create view w as select a.* from t as a join v on v.id = a.id');
      await db.schema.alterTable('t', (t) => void t.string('notes', 9));
      await db.raw('create or replace view v as select * from t');
      expect(
        Object.keys((await db.raw('select * from v')).fields.map((field: { name: string }) => field.name)),
      ).to.have.length(2);
      const { rows } = await db.raw(
        "select column_name from information_schema.columns where table_name in ('v', 'w') order by table_name, ordinal_position",
      );
      expect(rows.map((row: { column_name: string }) => row.column_name)).to.deep.equal([
        'id',
        'notes',
        'id',
      ]);
    });
  }
});
