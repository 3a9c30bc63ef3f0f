import { readCount, readDuration } from '../cli/duration.js';
import { createMigrator, type Migrator } from '../migrator/createMigrator.js';
import type { RunOptions } from '../migrator/options.js';
import type { Request } from '../migrator/plan.js';
import type { RunResult } from '../migrator/run.js';
import type { Arguments, Context, Flag, Outcome } from './command.js';
import { planAndReport } from './planReport.js';
import { readMode, TRANSACTION_FLAG } from './transactionFlag.js';

/** The flag of what takes the lock. */
export const LOCK_WAIT_FLAG: Readonly<Record<'lock-wait', Flag>> = {
  'lock-wait': {
    type: 'string',
    describe: 'how long another run is waited for; default: without end, 10 seconds for stock Knex',
  },
};

/** The flags of every command that runs migrations. */
export const RUN_FLAGS: Readonly<Record<string, Flag>> = {
  'disable-transactions': { type: 'boolean', describe: 'run each migration without a transaction' },
  ...TRANSACTION_FLAG,
  'lock-timeout': {
    type: 'string',
    describe: 'a statement that waits longer for a lock gives up, and is tried again: 2, 500ms',
  },
  'statement-timeout': { type: 'string', describe: 'a statement that works longer is ended' },
  retries: { type: 'string', describe: 'how often after a lock timeout; default 5 with --lock-timeout' },
  ...LOCK_WAIT_FLAG,
  backup: {
    type: 'string',
    describe: 'copy the database first: to this path, or to backup-<time> in the working directory',
  },
  strict: { type: 'boolean', describe: 'refuse when an applied file was edited' },
  'dry-run': { type: 'boolean', describe: 'show the SQL that would run, and run nothing' },
  'strict-order': {
    type: 'boolean',
    describe: 'refuse when a pending migration is older than an applied one',
  },
};

/** The value of --lock-wait. Throws USAGE. */
export function readLockWait(args: Arguments): number | undefined {
  return readDuration('lock-wait', args['lock-wait']);
}

/** The flags of a run, read. Throws USAGE. */
function runOptions({ args, signal }: Context): RunOptions {
  const { backup } = args;
  return {
    disableTransactions: args['disable-transactions'] === true,
    transaction: readMode(args.transaction),
    lockTimeout: readDuration('lock-timeout', args['lock-timeout']),
    statementTimeout: readDuration('statement-timeout', args['statement-timeout']),
    retries: readCount('retries', args.retries),
    lockWait: readLockWait(args),
    backup: backup === undefined ? false : String(backup) === '' ? true : String(backup),
    strict: args.strict === true,
    strictOrder: args['strict-order'] === true,
    signal: signal(),
  };
}

/** Tells what a migrator does while it does it. */
export function tellEvents(migrator: Migrator, { output }: Pick<Context, 'output'>): void {
  migrator.on('migration:done', ({ name, duration, direction }) => {
    const sign = direction === 'up' ? output.style('green', '↑') : output.style('yellow', '↓');
    output.line(`${sign} ${name} ${output.style('dim', `${duration} ms`)}`);
  });
  migrator.on('lock:wait', ({ holder }) => output.note(`Waiting for ${holder}`));
  migrator.on('migration:retry', ({ name, attempt, delay, reason }) =>
    output.note(`${name}: ${reason}; attempt ${attempt + 1} in ${delay} ms`),
  );
  migrator.on('backup:done', ({ file, duration }) => output.note(`Backup: ${file} (${duration} ms)`));
  migrator.on('warning', ({ message }) => output.warn(message));
}

interface Closing {
  readonly nothing: string;
  readonly done: (result: RunResult) => string;
}

/** Runs one method of the migrator and closes with the line that Knex closes with. */
export async function runAndReport(context: Context, request: Request, closing: Closing): Promise<Outcome> {
  if (context.args['dry-run'] === true) return planAndReport(context, request);
  const options = runOptions(context);
  const { output } = context;
  const migrator = createMigrator((await context.database()).db);
  tellEvents(migrator, context);
  const result = await migrator.run(request, options);
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
const number = (count: number): string => `${count} migration${count === 1 ? '' : 's'}`;

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

export const UPGRADED: Closing = {
  nothing: UP_TO_DATE,
  done: ({ batch, migrations }) => `Batch ${batch}: ${number(migrations.length)} applied`,
};

export const DOWNGRADED: Closing = {
  nothing: 'Already there',
  done: ({ migrations }) => `${number(migrations.length)} undone`,
};

/** The command's name argument as text. */
export function nameOf({ args }: Context): string | undefined {
  return args.name === undefined ? undefined : String(args.name);
}
