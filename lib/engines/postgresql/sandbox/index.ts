import type { SandboxEngine } from '../../sandbox.js';
import { copyRows, knownTables, reading } from './copyRows.js';
import { prepareCopy, runStatements } from './copySchema.js';
import { openRecorder } from './record.js';
import { openReal } from './run.js';

/** See `SandboxEngine`. */
export const sandbox: SandboxEngine = {
  open: openReal,
  record: openRecorder,
  copy: undefined,
  copier: { prepare: prepareCopy, run: runStatements, reading, knownTables, copyRows },
};
