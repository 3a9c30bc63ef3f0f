import { checkMigration } from './checkMigration.js';
import { checkModels } from './checkModels.js';
import { checkVersion } from './checkVersion.js';
import type { Command } from './command.js';
import { init } from './init.js';
import { lint } from './lint.js';
import { migrateCurrent, migrateHeads, migrateHistory, migrateShow } from './migrateHistory.js';
import { migrateCurrentVersion, migrateList, migrateUnlock } from './migrateInspect.js';
import { migrateMake } from './migrateMake.js';
import { migrateMerge } from './migrateMerge.js';
import { migratePlan, migrateSql } from './migratePlan.js';
import { migrateResolve, migrateStamp } from './migrateStamp.js';
import {
  migrateBefore,
  migrateDown,
  migrateDowngrade,
  migrateLatest,
  migrateRollback,
  migrateTo,
  migrateUp,
  migrateUpgrade,
} from './migrateSteps.js';
import { modelsPull } from './modelsPull.js';
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
  migrateUpgrade,
  migrateDowngrade,
  migrateCurrent,
  migrateHistory,
  migrateShow,
  migrateHeads,
  migrateMerge,
  migratePlan,
  migrateSql,
  migrateStamp,
  migrateResolve,
  migrateList,
  migrateCurrentVersion,
  migrateUnlock,
  seedMake,
  seedRun,
  checkMigration,
  checkVersion,
  checkModels,
  lint,
  modelsPull,
];
