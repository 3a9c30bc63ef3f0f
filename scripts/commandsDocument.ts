import { COMMON_FLAGS } from '../lib/cli/flags.js';
import type { Flag } from '../lib/commands/command.js';
import { commands } from '../lib/commands/index.js';

function flagTable(flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).map(([name, { type, describe }]) => {
    const value = type === 'string' ? ' <text>' : '';
    return `| \`${name.length === 1 ? '-' : '--'}${name}${value}\` | ${describe} |`;
  });
  return ['| flag | meaning |', '|---|---|', ...rows].join('\n');
}

/** The text of docs/commands.md. */
export function commandsDocument(): string {
  const sections = commands.map(({ command, aliases = [], describe, flags, examples }) => {
    const also = aliases.length === 0 ? '' : ` Also: \`${aliases.join('`, `')}\`.`;
    const samples = examples.map(([example, does]) => `\`npx ${example}\`: ${does}.`);
    const own = flags === undefined ? [] : [flagTable(flags)];
    return [`## ${command}`, `${describe}.${also}`, ...own, ...samples].join('\n\n');
  });
  return `${[
    '# Commands',
    'Made from the commands themselves by `npm run docs`; a test compares.',
    'Exit codes: 0 done or nothing to do, 1 failed, 2 wrong usage, 3 a check found something.',
    ...sections,
    '## Flags of every command',
    flagTable(COMMON_FLAGS),
  ].join('\n\n')}\n`;
}
