import './metadata/augment.js';

export { KnexMetaError } from './errors.js';
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
