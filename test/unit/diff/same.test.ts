import { expect } from 'chai';
import { uncheckedOf } from '../../../lib/commands/leftAlone.js';
import { diff } from '../../../lib/diff/index.js';
import { engines } from '../../../lib/engines/registry.js';
import { schemaOf } from '../../../lib/engines/sqlite/introspect/index.js';
import { hazardFinder } from '../../../lib/operations/hazards/index.js';

describe('a table that is the same in both schemas', () => {
  const sqlite = engines.find(({ name }) => name === 'sqlite');
  if (sqlite === undefined) throw new Error('no engine');
  // Its text cannot be taken apart: whoever looks into it fails.
  const schema = schemaOf(
    {
      master: [{ type: 'table', name: 'closed', on: 'closed', sql: 'CREATE TABLE nothing' }],
      kinds: new Map([['closed', { kind: 'table', isWithoutRowid: false, isStrict: false }]]),
      columns: new Map(),
    },
    new Set(['closed']),
  );

  it('is not looked into', () => {
    expect(diff(schema, schema, sqlite.changes.comparison)).to.deep.equal({
      operations: [],
      candidates: [],
      unmanaged: [],
    });
    expect(uncheckedOf(schema, schema, () => true)).to.deep.equal([]);
    expect(() => hazardFinder([], sqlite.changes.hazards, schema)).not.to.throw();
  });

  it('is taken apart when somebody does', () => {
    expect(() => schema.tables[0]?.columns).to.throw('The definition of closed was not understood.');
  });
});
