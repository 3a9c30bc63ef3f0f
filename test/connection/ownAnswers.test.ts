import { expect } from 'chai';
import type { Knex } from 'knex';
import pg from 'pg';
import { engineForClient } from '../../lib/engines/registry.js';
import { createMigrator } from '../../lib/migrator/createMigrator.js';
import { plainView } from '../../lib/migrator/views.js';
import { closeAll, makeProject } from '../reliability/support.js';
import { eachEngine, freshPostgres } from '../support/databases.js';

type Settings = (connection: unknown) => Readonly<Record<string, unknown>>;

const EVERY: Readonly<Record<string, Settings>> = {
  postProcessResponse: () => ({
    postProcessResponse: () => [],
    wrapIdentifier: (name: string, own: (name: string) => string) => own(name),
  }),
  asyncStackTraces: () => ({ asyncStackTraces: true }),
};

/** A parser for every type but texts, of which Knex itself needs some. */
const parsersOf = (parse: (text: string) => unknown) => (type: number) =>
  [19, 25, 1043].includes(type) ? (text: string) => text : parse;

/** What a project makes of the answers that its connection gets. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, Settings>>>> = {
  sqlite: {
    ...EVERY,
    safeIntegers: (connection) => ({
      connection: { ...(connection as object), options: { safeIntegers: true } },
    }),
  },
  postgresql: {
    ...EVERY,
    'parsers of the connection': (connection) => ({
      connection: {
        connectionString: connection,
        types: { getTypeParser: parsersOf((text) => ({ text })) },
      },
    }),
    'parsers that cannot be compared': (connection) => ({
      connection: {
        connectionString: connection,
        types: { getTypeParser: parsersOf(() => Object.create(null) as object) },
      },
    }),
  },
};

const FILES = {
  '1_a.cjs':
    "exports.up = (k) => k.schema.createTable('a', (t) => { t.increments(); t.integer('n').notNullable().unique(); t.integer('p').references('id').inTable('a').onDelete('cascade'); }); exports.down = (k) => k.schema.dropTable('a');",
  '2_b.cjs':
    "exports.up = (k) => k.schema.createTable('b', (t) => { t.bigIncrements('id'); t.boolean('yes'); t.json('data'); }); exports.down = (k) => k.schema.dropTable('b');",
};

eachEngine('what the project makes of its answers is not made of knex-meta’s own', (engine) => {
  afterEach(closeAll);

  for (const [title, settings] of Object.entries(SETTINGS[engine.name] ?? {})) {
    it(title, async () => {
      const project = await makeProject(engine, FILES);
      const { client, connection } = project.database.config;
      const known = engineForClient(client);
      const own: Knex = project.open(settings(connection));
      const plain: Knex = project.open();
      const migrator = createMigrator(own);
      expect((await migrator.latest()).migrations).to.have.length(2);
      const status = await migrator.status();
      expect(status).to.deep.equal(await createMigrator(plain).status());
      for (const { appliedAt } of status.applied)
        expect(Math.abs(Number(appliedAt) - Date.now())).to.be.lessThan(600_000);
      expect(await migrator.history()).to.deep.equal(await createMigrator(plain).history());
      expect(await known?.introspect(plainView(own))).to.deep.equal(
        await known?.introspect(plainView(plain)),
      );
      expect((await migrator.down()).migrations).to.have.length(1);
      expect((await migrator.plan()).migrations).to.have.length(1);
      expect((await migrator.latest()).batch).to.equal(2);
    });
  }
});

describe('the record', () => {
  afterEach(closeAll);

  it('is read the same whatever the process makes of instants and integers (postgresql)', async () => {
    const project = await makeProject({ name: 'postgresql', fresh: freshPostgres }, FILES);
    await project.migrator().latest();
    const usual = await project.migrator().status();
    const { types } = pg;
    const before = [20, 23, 1184].map((type) => [type, types.getTypeParser(type)] as const);
    types.setTypeParser(20, BigInt);
    types.setTypeParser(23, (text: string) => `number ${text}`);
    types.setTypeParser(1184, (text: string) => `at ${text}`);
    try {
      expect(await project.migrator().status()).to.deep.equal(usual);
      expect((await project.migrator().down()).migrations).to.have.length(1);
    } finally {
      for (const [type, parser] of before) types.setTypeParser(type, parser as (text: string) => unknown);
    }
  });
});
