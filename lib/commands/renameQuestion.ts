import { canAsk, choose } from '../cli/question.js';
import type { Rename } from '../diff/options.js';
import { interrupted } from '../migrator/failure.js';
import type { Context } from './command.js';
import type { AskRenames } from './compareModels.js';
import { renameText } from './renameFlag.js';

const WORDS: Readonly<Record<Rename['kind'], string>> = {
  table: 'The table',
  column: 'The column',
  type: 'The type',
  enumValue: 'The value',
};

const LOST: Readonly<Record<Rename['kind'], string>> = {
  table: 'No: it is dropped, with its rows',
  column: 'No: it is dropped, with its values',
  type: 'No: it is dropped',
  enumValue: 'No: it is removed',
};

const keyOf = (rename: Rename, side: 'from' | 'to'): string => {
  const owner = rename.kind === 'column' ? rename.table : rename.kind === 'enumValue' ? rename.type : {};
  return JSON.stringify([rename.kind, owner, rename[side]]);
};

/** One question for each thing that went, with all like ones that came and nobody has chosen yet. */
const ask: AskRenames = async (candidates, home) => {
  const chosen: Rename[] = [];
  const went = new Map(candidates.map((each) => [keyOf(each, 'from'), each]));
  for (const [key, first] of went) {
    const taken = new Set(chosen.map((each) => keyOf(each, 'to')));
    const open = candidates.filter((each) => keyOf(each, 'from') === key && !taken.has(keyOf(each, 'to')));
    if (open.length === 0) continue;
    const { from } = renameText(first, home);
    const answer = await choose<Rename | undefined>(`${WORDS[first.kind]} ${from} is gone. Was it renamed?`, [
      ...open.map((each) => ({ value: each, label: `Yes, to ${renameText(each, home).to}` })),
      { value: undefined, label: LOST[first.kind] },
    ]);
    if (answer === 'cancelled') throw interrupted(undefined, 'Nothing was written.');
    if (answer.value !== undefined) chosen.push(answer.value);
  }
  return chosen;
};

/** Asks where a person can answer; undefined elsewhere. */
export function askRenames({ args }: Context): AskRenames | undefined {
  return canAsk(args) ? ask : undefined;
}
