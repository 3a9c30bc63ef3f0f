import type { AddMetadataColumn, MetadataColumnName } from './options.js';

/** One metadata column after the options were read. */
export interface ResolvedColumn {
  /** The standard name, or the added column's own name. */
  readonly key: string;
  readonly name: string;
  readonly index: boolean;
  /** Present when the column is one that the project added. */
  readonly add?: AddMetadataColumn;
}

/** The `meta` options with every default in place. */
export interface ResolvedMeta {
  readonly columns: readonly ResolvedColumn[];
  readonly timestampUtc: string | undefined;
  readonly onExplicitUpdate: 'stamp' | 'keep';
  readonly includesTable: (name: string) => boolean;
}
export type StandardColumn = ResolvedColumn & { readonly key: MetadataColumnName };
