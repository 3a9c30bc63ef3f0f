import { expect } from 'chai';
import knex from 'knex';
import type { ClientInternals } from '../../../lib/metadata/knexInternals.js';

const METHODS = [
  'customWrapIdentifier',
  'wrapIdentifier',
  'wrapIdentifierImpl',
  'tableBuilder',
  'tableCompiler',
  'columnBuilder',
  'columnCompiler',
  'schemaCompiler',
  'transaction',
  'acquireRawConnection',
  'query',
  'runner',
] as const;

describe('the parts of Knex without a public type', () => {
  for (const client of ['pg', 'better-sqlite3']) {
    it(`${client}: the methods that the hook overrides or calls`, () => {
      const internals = knex({ client, useNullAsDefault: true }).client as unknown as ClientInternals;
      for (const method of METHODS) expect(internals[method], method).to.be.a('function');
      const builder = internals.tableBuilder('create', 't', null, () => {});
      expect(builder).to.include.keys('_method', '_tableName', '_statements', '_single');
      const compiler = internals.schemaCompiler(knex({ client, useNullAsDefault: true }).schema);
      for (const method of ['hasColumn', 'renameTable', 'dropTable', 'dropTableIfExists'] as const) {
        expect(compiler[method], method).to.be.a('function');
      }
      expect(compiler.sequence).to.deep.equal([]);
      const asked = knex({ client, useNullAsDefault: true, asyncStackTraces: true }).schema.raw('select 1');
      expect(asked).to.include.keys('_asyncStack', '_sequence');
      const runner = internals.runner(asked as never);
      for (const method of ['query', 'queryArray'] as const) expect(runner[method]).to.be.a('function');
    });
  }

  it('SQLite: ddl(), which the alterations go through', () => {
    const { client } = knex({ client: 'better-sqlite3', useNullAsDefault: true });
    expect((client as { ddl: unknown }).ddl).to.be.a('function');
  });
});
