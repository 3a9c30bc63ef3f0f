import type { Knex } from 'knex';
import yargs, { type Argv } from 'yargs';
import type { Arguments, Command, Context } from '../commands/command.js';
import { commands } from '../commands/index.js';
import { versionOfPackage } from '../config/version.js';
import type { LockBusy } from '../engines/migrations.js';
import { EXIT, type ExitCode, isKnexMetaError } from '../errors.js';
import { besideRun, runUnderWay } from '../migrator/underWay.js';
import { readDuration } from './duration.js';
import { COMMON_FLAGS } from './flags.js';
import { isReader } from './otherRun.js';
import { Output } from './output.js';
import { type CommonFlags, connect, disconnect, openProject, type Project } from './project.js';
import { abortOnSignals } from './signals.js';
import { flushOutput, lostOutput, surviveLostOutput } from './stdout.js';
import { inheritedFlag, usageError } from './usage.js';
import { hideLoaderWarnings } from './warnings.js';

function outputFor(args: Arguments, script = false): Output {
  return new Output({
    json: args.json === true,
    quiet: args.quiet === true,
    script,
    verbose: args.verbose === true,
    color: args.color !== false && !process.env.NO_COLOR && args.json !== true,
  });
}

function flagsOf(args: Arguments): CommonFlags {
  const text = (name: string): string | undefined =>
    args[name] === undefined ? undefined : String(args[name]);
  return {
    cwd: text('cwd'),
    knexfile: text('knexfile'),
    env: text('env'),
    client: text('client'),
    connection: text('connection'),
    migrationsDirectory: text('migrations-directory'),
    migrationsTableName: text('migrations-table-name'),
    debug: args.debug === true,
  };
}

async function execute(command: Command, args: Arguments): Promise<ExitCode> {
  const isScript = command.writesSql === true || args['dry-run'] === true || args.format === 'sarif';
  const output = outputFor(args, isScript);
  let project: Promise<Project> | undefined;
  let connected: Promise<Knex> | undefined;
  let before: LockBusy | undefined;
  const otherRun = async (): Promise<LockBusy | undefined> => {
    if (before !== undefined || connected === undefined || !isReader(command, args)) return before;
    const { config } = await openOnce();
    return runUnderWay(await connected, config.migrations ?? {});
  };
  let signal: AbortSignal | undefined;
  const openOnce = (): Promise<Project> => {
    project ??= openProject(flagsOf(args), output);
    return project;
  };
  const context: Context = {
    args,
    output,
    project: openOnce,
    database: async () => {
      const opened = await openOnce();
      connected ??= connect(opened, output, readDuration('wait', args.wait));
      if (isReader(command, args)) before ??= await otherRun();
      return { db: await connected, project: opened };
    },
    signal: () => {
      signal ??= abortOnSignals((text) => output.note(text));
      return signal;
    },
  };
  try {
    const { data, exitCode = EXIT.done } = await command.run(context);
    const other = exitCode === EXIT.found ? await otherRun().catch(() => undefined) : undefined;
    if (other !== undefined)
      output.warn(`A run is under way (${other.holder}): what was found may be its unfinished work.`);
    output.document(data);
    return exitCode;
  } catch (error) {
    const isUsage = isKnexMetaError(error) && error.exitCode === EXIT.usage;
    const other = isUsage ? undefined : await otherRun().catch(() => undefined);
    return output.error(other === undefined ? error : besideRun(error, other));
  } finally {
    await connected?.then(disconnect, () => undefined);
    output.end();
  }
}

function describe(parser: Argv, command: Command): Argv {
  for (const [name, flag] of Object.entries(command.flags ?? {})) parser.option(name, { ...flag });
  for (const [example, does] of command.examples) parser.example(example, does);
  const [, argument, isList] = /[<[](\w+)(\.\.)?[>\]]/.exec(command.command) ?? [];
  if (argument !== undefined) parser.positional(argument, { type: 'string', array: isList !== undefined });
  return parser;
}

/** What was asked for. It is thrown: after a handler that returns, yargs writes the whole help, for nobody. */
class Chosen {
  constructor(
    readonly command: Command,
    readonly args: Arguments,
  ) {}
}

/** The parser with every command; it throws the one that was chosen. */
function parserFor(): Argv {
  const parser = yargs()
    .scriptName('knex-meta')
    .usage('$0 <command> [flags]')
    .parserConfiguration({ 'camel-case-expansion': false, 'boolean-negation': true, 'dot-notation': false })
    .version(versionOfPackage())
    .help()
    .alias('help', 'h')
    .wrap(100)
    .strict()
    // Messages are the same whatever LANG says.
    .detectLocale(false)
    .demandCommand(1, 'Which command? `knex-meta --help` lists them.')
    .exitProcess(false);
  for (const [name, flag] of Object.entries(COMMON_FLAGS)) parser.option(name, { ...flag, global: true });
  for (const command of commands) {
    parser.command(
      [command.command, ...(command.aliases ?? [])],
      command.describe,
      (own) => describe(own, command),
      (args) => {
        throw new Chosen(command, args as Arguments);
      },
    );
  }
  return parser;
}

/** The command that the arguments ask for; undefined when they ask for help, or for what there is not. */
async function chosenBy(parser: Argv, argv: readonly string[]): Promise<Chosen | undefined> {
  try {
    await parser.parseAsync([...argv]);
    return undefined;
  } catch (error) {
    if (error instanceof Chosen) return error;
    throw error;
  }
}

function refuse(argv: readonly string[], said: string): ExitCode {
  const output = outputFor({ json: argv.includes('--json'), color: !argv.includes('--no-color') });
  const exitCode = output.error(usageError(argv, said, commands, Object.keys(COMMON_FLAGS)));
  output.end();
  return exitCode;
}

/**
 * Runs the command line.
 *
 * @param argv - the arguments behind the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 a check found something
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  surviveLostOutput();
  hideLoaderWarnings();
  let problem: string | undefined;
  const parser = parserFor().fail((message, error) => {
    if (error instanceof Chosen) throw error;
    problem ??= message ?? error?.message;
  });
  const inherited = inheritedFlag(argv);
  if (inherited !== undefined) problem = `Unknown argument: ${inherited}`;
  const chosen = inherited === undefined ? await chosenBy(parser, argv) : undefined;
  const exitCode =
    problem !== undefined
      ? refuse(argv, problem)
      : chosen === undefined
        ? EXIT.done
        : await execute(chosen.command, chosen.args);
  await flushOutput();
  const lost = lostOutput();
  if (lost === undefined) return exitCode;
  process.stderr.write(`The output could not be written: ${lost}. The command itself ran to its end.\n`);
  return exitCode === EXIT.done ? EXIT.failed : exitCode;
}
