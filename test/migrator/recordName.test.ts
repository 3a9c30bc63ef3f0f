import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { createMigrator, withMeta } from '../../lib/index.js';
import { journalName } from '../../lib/migrator/journal.js';
import { eachEngine } from '../support/databases.js';

const source = (): Knex.MigrationSource<string> => ({
  getMigrations: async () => ['1_users'],
  getMigrationName: (name) => name,
  getMigration: async () => ({
    up: (db) => db.schema.createTable('users', (t) => void t.increments()),
    down: (db) => db.schema.dropTable('users'),
  }),
});

eachEngine('the name of the record of migrations', (engine) => {
  async function twice(tableName: string): Promise<void> {
    const { config } = await engine.fresh();
    const db = knex(withMeta({ ...config, migrations: { tableName, migrationSource: source() } }));
    try {
      await createMigrator(db).latest();
      await createMigrator(db).latest();
      expect(
        await db.schema.hasTable(journalName({ tableName, lockTable: '', schemaName: undefined })),
      ).to.equal(true);
    } finally {
      await db.destroy();
    }
  }

  for (const length of [44, 54, 55, 56, 58]) {
    it(`may have ${length} bytes`, () => twice('r'.repeat(length)));
  }
  it('may have bytes of longer characters', () => twice('é'.repeat(28)));

  if (engine.name === 'postgresql') {
    for (const length of [59, 62, 63, 64]) {
      it(`is refused with ${length} bytes, before anything is made`, async () => {
        const error = await twice('r'.repeat(length)).then(
          () => undefined,
          (thrown: unknown) => thrown as { readonly code: string },
        );
        expect(error?.code).to.equal('NAME_TOO_LONG');
      });
    }
  }
});
