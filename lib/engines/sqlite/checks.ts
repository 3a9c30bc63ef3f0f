import type { CheckEngine } from '../checks.js';
import { examine } from './examine.js';
import { joins } from './joins.js';
import { alterColumnTo, mending } from './mending.js';
import { runHolder } from './runLock.js';
import { tryOnCopy, tryTrigger } from './tryTrigger.js';

/** See `CheckEngine`. */
export const checks: CheckEngine = {
  examine,
  mending,
  tryTrigger,
  tryOnCopy,
  runHolder,
  joins,
  alterColumn: alterColumnTo,
  // No index is ever half made, and names are in one place.
  mendIndex: () => [],
  setSearchPath: () => [],
};
