/**
 * Runs the tests: `npm test`. Two workers of mocha take the files one after the other, each with a PostgreSQL server of its
 * own; the results of a file are printed at its end. With arguments: mocha with those, in one process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const MOCHA = createRequire(import.meta.url).resolve('mocha/bin/mocha.js');

/** What takes longest begins first: else one worker would end with it alone. */
const LONG = [
  'reliability/killed.test.ts',
  'reliability/together.test.ts',
  'generate/acceptance.test.ts',
  'generate/property.test.ts',
  'reliability/stopped.test.ts',
  'checks/mends.test.ts',
  'checks/doctor.test.ts',
];

function everyFile(): readonly string[] {
  const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
  const rest = files.filter((file) => !LONG.includes(file));
  return [...LONG, ...rest].map((file) => join('test', file));
}

const given = process.argv.slice(2);
const args = given.length > 0 ? given : ['--parallel', '--jobs', '2', ...everyFile()];
const [code] = await once(
  spawn(process.execPath, [MOCHA, ...args], { stdio: ['ignore', 'inherit', 'inherit'] }),
  'close',
);
process.exitCode = code ?? 1;
