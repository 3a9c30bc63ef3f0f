import type { Knex } from 'knex';
import { eachEngine } from '../support/databases.js';
import { loop } from '../support/loop.js';

/** Knex takes a question mark in a raw statement for a binding on one engine, and reads no escaped one on the other. */
eachEngine('question marks', (engine) => {
  const mark = engine.name === 'sqlite' ? '?' : '\\?';
  const table = (db: Knex, more: (t: Knex.CreateTableBuilder) => void = () => {}) =>
    db.schema.createTable('a', (t) => {
      t.increments('id');
      t.string('x');
      more(t);
    });
  const cases: Readonly<Record<string, (db: Knex) => Promise<unknown>>> = {
    'in a view': async (db) => {
      await table(db);
      await db.raw(`create view v as select x from a where x <> 'a${mark}'`);
    },
    'in a default': (db) => table(db, (t) => void t.string('y').defaultTo(db.raw(`'why${mark}'`))),
    'in a check': async (db) => {
      await table(db);
      await db.raw(`alter table a add constraint c check (x <> '${mark}')`);
    },
  };
  for (const [title, after] of Object.entries(cases)) {
    it(title, async function () {
      this.timeout(20_000);
      await loop(engine, { before: (db) => table(db), after });
    });
  }
});
