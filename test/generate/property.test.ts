import { expect } from 'chai';
import fc from 'fast-check';
import { reverse } from '../../lib/operations/reverse.js';
import { eachEngine } from '../support/databases.js';
import { loop } from '../support/loop.js';
import { alike, buildSpec, fillSpec, spec } from './random.js';

/** Thousands were run by hand: KNEX_META_RUNS=2000. */
const RUNS = Number(process.env.KNEX_META_RUNS ?? 15);
const SEED = process.env.KNEX_META_SEED;

eachEngine('random pairs of schemas', (engine) => {
  it('apply(diff(a, b)) gives b, down gives a, rows stay', async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(spec, spec, async (before, other) => {
        const after = alike(before, other);
        const { difference } = await loop(engine, {
          before: buildSpec(before),
          after: buildSpec(after),
          rows: fillSpec(before),
          options: { leave: [] },
        });
        for (const operation of difference.operations)
          expect(reverse(reverse(operation))).to.deep.equal(operation);
      }),
      { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
    );
  });
});
