import { closest, distance } from 'fastest-levenshtein';
import type { Command } from '../commands/command.js';
import { KnexMetaError } from '../errors.js';

function nameOf({ command }: Command): string {
  return command.split(' ')[0] ?? '';
}

/** The one that was probably meant; undefined when none is near. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const found = closest(word, names);
  return distance(word, found) <= Math.max(2, Math.floor(word.length / 3)) ? found : undefined;
}

function question(meant: string | undefined): string {
  return meant === undefined ? '' : ` Did you mean ${meant}?`;
}

/** A flag with a name that every object has, such as `--constructor`: the parser would take it for one of its own. */
export function inheritedFlag(argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--');
  return argv
    .slice(0, end < 0 ? undefined : end)
    .filter((word) => /^--?[^-]/.test(word))
    .map((word) => word.replace(/^--?(no-)?|=.*$/gs, ''))
    .find((name) => (name.split('.')[0] ?? '') in Object.prototype);
}

/** What was wrong with the words of a command line, from what the parser said of it. */
export function usageError(
  argv: readonly string[],
  said: string,
  commands: readonly Command[],
  commonFlags: readonly string[],
): KnexMetaError {
  const [first = ''] = argv.filter((word) => !word.startsWith('-'));
  const names = commands.flatMap((command) => [nameOf(command), ...(command.aliases ?? [])]);
  const command = commands.find((each) => [nameOf(each), ...(each.aliases ?? [])].includes(first));
  const unknown = /^Unknown arguments?: ([^,]+)/.exec(said)?.[1];
  const isFlag = unknown !== undefined && argv.some((word) => word.replace(/^--?|=.*$/g, '') === unknown);
  let message = said.replace(/\n+/g, ' ');
  if (first !== '' && command === undefined) {
    message = `There is no command ${first}.${question(nearest(first, names))}`;
  } else if (isFlag && !argv.includes(unknown)) {
    const flags = [...commonFlags, ...Object.keys(command?.flags ?? {})];
    const meant = nearest(unknown, flags);
    message = `There is no flag --${unknown}.${question(meant && `--${meant}`)}`;
  }
  const needed = /<(\w+)>/.exec(command?.command ?? '')?.[1];
  if (needed !== undefined && /^Not enough non-option arguments/.test(message)) {
    message = `${first} needs a ${needed}.`;
  }
  const help = command === undefined ? '' : `${nameOf(command)} `;
  return new KnexMetaError('USAGE', message, {
    remedy: `\`npx knex-meta ${help}--help\` lists ${command === undefined ? 'commands and flags' : 'its flags'}.`,
  });
}
