import { expect } from 'chai';
import { reverse } from '../../../lib/operations/reverse.js';
import type { TestEngine } from '../../support/databases.js';
import { loop } from '../../support/loop.js';
import { buildSide, fillSide } from './build.js';
import { type Catalog, catalogOf } from './catalog.js';
import type { Choices } from './choices.js';
import { pairOf } from './pair.js';
import { type Contents, positions, readSide, shared } from './rows.js';

/** A pair of schemas in the loop: with its rows, and what the database itself says is in it. */
export async function prove(engine: TestEngine, choices: Choices): Promise<void> {
  const pair = pairOf(choices, engine.name);
  const { before, after, renames, once } = pair;
  const contents: Partial<Record<string, Contents>> = {};
  const catalogs: Partial<Record<string, Catalog>> = {};
  const counters: Partial<Record<string, unknown>> = {};
  const { difference } = await loop(engine, {
    before: buildSide(before),
    after: buildSide(after),
    rows: fillSide(pair),
    options: { leave: [], renames, once },
    observe: async (db, stage) => {
      const [side, other] = stage === 'up' || stage === 'built' ? [after, before] : [before, after];
      catalogs[stage] = await catalogOf(db);
      contents[stage] = await readSide(db, engine.name, side);
      counters[stage] = await positions(db, engine.name, side, other);
      const was = contents.before as Contents;
      const rows = shared(side, other, contents[stage] as Contents);
      if (stage === 'up' || stage === 'down')
        expect(rows, `rows after ${stage}`).to.deep.equal(shared(before, after, was));
      const wanted = stage === 'up' ? catalogs.built : stage === 'down' ? catalogs.before : undefined;
      if (wanted !== undefined) {
        const found = catalogs[stage] ?? [];
        const only = (some: Catalog, others: Catalog) => some.filter((line) => !others.includes(line));
        const lines = [only(found, wanted), only(wanted, found)].map((each) => each.join('\n'));
        expect(lines[0], `the catalog after ${stage}, in place of: ${lines[1]}\n`).to.equal('');
        expect(lines[1], `the catalog after ${stage} lacks`).to.equal('');
      }
      if (stage === 'up' || stage === 'down')
        expect(counters[stage], `sequences after ${stage}`).to.deep.equal(counters.before);
    },
  });
  for (const operation of difference.operations) expect(reverse(reverse(operation))).to.deep.equal(operation);
}
