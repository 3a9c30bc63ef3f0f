import { check } from './check.js';
import { checkEngines } from './checkEngines.js';
import { checkMigration } from './checkMigration.js';
import { checkModels } from './checkModels.js';
import { checkVersion } from './checkVersion.js';
import type { Command } from './command.js';
import { doctor } from './doctor.js';
import { init } from './init.js';
import { lint } from './lint.js';
import { metaAdopt } from './metaAdopt.js';
import { metaRemove } from './metaRemove.js';
import { metaUpgrade } from './metaUpgrade.js';
import { migrateBaseline } from './migrateBaseline.js';
import { migrateDocs } from './migrateDocs.js';
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
import { migrateVerify } from './migrateVerify.js';
import { modelsPull } from './modelsPull.js';
import { seedMake, seedRun } from './seeds.js';
import { typesGenerate } from './typesGenerate.js';

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
  migrateDocs,
  migrateVerify,
  migrateBaseline,
  migrateStamp,
  migrateResolve,
  migrateList,
  migrateCurrentVersion,
  migrateUnlock,
  seedMake,
  seedRun,
  metaAdopt,
  metaRemove,
  metaUpgrade,
  typesGenerate,
  check,
  checkMigration,
  checkVersion,
  checkModels,
  doctor,
  checkEngines,
  modelsPull,
  lint,
];
