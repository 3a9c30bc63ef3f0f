import { expect } from 'chai';
import { secretsOf, secretsOfVariables, withoutPasswords } from '../../../lib/config/secrets.js';

describe('secrets', () => {
  it('a URL keeps its user and loses its password, whatever is in it', () => {
    for (const password of ['pa55', 'a@b', 'a/b', 'a:b', 'a%40b', '#1']) {
      const text = `cannot reach postgres://me:${password}@host:5432/db today`;
      expect(withoutPasswords(text)).to.equal('cannot reach postgres://me:***@host:5432/db today');
    }
  });

  it('the source line of a knexfile that Node prints loses it too', () => {
    expect(withoutPasswords("{ user: 'me', password: 'a b', port: 1 }")).to.equal(
      "{ user: 'me', password: '***', port: 1 }",
    );
    expect(withoutPasswords('{"password":"x\'y"}')).to.equal('{"password":"***"}');
  });

  it('a secret goes where it stands by itself, and is not looked for within names', () => {
    expect(withoutPasswords('test: create_test_table', ['test'])).to.equal('***: create_test_table');
    expect(withoutPasswords('(a.b*c)', ['a.b*c'])).to.equal('(***)');
    expect(withoutPasswords('long-secret', ['long', 'long-secret'])).to.equal('***');
  });

  it('reads passwords from an object, a URL and variables, decoded and as written', () => {
    expect(secretsOf({ connection: { password: 'pa55' } })).to.deep.equal(['pa55']);
    expect(secretsOf({ connection: 'postgres://me:a%40b@host/db' })).to.deep.equal(['a%40b', 'a@b']);
    expect(secretsOf({ connection: { connectionString: 'postgres://me:a%zz@host/db' } })).to.include('a%zz');
    expect(secretsOfVariables({ PGPASSWORD: 'one', HOME: 'two' })).to.deep.equal(['one']);
  });

  it('what a message shows anyway is no secret: the user, the host, the database', () => {
    expect(secretsOf({ connection: { user: 'postgres', password: 'postgres' } })).to.deep.equal([]);
    expect(secretsOf({ connection: 'postgres://postgres:postgres@localhost/x' })).to.deep.equal([]);
    expect(secretsOf({ connection: 'postgres://me:shop@localhost/shop' })).to.deep.equal([]);
  });

  it('there is nothing to read where there is no connection', () => {
    for (const config of [undefined, {}, { connection: undefined }, { connection: () => ({}) }])
      expect(secretsOf(config)).to.deep.equal([]);
  });
});
