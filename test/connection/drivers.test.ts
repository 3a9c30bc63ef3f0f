import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { engineOf } from '../../lib/cli/project.js';
import { dialectClass } from '../../lib/config/connections.js';
import { withPlainQueries } from '../../lib/engines/postgresql/nativeDriver.js';
import { createMigrator, withMeta } from '../../lib/index.js';
import type { QueryObject } from '../../lib/metadata/knexInternals.js';

describe('clients that are not the usual ones', () => {
  /** As `knex-pglite` makes its class, which commands refuse before they open anything. */
  const Pglite = class ClientPGLiteImpl extends dialectClass('pg') {};

  it('refuses the class of knex-pglite, also when it is hooked or extended', () => {
    const config = { client: Pglite as unknown as typeof Knex.Client };
    class Own extends Pglite {}
    for (const each of [config, { client: Own as unknown as typeof Knex.Client }, withMeta(config)]) {
      expect(() => engineOf(each))
        .to.throw(/ClientPGLiteImpl: PGlite has one connection/)
        .with.property('code', 'CLIENT_UNSUPPORTED');
    }
    const db = knex(withMeta(config));
    expect(() => createMigrator(db))
      .to.throw()
      .with.property('code', 'CLIENT_UNSUPPORTED');
  });

  it('refuses meta.visible: false with pgnative', () => {
    const config = withMeta({ client: 'pgnative', meta: { visible: false } });
    expect(() => knex(config))
      .to.throw(/pgnative/)
      .with.property('code', 'META_OPTION_INVALID');
  });

  it('gives pg-native no empty list of values, also in a transaction', async () => {
    const asked: QueryObject[] = [];
    const Base = class extends dialectClass('pgnative') {
      override async _query(_connection: unknown, query: QueryObject) {
        asked.push(query);
        return Object.assign(query, { response: { rows: [] } });
      }
    };
    const client = new (withPlainQueries(Base))({ client: 'pgnative' });
    const inTransaction = Object.create(client.constructor.prototype) as typeof client;
    for (const each of [client, inTransaction]) {
      const query: QueryObject = { sql: 'select 1; select 2', bindings: [] };
      await each._query({}, query);
      expect(query.response).to.deep.equal({ rows: [] });
      await each._query({}, { sql: 'select $1', bindings: [1] });
    }
    expect(asked.map(({ options }) => options !== undefined && 'values' in options)).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
  });
});
