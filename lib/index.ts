import './metadata/augment.js';

export {
  type AdoptedInstant,
  type AdoptTableOptions,
  adoptTable,
  type ReleaseTableOptions,
  releaseTable,
} from './adoption/adoptTable.js';
export { type DefinedConfig, defineConfig } from './config/defineConfig.js';
export { type ErrorCode, KnexMetaError } from './errors.js';
export type {
  AddMetadataColumn,
  KnexMetaConfig,
  LintOptions,
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
export {
  defineFunction,
  defineTrigger,
  type FunctionOptions,
  type TriggerOptions,
} from './models/defineFunction.js';
export { defineModel, type ModelOptions } from './models/defineModel.js';
export {
  defineEnum,
  defineExtension,
  defineSql,
  type EnumOptions,
  type ExtensionOptions,
  type SqlOptions,
} from './models/defineSql.js';
export {
  defineMaterializedView,
  defineView,
  type MaterializedViewOptions,
  type ViewOptions,
} from './models/defineView.js';
export type {
  EnumModel,
  ExtensionModel,
  FunctionModel,
  Model,
  SqlModel,
  TriggerModel,
  ViewModel,
} from './models/definition.js';
export { preserveTimestamps } from './query/preserveTimestamps.js';
