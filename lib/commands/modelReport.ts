import type { Output } from '../cli/output.js';
import { columnsRenamedWith } from '../diff/candidates.js';
import { type Rename, writtenByHand } from '../diff/options.js';
import { type CountedHazard, countText } from '../operations/hazards/index.js';
import type { Flag } from './command.js';
import type { Compared } from './compareModels.js';
import { renameText } from './renameFlag.js';

/** The flags of what compares models. */
export const MODEL_FLAGS: Readonly<Record<'rename' | 'head' | 'shadow', Flag>> = {
  rename: {
    type: 'string',
    describe: 'what was renamed and not dropped: users.name:full_name, users:people; may be repeated',
  },
  head: {
    type: 'boolean',
    describe: 'compare the models with the result of all migration files, in an empty database of a moment',
  },
  shadow: {
    type: 'string',
    describe: 'the URL of a database to build models in, where the role may not create schemas',
  },
};

export const many = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The renames that may be meant, each table with its columns. */
function renamesOf({ candidates, operations, engine }: Compared): readonly (readonly Rename[])[] {
  return candidates.map((each) => [each, ...columnsRenamedWith(each, operations, engine.changes.comparison)]);
}

/** What --rename would say of things that went while like ones came. */
export function renameHints(compared: Compared): readonly string[] {
  const { home } = compared;
  return renamesOf(compared).flatMap(([first, ...columns]) => {
    if (first === undefined) return [];
    const { flag, from, to } = renameText(first, home);
    const parts = columns.map((each) => renameText(each, home));
    return [
      `Was ${from} renamed to ${to}? Then: ${flag}`,
      ...parts.map((part) => `  And its column ${part.from} to ${part.to}? Then also: ${part.flag}`),
    ];
  });
}

function tellHazard(hazard: CountedHazard, output: Output, remedies: Set<string>): void {
  const { message, remedy, count, notCounted } = hazard;
  const isCertain = count !== undefined && count > 0;
  const style = count === 0 ? 'dim' : isCertain && hazard.kind !== 'long lock' ? 'red' : 'yellow';
  const found = countText(hazard, count);
  output.line(`    ${output.style(style, [message, found].filter(Boolean).join(' '))}`);
  if (notCounted !== undefined) output.line(`      It could not be counted: ${notCounted}`);
  // What helps with several is said once.
  if (remedy === '' || count === 0 || remedies.has(remedy)) return;
  remedies.add(remedy);
  output.line(`      ${output.style('dim', remedy)}`);
}

/** Every difference with what can go wrong with it, and what is left alone. */
export function tellDifference(compared: Compared, output: Output, sign: string): void {
  const { operations, detected, hazards, unmanaged } = compared;
  const remedies = new Set<string>();
  operations.forEach((operation, at) => {
    output.line(`${sign} ${detected[at]}`);
    for (const hazard of hazards) if (hazard.operation === operation) tellHazard(hazard, output, remedies);
  });
  const dropped = operations.flatMap((each) => {
    if (each.kind !== 'table' || each.from === undefined || each.to !== undefined) return [];
    const count = hazards.find(({ operation }) => operation === each)?.count;
    return [`${each.from.name}${count === undefined ? '' : ` (${many(count, 'row')})`}`];
  });
  if (dropped.length > 0) {
    output.warn(
      `No model names ${dropped.join(', ')}: dropped with all rows. If another tool owns what is there: \`meta.exclude\` in the knexfile leaves it alone.`,
    );
  }
  for (const { kind, name, reason, isDifferent } of unmanaged)
    output.line(
      `${isDifferent ? output.style('red', '✗') : output.style('yellow', '·')} ${kind} ${name}: ${reason}`,
    );
}

/** The same as data. */
export function differenceData(compared: Compared): object {
  const { detected, operations, hazards, unmanaged, loaded, home } = compared;
  return {
    detected,
    operations,
    hazards: hazards.map(({ operation, kind, message, remedy, evidence, count, notCounted }) => ({
      operation: detected[operations.indexOf(operation)],
      kind,
      message,
      remedy,
      ...(evidence === undefined ? {} : { counts: evidence.counts }),
      ...(count === undefined ? {} : { count }),
      ...(notCounted === undefined ? {} : { notCounted }),
    })),
    renames: renamesOf(compared).flatMap((all) => all.map((each) => renameText(each, home).flag)),
    unmanaged,
    files: loaded.files,
  };
}

/** So many files are named; `--json` has all. */
const FILES = 20;

/** How many models of which files were compared, and why a table could be missing. */
export function nothingDetected({ loaded, unmanaged }: Compared): readonly string[] {
  const { models, files } = loaded;
  const shown = files.slice(0, FILES).map(({ file, models: written }) => `${file} (${written})`);
  const names = [...shown, ...(files.length > FILES ? [`and ${files.length - FILES} more`] : [])].join(', ');
  const empty = files.filter(({ models: written }) => written === 0).map(({ file }) => file);
  const byHand = writtenByHand(unmanaged).length;
  return [
    `No changes ${byHand === 0 ? 'detected' : 'that can be generated'}: ${many(models.length, 'model')} of ${many(files.length, 'file')} ${models.length === 1 ? 'was' : 'were'} compared.`,
    `  ${names}`,
    ...(empty.length === 0 ? [] : [`  No model is written in ${empty.join(', ')}.`]),
    '  A table that is missing here: is its file in the directory of the models, and does it export what defineModel returns?',
  ];
}
