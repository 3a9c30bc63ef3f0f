import './metadata/augment.js';

export { type DefinedConfig, defineConfig } from './config/defineConfig.js';
export { type ErrorCode, KnexMetaError } from './errors.js';
export type {
  AddMetadataColumn,
  KnexMetaConfig,
  MetadataColumnName,
  MetadataColumnSettings,
  MetadataColumns,
  MetadataTableOptions,
  MetaOptions,
} from './metadata/options.js';
export { withMeta } from './metadata/withMeta.js';
export {
  createMigrator,
  type Migrator,
  type MigratorOptions,
} from './migrator/createMigrator.js';
export type { CurrentRevision, RevisionInfo } from './migrator/describe.js';
export type { RevisionDetails } from './migrator/details.js';
export type { Direction, EventName, Listener, MigrationRun, MigratorEvents } from './migrator/events.js';
export type { Head, Heads } from './migrator/heads.js';
export type { RunOptions, TransactionMode } from './migrator/options.js';
export type { AppliedMigration, MigrationRecord } from './migrator/record.js';
export type { RunResult } from './migrator/run.js';
export type { Resolution, StampOptions, StampResult } from './migrator/stamp.js';
export type { MigrationStatus } from './migrator/status.js';
