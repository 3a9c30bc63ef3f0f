import { expect } from 'chai';
import { deletedFile, deleter, explore, permanentFile } from './lockModel.js';

describe('a model of all interleavings of the SQLite run lock', function () {
  this.timeout(120_000);

  it('a file that is deleted while it is locked lets two runs in, and a migration runs twice', () => {
    const { mostInside, mostExecutions } = explore([deletedFile, deletedFile, deletedFile]);
    expect([mostInside, mostExecutions]).to.deep.equal([2, 2]);
  });

  it('a permanent file lets one in: three processes, two runs each', () => {
    const lock = permanentFile(false);
    const found = explore([lock, lock, lock], { runs: 2 });
    expect(found.worlds).to.be.greaterThan(1000);
    expect([found.mostInside, found.mostExecutions, found.isAlwaysFree]).to.deep.equal([1, 1, true]);
  });

  it('also when processes die before any of their steps, and nothing stays locked', () => {
    const lock = permanentFile(true);
    const found = explore([lock, lock, lock], { deaths: 2 });
    expect([found.mostInside, found.mostExecutions, found.isAlwaysFree]).to.deep.equal([1, 1, true]);
  });

  it('who deletes the file in the middle breaks the lock, and no migration runs twice all the same', () => {
    const unchecked = permanentFile(false);
    const broken = explore([unchecked, unchecked, deleter]);
    expect([broken.mostInside, broken.mostExecutions]).to.deep.equal([2, 2]);
    const checked = permanentFile(true);
    const found = explore([checked, checked, deleter], { runs: 2, deaths: 1 });
    expect([found.mostInside, found.mostExecutions, found.isAlwaysFree]).to.deep.equal([2, 1, true]);
  });

  it('beside an older knex-meta, which deletes the file, no migration of ours runs a second time', () => {
    const checked = permanentFile(true);
    const found = explore([checked, checked, deletedFile]);
    // A new one and an old one exclude each other: the file has content, and SQLite's check works for both.
    expect([found.mostInside, found.mostExecutions]).to.deep.equal([1, 1]);
  });
});
