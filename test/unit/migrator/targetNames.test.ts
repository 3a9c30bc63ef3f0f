import { expect } from 'chai';
import { historyOf } from '../../../lib/migrator/history.js';
import { readTarget } from '../../../lib/migrator/target.js';

const files = (...names: readonly string[]) =>
  historyOf(names.map((revision) => ({ name: `${revision}.js`, revision, revises: undefined })));

function revisionAt(text: string, history: ReturnType<typeof files>): string | undefined {
  const target = readTarget(text, history);
  return target.kind === 'revisions' ? target.revision : `steps ${target.count}`;
}

describe('targets', () => {
  const history = files('20240101_add-users', '20240102_add-roles', '20240103_add-users-2', '20240104_v1-1');

  it('a name behind the time stamp that ends like an offset is that name', () => {
    expect(revisionAt('add-users-2', history)).to.equal('20240103_add-users-2');
    expect(revisionAt('v1-1', history)).to.equal('20240104_v1-1');
  });

  it('an offset behind such a name counts from it', () => {
    expect(revisionAt('add-users-2-2', history)).to.equal('20240101_add-users');
    expect(revisionAt('add-users+1', history)).to.equal('20240102_add-roles');
    expect(revisionAt('head-3', history)).to.equal('20240101_add-users');
  });
});

describe('the history', () => {
  it('one that revises a later one by name makes no circle with those that say nothing', () => {
    const revision = (name: string, revises?: readonly string[]) => ({ name, revision: name, revises });
    const { revisions, heads, parents } = historyOf([
      revision('1'),
      revision('2', ['3']),
      revision('3'),
      revision('4'),
    ]);
    expect(revisions.map(({ name }) => name)).to.deep.equal(['1', '3', '2', '4']);
    expect([...parents]).to.deep.equal([
      ['1', []],
      ['3', ['1']],
      ['2', ['3']],
      ['4', ['2']],
    ]);
    expect(heads.map(({ name }) => name)).to.deep.equal(['4']);
  });
});
