import { engineOf, missingFile } from '../cli/project.js';
import { KnexMetaError } from '../errors.js';
import { createMigrator } from '../migrator/createMigrator.js';
import { plainView } from '../migrator/views.js';
import { climb } from '../verify/climb.js';
import { copySchema, type Live } from '../verify/copy.js';
import type { MigrationFinding } from '../verify/findings.js';
import { ACCEPT_FLAG, withoutAccepted } from './accept.js';
import { reportCheck } from './checkReport.js';
import type { Command, Context } from './command.js';
import { rehearsalOf } from './rehearsal.js';

/**
 * The schema and the record of the configured database, which is only read.
 *
 * @param hasFiles - false where there are no migrations of which any could be recorded
 */
export async function readLive(context: Context, hasFiles = true): Promise<Live> {
  const { config } = await context.project();
  const file = missingFile(config);
  if (file !== undefined) {
    throw new KnexMetaError('CONNECTION_FAILED', 'There is no database yet to make a copy of.', {
      remedy:
        'Check the connection in the knexfile; `migrate:verify` without --from-live needs none. Nothing was written.',
    });
  }
  const { db } = await context.database();
  const applied = hasFiles ? (await createMigrator(db).pending()).applied : [];
  return { schema: await engineOf(config).introspect(plainView(db)), applied };
}

export const migrateVerify: Command = {
  command: 'migrate:verify',
  describe:
    'Take every migration up, down and up again in a throwaway database with rows in every table; the configured database is not written to',
  flags: {
    'from-live': {
      type: 'boolean',
      describe: 'begin with the schema of the configured database, and verify what is pending there',
    },
    shadow: { type: 'string', describe: 'a database on the server where the throwaway one is made' },
    ...ACCEPT_FLAG,
  },
  examples: [
    ['knex-meta migrate:verify', 'exit code 3 when a down does not undo its up, or loses rows'],
    ['knex-meta migrate:verify --from-live --json', 'only what is pending, on a copy of the schema'],
  ],
  run: async (context) => {
    const { args, output } = context;
    const { engine, config, settings, open } = await rehearsalOf(context);
    const signal = context.signal();
    const live = args['from-live'] === true ? await readLive(context) : undefined;
    const copied = new Map<string, MigrationFinding>();
    const report = await climb({
      engine,
      settings,
      signal,
      tell: (name, isWell) =>
        output.line(isWell ? `${output.style('green', '✓')} ${name}` : `${output.style('red', '✗')} ${name}`),
      open: async () => {
        const stage = await open();
        try {
          if (live !== undefined) {
            for (const each of await copySchema(engine, stage.db, live, settings))
              copied.set(each.message, each);
          }
          return stage;
        } catch (error) {
          await stage.end();
          throw error;
        }
      },
    });
    const findings = [...copied.values(), ...report.findings];
    const { verified, tables } = report;
    const kept = withoutAccepted(context, config.meta, { findings, notes: report.notes });
    const number = verified.length === 1 ? '1 migration goes' : `${verified.length} migrations go`;
    return reportCheck(context, {
      report: kept,
      allIsWell: `${number} up, down and up again with rows in ${tables} ${tables === 1 ? 'table' : 'tables'}`,
      data: { verified },
    });
  },
};
