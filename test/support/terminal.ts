import { spawn, spawnSync } from 'node:child_process';
import { KNEX_META } from './commandLine.js';

/** Whether there is the program that gives others a pseudo-terminal. */
export const hasTerminal = spawnSync('script', ['--version']).status === 0;

/** What is typed when the screen shows a text. */
export interface Typed {
  readonly at: RegExp;
  readonly keys: string;
}

export const ENTER = '\r';
export const DOWN = '\u001b[B';
export const CTRL_C = '\u0003';

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Runs our command line on a terminal of its own, where somebody types. */
export function onTerminal(
  args: readonly string[],
  cwd: string,
  typed: readonly Typed[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number | null; readonly screen: string }> {
  return new Promise((done, failed) => {
    const program = [process.execPath, KNEX_META, ...args].map(quote).join(' ');
    const command = `stty cols 120 rows 40; exec ${program}`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd,
      env: { ...process.env, CI: '', NODE_OPTIONS: '', TERM: 'xterm', NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let screen = '';
    let seen = 0;
    const waiting = [...typed];
    child.stdout.on('data', (chunk: Buffer) => {
      screen += chunk;
      const [next] = waiting;
      const found = next?.at.exec(screen.slice(seen));
      if (next === undefined || !found) return;
      seen += found.index + found[0].length;
      waiting.shift();
      child.stdin.write(next.keys);
    });
    child.once('error', failed);
    child.once('close', (code) => done({ code, screen }));
  });
}
