import { engineOf, missingFile } from '../cli/project.js';
import { withMeta } from '../metadata/withMeta.js';
import { type PlannedRun, planRun, planWithoutDatabase } from '../migrator/capture.js';
import { newEvents } from '../migrator/events.js';
import type { Request } from '../migrator/plan.js';
import type { Context, Outcome } from './command.js';
import { shadowOf } from './rehearsal.js';
import { readMode } from './transactionFlag.js';

/** What a run would do, on this database; nothing is written. */
export async function planAndReport(context: Context, request: Request): Promise<Outcome> {
  const { output, args, project, database } = context;
  const { config, extension } = await project();
  const migrations = { ...config.migrations, extension };
  const options = {
    transaction: readMode(args.transaction ?? (args['disable-transactions'] === true ? 'none' : undefined)),
    strict: args.strict === true,
    strictOrder: args['strict-order'] === true,
    ...shadowOf(context, config),
    signal: context.signal(),
  };
  const events = newEvents();
  events.on('warning', ({ message }) => output.warn(message));
  const planned: PlannedRun =
    missingFile(config) === undefined
      ? await planRun((await database()).db, migrations, request, options, events)
      : await planWithoutDatabase(engineOf(config), withMeta({ ...config, migrations }), request, options);
  for (const doubt of planned.doubts) output.warn(`unproven: ${doubt}`);
  for (const { name, direction, isTransaction, statements, unseenTables } of planned.migrations) {
    output.line(
      output.style('cyan', `-- ${name} (${direction}${isTransaction ? '' : ', without a transaction'})`),
    );
    if (unseenTables.length > 0) {
      output.line(
        `-- It asks for rows of ${unseenTables.join(', ')}, which were not copied: not every statement is shown.`,
      );
    }
    for (const statement of statements) output.sql(`${statement.trimEnd().replace(/;$/, '')};`);
  }
  const count = planned.migrations.length;
  output.line(
    count === 0 ? '-- nothing to do' : `-- ${count} migration${count === 1 ? '' : 's'}; nothing was run`,
  );
  return { data: { ok: true, ...planned } };
}
