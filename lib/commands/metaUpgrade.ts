import { relative } from 'node:path';
import { engineOf, missingFile } from '../cli/project.js';
import { EXIT, KnexMetaError } from '../errors.js';
import { plainView } from '../migrator/views.js';
import type { Command } from './command.js';

export const metaUpgrade: Command = {
  command: 'meta:upgrade',
  describe:
    'Make the update triggers’ functions of an older knex-meta anew; changes no row and locks no table',
  examples: [['knex-meta meta:upgrade', 'after an update of knex-meta, when an error asks for it']],
  run: async (context) => {
    const { config } = await context.project();
    const file = missingFile(config);
    if (file !== undefined) {
      throw new KnexMetaError('CONNECTION_FAILED', `There is no database ${relative('', file)} yet.`, {
        remedy: '`npx knex-meta migrate:latest` makes it, as this version does. Nothing was made.',
      });
    }
    const { db } = await context.database();
    const { preserving } = engineOf(config);
    const { upgraded, left } = await plainView(db).transaction((trx) => preserving.upgrade(trx));
    const { output } = context;
    for (const name of upgraded) output.line(`${output.style('green', '✓')} ${name} was made anew`);
    for (const { name, reason } of left)
      output.line(`${output.style('red', '✗')} ${name} is as it was: ${reason}`);
    if (upgraded.length + left.length === 0) output.line('All is as this version makes it');
    const isGood = left.length === 0;
    return { data: { ok: isGood, upgraded, left }, ...(isGood ? {} : { exitCode: EXIT.found }) };
  },
};
