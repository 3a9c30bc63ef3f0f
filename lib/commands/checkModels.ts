import { EXIT } from '../errors.js';
import type { Command } from './command.js';
import { compareModels, nothingDetected, renameHints } from './compareModels.js';

export const checkModels: Command = {
  command: 'check:models',
  describe: 'Check that the database is what the models say; writes nothing',
  flags: { rename: { type: 'string', describe: 'what was renamed and not dropped: users.name:full_name' } },
  examples: [['knex-meta check:models --json', 'exit code 3 with the list of what differs']],
  run: async (context) => {
    const { args, output } = context;
    const compared = await compareModels(context, [args.rename ?? []].flat().map(String));
    const { detected, operations, unmanaged, loaded } = compared;
    for (const line of detected) output.line(`${output.style('red', '✗')} ${line}`);
    for (const line of renameHints(compared)) output.line(`  ${line}`);
    for (const { kind, name, reason } of unmanaged)
      output.line(`${output.style('yellow', '·')} ${kind} ${name}: ${reason}`);
    const isSame = operations.length === 0;
    if (isSame) for (const line of nothingDetected(compared)) output.line(line);
    else
      output.line(
        `${operations.length} found. \`npx knex-meta migrate:make <name> --autogenerate\` writes the migration.`,
      );
    const data = { ok: isSame, detected, operations, unmanaged, files: loaded.files };
    return { data, ...(isSame ? {} : { exitCode: EXIT.found }) };
  },
};
