import { expect } from 'chai';
import { eachEngine } from '../support/databases.js';
import { type LoopCase, loop } from '../support/loop.js';
import { CASES } from './cases.js';

/** What is no change at all. */
const STAYS = /unchanged|order only|NO ACTION vs none|model none|stray sequence/;

/** Renames in the cases are without a schema: the engine's own goes with them. */
function optionsFor(engine: string, options: LoopCase['options']): LoopCase['options'] {
  if (engine !== 'postgresql' || options?.renames === undefined) return options;
  const own = (name: { schema: string | undefined; name: string }) => ({
    ...name,
    schema: name.schema ?? 'public',
  });
  return {
    ...options,
    renames: options.renames.map((rename) => {
      if (rename.kind === 'column') return { ...rename, table: own(rename.table) };
      return rename.kind === 'enumValue' ? rename : { ...rename, from: own(rename.from), to: own(rename.to) };
    }),
  };
}

eachEngine('every change of the acceptance list', (engine) => {
  for (const { name, on, detects, before, after, rows, options, leaves = false } of CASES) {
    if (on !== undefined && on !== engine.name) continue;
    it(name, async () => {
      const chosen = optionsFor(engine.name, options);
      const result = await loop(engine, {
        before,
        after,
        leaves,
        ...(rows === undefined ? {} : { rows }),
        ...(chosen === undefined ? {} : { options: chosen }),
      });
      const { operations } = result.difference;
      expect(operations.length > 0, `detected ${JSON.stringify(operations)}`).to.equal(!STAYS.test(name));
      if (/^rename|table move/.test(name))
        expect(operations.filter(({ kind }) => kind === 'table' || kind === 'column')).to.deep.equal([]);
      const kinds = new Set(result.difference.operations.map(({ kind }) => kind));
      for (const kind of detects) expect([...kinds]).to.include(kind);
    });
  }
});
