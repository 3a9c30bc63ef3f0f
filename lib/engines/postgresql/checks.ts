import type { CheckEngine } from '../checks.js';
import { examine } from './examine.js';
import { joins } from './joins.js';
import { alterColumnTo, mendIndex, mending, setSearchPath } from './mending.js';
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
  mendIndex,
  setSearchPath,
};
