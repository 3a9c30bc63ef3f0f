import type { Knex } from 'knex';
import type { Output } from '../cli/output.js';
import type { Project } from '../cli/project.js';
import type { ExitCode } from '../errors.js';

/** A flag of a command, in the words of yargs. */
export interface Flag {
  readonly type: 'boolean' | 'string';
  readonly describe: string;
  readonly alias?: string;
}

export type Arguments = Readonly<Record<string, unknown>>;

/** The texts of a flag or argument that may be given more than once. */
export function textsOf(value: unknown): readonly string[] {
  return [value ?? []].flat().map(String);
}

/** What a command has to work with. */
export interface Context {
  readonly args: Arguments;
  readonly output: Output;
  readonly project: () => Promise<Project>;
  /** Connects; the command line ends the connection. */
  readonly database: () => Promise<{ readonly db: Knex; readonly project: Project }>;
  /** From now on Ctrl-C and the end of a container abort this signal in place of the process. */
  readonly signal: () => AbortSignal;
}

/** What a command did: the document of --json, and the exit code when it is not 0. */
export interface Outcome {
  readonly data: object;
  readonly exitCode?: ExitCode;
}

/** One command of the command line. */
export interface Command {
  /** The name with its arguments, `<needed>` and `[optional]`. */
  readonly command: string;
  readonly aliases?: readonly string[];
  readonly describe: string;
  readonly flags?: Readonly<Record<string, Flag>>;
  /** An example and what it does. */
  readonly examples: readonly (readonly [example: string, does: string])[];
  /** Its result on stdout is SQL, which another program may read. */
  readonly writesSql?: boolean;
  readonly run: (context: Context) => Promise<Outcome>;
}
