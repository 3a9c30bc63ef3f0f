import {
  createMigrator,
  type MigrationRun,
  type Migrator,
  type RunResult,
} from '../migrator/createMigrator.js';
import type { Context, Flag, Outcome } from './command.js';

export const DISABLE_TRANSACTIONS: Readonly<Record<string, Flag>> = {
  'disable-transactions': { type: 'boolean', describe: 'run each migration without a transaction' },
};

/** A migrator whose migrations show as they run, one line each with its time. */
async function openMigrator({ database, output }: Context): Promise<Migrator> {
  const { db } = await database();
  return createMigrator(db, {
    onMigration: ({ name, duration }: MigrationRun, direction) => {
      const sign = direction === 'up' ? output.style('green', '↑') : output.style('yellow', '↓');
      output.line(`${sign} ${name} ${output.style('dim', `${duration} ms`)}`);
    },
  });
}

interface Closing {
  readonly nothing: string;
  readonly done: (result: RunResult) => string;
}

/** Runs one method of the migrator and closes with the line that Knex closes with. */
export async function runAndReport(
  context: Context,
  act: (migrator: Migrator) => Promise<RunResult>,
  closing: Closing,
): Promise<Outcome> {
  const result = await act(await openMigrator(context));
  const { output } = context;
  output.line(
    result.migrations.length === 0
      ? output.style('cyan', closing.nothing)
      : output.style('green', closing.done(result)),
  );
  return { data: { ok: true, ...result } };
}

const UP_TO_DATE = 'Already up to date';
const AT_BASE = 'Already at the base migration';

const listed = ({ migrations }: RunResult): string => migrations.map(({ name }) => name).join('\n');

export const RAN: Closing = {
  nothing: UP_TO_DATE,
  done: (result) => `Batch ${result.batch} ran the following migrations:\n${listed(result)}`,
};

export const RAN_BATCH: Closing = {
  nothing: UP_TO_DATE,
  done: ({ batch, migrations }) => `Batch ${batch} run: ${migrations.length} migrations`,
};

export const UNDONE: Closing = {
  nothing: AT_BASE,
  done: (result) => `Batch ${result.batch} rolled back the following migrations:\n${listed(result)}`,
};

export const UNDONE_BATCH: Closing = {
  nothing: AT_BASE,
  done: ({ batch, migrations }) => `Batch ${batch} rolled back: ${migrations.length} migrations`,
};

/** The flags that steps up and down share, read. */
export function runOptions({ args }: Context): { readonly disableTransactions: boolean } {
  return { disableTransactions: args['disable-transactions'] === true };
}

/** The command's name argument as text. */
export function nameOf({ args }: Context): string | undefined {
  return args.name === undefined ? undefined : String(args.name);
}
