import { appendFileSync } from 'node:fs';
import { config, expect } from 'chai';
import fc from 'fast-check';
import { eachEngine } from '../support/databases.js';
import { anyChoices, Choices } from './random/choices.js';
import { fewChanges } from './random/pair.js';
import { prove } from './random/prove.js';

/** More are run by hand: KNEX_META_RUNS=2000 KNEX_META_CHANGES=2. */
const RUNS = process.env.KNEX_META_RUNS;
const SEED = Number(process.env.KNEX_META_SEED ?? 20261121);

/** How many changes are made at a time; a person makes few. All that were drawn: 'all'. */
const CHANGES = process.env.KNEX_META_CHANGES;

/** A file that gets a line for each seed: the engine, how many changes, the seed, and `held` or the failure. */
const RECORD = process.env.KNEX_META_RECORD;

config.truncateThreshold = 0;

eachEngine('random pairs of schemas', (engine) => {
  it('apply(diff(a, b)) gives b, down gives a, and nothing else has changed', async function () {
    this.timeout(0);
    if (CHANGES !== undefined) {
      const failed: string[] = [];
      const count = Number(RUNS ?? 20);
      const from = Number(process.env.KNEX_META_SEED ?? 1);
      for (let seed = from; seed < from + count; seed += 1) {
        const drawn = new Choices(seed);
        const choices = CHANGES === 'all' ? drawn : fewChanges(drawn, engine.name, Number(CHANGES));
        let result = 'held';
        await prove(engine, choices).catch((error: Error) => {
          result = error.message.split('\n')[0] ?? '';
          failed.push(`seed ${seed} (${[...(choices.changes ?? [])].join(', ')}): ${error.message}`);
          // Of a long run the first failures are worth reading before its end.
          console.log(failed.at(-1));
        });
        if (RECORD !== undefined) appendFileSync(RECORD, `${engine.name}\t${CHANGES}\t${seed}\t${result}\n`);
      }
      expect(failed.length, `of ${count} seeds from ${from}`).to.equal(0);
      return;
    }
    if (RUNS === undefined && engine.name === 'postgresql') {
      for (let seed = 1; seed <= 15; seed += 1) {
        await prove(engine, fewChanges(new Choices(seed), engine.name, 2));
        await prove(engine, new Choices(seed));
      }
      return;
    }
    await fc.assert(
      fc.asyncProperty(anyChoices, (choices) => prove(engine, choices)),
      { numRuns: Number(RUNS ?? 20), seed: SEED },
    );
  });
});
