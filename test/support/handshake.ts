import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ran } from './commandLine.js';

/** Code of a migration in CommonJS that says that it has begun, and goes on when the test says so. */
export const WAITS_FOR_TEST = `const { existsSync, writeFileSync } = require('node:fs');
  const { join } = require('node:path');
  writeFileSync(join(__dirname, '..', 'begun'), '');
  while (!existsSync(join(__dirname, '..', 'go'))) await new Promise((done) => setTimeout(done, 20));`;

/** Waits until such a migration has begun; throws where the command that runs it ends before. */
export async function begun(folder: string, running: Promise<Ran>): Promise<void> {
  let ended: Ran | undefined;
  void running.then((ran) => {
    ended = ran;
  });
  while (!existsSync(join(folder, 'begun'))) {
    if (ended !== undefined) throw new Error(`it ended: ${ended.stdout}${ended.stderr}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Lets it go on. */
export const letGo = (folder: string): void => writeFileSync(join(folder, 'go'), '');
