import { writtenByHand } from '../diff/options.js';
import { EXIT } from '../errors.js';
import type { Command } from './command.js';
import { compareModels } from './compareModels.js';
import {
  differenceData,
  MODEL_FLAGS,
  many,
  nothingDetected,
  renameHints,
  tellDifference,
} from './modelReport.js';

export const checkModels: Command = {
  command: 'check:models',
  describe: 'Check that the database is what the models say; writes nothing',
  flags: MODEL_FLAGS,
  examples: [
    ['knex-meta check:models --json', 'exit code 3 with the list of what differs'],
    ['knex-meta check:models --head', 'for a pull request: the models beside the migration files'],
  ],
  run: (context) =>
    compareModels(context, undefined, async (compared) => {
      const { output, args } = context;
      tellDifference(compared, output, output.style('red', '✗'));
      for (const hint of renameHints(compared)) output.line(`  ${hint}`);
      const { length } = compared.operations;
      const byHand = writtenByHand(compared.unmanaged).length;
      if (byHand > 0)
        output.line(
          `${many(byHand, 'difference')} without a generated migration. \`npx knex-meta migrate:make <name>\` creates a file to write it in.`,
        );
      if (length + byHand === 0) for (const line of nothingDetected(compared)) output.line(line);
      else if (length > 0) {
        const head = args.head === true ? ' --head' : '';
        output.line(
          `${many(length, 'difference')}. \`npx knex-meta migrate:make <name> --autogenerate${head}\` writes the migration.`,
        );
      }
      const isFine = length + byHand === 0;
      const data = { ok: isFine, ...differenceData(compared) };
      return { data, ...(isFine ? {} : { exitCode: EXIT.found }) };
    }),
};
