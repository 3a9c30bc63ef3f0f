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
  type MigrationRun,
  type Migrator,
  type MigratorOptions,
  type RunOptions,
  type RunResult,
} from './migrator/createMigrator.js';
export type { AppliedMigration, MigrationRecord } from './migrator/record.js';
export type { MigrationStatus } from './migrator/status.js';
