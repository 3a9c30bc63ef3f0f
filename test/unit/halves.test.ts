import { expect } from 'chai';
import { sendInHalves } from '../../lib/engines/postgresql/sandbox/halves.js';

const hundred = Array.from({ length: 100 }, (_each, index) => index);

describe('sending in halves', () => {
  it('sends all in order, in groups', async () => {
    const sent: (readonly number[])[] = [];
    await sendInHalves(hundred, 40, async (some) => sent.push(some));
    expect(sent.map(({ length }) => length)).to.deep.equal([40, 40, 20]);
    expect(sent.flat()).to.deep.equal(hundred);
  });

  it('finds what fails by itself in a few turns, and sends all else in order', async () => {
    let turns = 0;
    const done: number[] = [];
    const refused: number[] = [];
    const send = async (some: readonly number[]): Promise<void> => {
      turns += 1;
      if (some.includes(37) || some.includes(90)) throw new Error('refused');
      done.push(...some);
    };
    await sendInHalves(hundred, 100, send, { refused: (thing) => refused.push(thing) });
    expect(refused).to.deep.equal([37, 90]);
    expect(done).to.deep.equal(hundred.filter((each) => each !== 37 && each !== 90));
    expect(turns).to.be.below(30);
  });

  it('gives a thing that is larger than the limit a turn of its own', async () => {
    const sent: (readonly number[])[] = [];
    await sendInHalves([1, 5, 1, 1], 3, async (some) => sent.push(some), { sizeOf: (thing) => thing });
    expect(sent).to.deep.equal([[1], [5], [1, 1]]);
  });
});
