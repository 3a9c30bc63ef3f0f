import { expect } from 'chai';
import { clockOf, pin } from '../../../../lib/engines/postgresql/clock.js';

describe('PostgreSQL clock', () => {
  it('pins built-in functions to pg_catalog, and no others', () => {
    expect(pin("timezone('utc', now())")).to.equal("pg_catalog.timezone('utc', pg_catalog.now())");
    expect(pin('app.now()')).to.equal('app.now()');
    expect(pin('pg_catalog.now()')).to.equal('pg_catalog.now()');
    expect(pin('my_now()')).to.equal('my_now()');
    expect(pin('"now"()')).to.equal('"now"()');
  });

  it('guesses the type that the expression has', () => {
    expect(clockOf(undefined)).to.deep.equal({ expression: 'CURRENT_TIMESTAMP', type: 'timestamptz' });
    expect(clockOf('now()').type).to.equal('timestamptz');
    expect(clockOf("timezone('utc', now())").type).to.equal('timestamp');
    expect(clockOf("now() AT TIME ZONE 'utc'").type).to.equal('timestamp');
  });
});
