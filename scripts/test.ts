/**
 * Runs the tests: `npm test`. Two processes of mocha for two cores, each with a PostgreSQL server of its own; the last lines are
 * the sums. With arguments: mocha with those, in one process.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { createInterface } from 'node:readline';

const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');
/** About half of the time; a new folder of tests goes to the others by itself. */
const FIRST = ['reliability', 'checks', 'lint', 'package'];

interface Result {
  readonly passing: number;
  readonly failing: number;
  readonly code: number;
}

/** Runs mocha; what it says is shown as it comes, or at its end, where two at once could not be read. */
async function mocha(args: readonly string[], isShownAtOnce: boolean): Promise<Result> {
  const child = spawn(process.execPath, [MOCHA, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (isShownAtOnce) console.log(line);
    lines.push(line);
  }
  const text = lines.join('\n');
  if (!isShownAtOnce) console.log(text);
  // The last line that says it: a test may print the output of another mocha.
  const count = (word: string): number =>
    Number([...text.matchAll(new RegExp(`^ *(\\d+) ${word}`, 'gm'))].at(-1)?.[1] ?? 0);
  return { passing: count('passing'), failing: count('failing'), code: await ended };
}

const given = process.argv.slice(2);
if (given.length > 0) {
  process.exitCode = (await mocha(given, true)).code;
} else {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
  const isFirst = (file: string): boolean => FIRST.includes(file.split(sep)[0] ?? '');
  const paths = (chosen: readonly string[]): readonly string[] => chosen.map((file) => join('test', file));
  const results = await Promise.all([
    mocha(paths(files.filter((file) => !isFirst(file))), true),
    mocha(paths(files.filter(isFirst)), false),
  ]);
  const sum = (key: keyof Result): number => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n  ${sum('passing')} passing in all`);
  if (sum('failing') > 0) console.log(`  ${sum('failing')} failing in all`);
  process.exitCode = Math.max(...results.map(({ code }) => code));
}
