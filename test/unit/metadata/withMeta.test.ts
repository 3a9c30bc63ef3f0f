import { expect } from 'chai';
import { type KnexMetaError, withMeta } from '../../../lib/index.js';

function refusal(config: object): KnexMetaError {
  try {
    withMeta(config);
  } catch (error) {
    return error as KnexMetaError;
  }
  return expect.fail('no error');
}

describe('withMeta', () => {
  it('names the environments of a whole knexfile, where one of them is asked for', () => {
    const error = refusal({ development: { client: 'pg' }, test: { client: 'pg' }, meta: {} });
    expect(error.code).to.equal('CONFIG_INVALID');
    expect(error.message).to.include('development, test');
    expect(error.remedy).to.include('config.development');
    expect(refusal({}).remedy).to.include('DATABASE_URL');
    expect(refusal({}).message).not.to.include('environment');
    expect(refusal({ connection: { client: 'x' }, client: 'oracledb' }).code).to.equal('CLIENT_UNSUPPORTED');
  });
});
