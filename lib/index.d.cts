// Types for `require('knex-meta')`: the same module, which TypeScript before `module: nodenext` takes for unreachable
// from CommonJS. The names are those of index.ts; a test compares.
import type * as esm from './index.js' with { 'resolution-mode': 'import' };

export type {
  AddMetadataColumn,
  AdoptedInstant,
  AdoptTableOptions,
  AppliedMigration,
  CurrentRevision,
  DefinedConfig,
  Direction,
  EnumModel,
  EnumOptions,
  ErrorCode,
  EventName,
  ExtensionModel,
  ExtensionOptions,
  FunctionModel,
  FunctionOptions,
  Head,
  Heads,
  KnexMetaConfig,
  LintOptions,
  Listener,
  MaterializedViewOptions,
  MetadataColumnName,
  MetadataColumnSettings,
  MetadataColumns,
  MetadataTableOptions,
  MetaOptions,
  MigrationRecord,
  MigrationRun,
  MigrationStatus,
  Migrator,
  MigratorEvents,
  MigratorOptions,
  Model,
  ModelOptions,
  ReleaseTableOptions,
  Resolution,
  RevisionDetails,
  RevisionInfo,
  RunOptions,
  RunResult,
  SqlModel,
  SqlOptions,
  StampOptions,
  StampResult,
  TransactionMode,
  TriggerModel,
  TriggerOptions,
  ViewModel,
  ViewOptions,
} from './index.js' with { 'resolution-mode': 'import' };

export declare const adoptTable: typeof esm.adoptTable;
export declare const createMigrator: typeof esm.createMigrator;
export declare const defineConfig: typeof esm.defineConfig;
export declare const defineEnum: typeof esm.defineEnum;
export declare const defineExtension: typeof esm.defineExtension;
export declare const defineFunction: typeof esm.defineFunction;
export declare const defineMaterializedView: typeof esm.defineMaterializedView;
export declare const defineModel: typeof esm.defineModel;
export declare const defineSql: typeof esm.defineSql;
export declare const defineTrigger: typeof esm.defineTrigger;
export declare const defineView: typeof esm.defineView;
export declare const releaseTable: typeof esm.releaseTable;
export declare const preserveTimestamps: typeof esm.preserveTimestamps;
export declare const withMeta: typeof esm.withMeta;
export declare const KnexMetaError: typeof esm.KnexMetaError;
export type KnexMetaError = esm.KnexMetaError;
