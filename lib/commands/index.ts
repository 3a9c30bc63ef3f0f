import { checkMigration } from './checkMigration.js';
import { checkVersion } from './checkVersion.js';
import type { Command } from './command.js';
import { init } from './init.js';
import { migrateCurrentVersion, migrateList, migrateUnlock } from './migrateInspect.js';
import { migrateMake } from './migrateMake.js';
import {
  migrateBefore,
  migrateDown,
  migrateLatest,
  migrateRollback,
  migrateTo,
  migrateUp,
} from './migrateSteps.js';
import { seedMake, seedRun } from './seeds.js';

/** Every command, in the order that --help shows. */
export const commands: readonly Command[] = [
  init,
  migrateMake,
  migrateLatest,
  migrateUp,
  migrateDown,
  migrateRollback,
  migrateTo,
  migrateBefore,
  migrateList,
  migrateCurrentVersion,
  migrateUnlock,
  seedMake,
  seedRun,
  checkMigration,
  checkVersion,
];
