import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { shellWord } from '../checks/quote.js';
import { EXIT, KnexMetaError } from '../errors.js';
import type { Context, Outcome } from './command.js';
import { notWritten, replaceFile } from './stagedFile.js';

/** A file that a command writes anew whenever it is run. */
interface GeneratedFile {
  readonly file: string;
  readonly text: string;
  /** The command's name, which stands in what it writes. */
  readonly command: string;
  /** The flags that say what is written, where they are given: a command that mends repeats them. */
  readonly flags: readonly string[];
  /** The part of a text that --check compares, where not all of it. */
  readonly comparable?: (text: string) => string;
}

const HINT = 'Check the path after --out, and who may write there.';

const nameOf = (path: string): string => relative('', path) || 'The working directory';

function read(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KnexMetaError('USAGE', `${nameOf(path)} could not be read (${code}).`, {
      remedy: HINT,
      details: { path, cause: code },
      cause: error,
    });
  }
}

/** A file of somebody's own is never overwritten. */
function write(path: string, { text, command }: GeneratedFile, before: string | undefined): void {
  const isOurs = new RegExp(`Written by \\W{0,8}(?:code>)?knex-meta ${command}`).test(before ?? '');
  if (before !== undefined && before !== '' && !isOurs) {
    throw new KnexMetaError('FILE_EXISTS', `${relative('', path)} was not written by ${command}.`, {
      remedy: 'Choose another path with --out, or remove the file. Nothing was written.',
      details: { path },
    });
  }
  try {
    replaceFile(path, text);
  } catch (error) {
    throw notWritten(nameOf(path), error, HINT);
  }
}

/** The command that writes the file. */
function commandOf({ command, flags }: GeneratedFile, args: Context['args']): string {
  const given = flags.flatMap((flag) =>
    [args[flag] ?? []].flat().map((value) => {
      if (typeof value === 'boolean') return `--${value ? '' : 'no-'}${flag}`;
      return `--${flag} ${shellWord(String(value))}`;
    }),
  );
  return ['npx knex-meta', command, ...given].join(' ');
}

/** Line ends as a checkout of Git's may have made them. */
const lines = (text: string): string => text.replaceAll('\r\n', '\n');

/** Writes the file; with --check says only whether it is what would be written. */
export function writeOrCheck({ args, output }: Context, generated: GeneratedFile, data: object): Outcome {
  const path = resolve(generated.file);
  const name = relative('', path);
  const before = read(path);
  if (args.check === true) {
    const { comparable = (text: string) => text } = generated;
    const isSame = before !== undefined && comparable(lines(before)) === comparable(generated.text);
    if (isSame) output.line(`${output.style('green', '✓')} ${name} is up to date`);
    else {
      const state = before === undefined ? 'is not there' : 'is not what would be written now';
      output.line(`${output.style('red', '✗')} ${name} ${state}: ${commandOf(generated, args)}`);
    }
    return { data: { ok: isSame, path, ...data }, ...(isSame ? {} : { exitCode: EXIT.found }) };
  }
  const isSame = before !== undefined && lines(before) === generated.text;
  if (!isSame) write(path, generated, before);
  output.line(isSame ? `${name} is up to date` : output.style('green', `Written: ${name}`));
  return { data: { ok: true, path, isChanged: !isSame, ...data } };
}
