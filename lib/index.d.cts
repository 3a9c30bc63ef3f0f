// Types for `require('knex-meta')`: the same module, which TypeScript before `module: nodenext` takes for unreachable
// from CommonJS. The names are those of index.ts; a test compares.
import type * as esm from './index.js' with { 'resolution-mode': 'import' };

export type {
  AddMetadataColumn,
  AppliedMigration,
  CurrentRevision,
  DefinedConfig,
  Direction,
  ErrorCode,
  EventName,
  Head,
  Heads,
  KnexMetaConfig,
  Listener,
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
  Resolution,
  RevisionDetails,
  RevisionInfo,
  RunOptions,
  RunResult,
  StampOptions,
  StampResult,
  TransactionMode,
} from './index.js' with { 'resolution-mode': 'import' };

export declare const createMigrator: typeof esm.createMigrator;
export declare const defineConfig: typeof esm.defineConfig;
export declare const withMeta: typeof esm.withMeta;
export declare const KnexMetaError: typeof esm.KnexMetaError;
export type KnexMetaError = esm.KnexMetaError;
