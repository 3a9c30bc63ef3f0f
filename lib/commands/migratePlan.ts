import { resolve } from 'node:path';
import { engineOf } from '../cli/project.js';
import { withMeta } from '../metadata/withMeta.js';
import { writeScript } from '../migrator/script.js';
import type { Command } from './command.js';
import { planAndReport } from './planReport.js';
import { SHADOW_FLAG, shadowOf } from './rehearsal.js';
import { notWritten, replaceFile } from './stagedFile.js';
import { readMode, TRANSACTION_FLAG } from './transactionFlag.js';

export const migratePlan: Command = {
  command: 'migrate:plan [target]',
  describe:
    'Show the SQL that would run, up to a target or, with --down, down to it; the database is only read',
  writesSql: true,
  flags: {
    down: { type: 'boolean', describe: 'the way down to the target' },
    ...SHADOW_FLAG,
    ...TRANSACTION_FLAG,
  },
  examples: [
    ['knex-meta migrate:plan', 'every statement of what is pending, also those of a rebuilt table'],
    ['knex-meta migrate:plan -1 --down', 'what undoing the last one would run'],
  ],
  run: (context) => {
    const { target, down } = context.args;
    if (down === true) return planAndReport(context, { kind: 'downgrade', target: String(target ?? '-1') });
    return planAndReport(
      context,
      target === undefined ? { kind: 'latest' } : { kind: 'upgrade', target: String(target) },
    );
  },
};

export const migrateSql: Command = {
  command: 'migrate:sql [range]',
  describe:
    'Write a script for a database administrator, with the rows of the record; the configured database is not read',
  writesSql: true,
  flags: {
    out: { type: 'string', describe: 'the file to write it to, in place of stdout' },
    ...SHADOW_FLAG,
    ...TRANSACTION_FLAG,
  },
  examples: [
    ['knex-meta migrate:sql 20240102:head --out upgrade.sql', 'from a database that is at 20240102'],
    ['knex-meta migrate:sql head:20240102', 'the way back'],
  ],
  run: async (context) => {
    const { args, output } = context;
    const { config, extension } = await context.project();
    const engine = engineOf(config);
    const settings = { ...config.migrations, extension };
    const range = String(args.range ?? 'base:heads');
    const { text, direction, migrations } = await writeScript(
      engine,
      withMeta({ ...config, migrations: settings }),
      range,
      { transaction: readMode(args.transaction), ...shadowOf(context, config), signal: context.signal() },
    );
    if (args.out === undefined) {
      output.sql(text.trimEnd());
      return { data: { ok: true, direction, migrations, script: text } };
    }
    const path = resolve(String(args.out));
    try {
      replaceFile(path, text);
    } catch (error) {
      throw notWritten(String(args.out), error);
    }
    output.line(output.style('green', `${migrations.length} migrations ${direction}: ${args.out}`));
    return { data: { ok: true, direction, migrations, path } };
  },
};
