import type { Arguments, Command } from '../commands/command.js';

/** Commands that only read the database: their answers change while a run is under way. */
const READERS = new Set([
  'check',
  'check:engines',
  'check:migration',
  'check:models',
  'check:version',
  'doctor',
  'lint',
  'migrate:baseline',
  'migrate:current',
  'migrate:currentVersion',
  'migrate:docs',
  'migrate:heads',
  'migrate:history',
  'migrate:list',
  'migrate:make',
  'migrate:plan',
  'migrate:show',
  'migrate:verify',
  'models:pull',
  'types:generate',
]);

/** Whether a command only reads the project's database. */
export function isReader({ command }: Command, args: Arguments): boolean {
  return args['dry-run'] === true || READERS.has(command.split(' ')[0] ?? '');
}
