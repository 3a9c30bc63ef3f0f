import type { Knex } from 'knex';
import type { DatabaseSchema } from '../schema/database.js';
import type { WrittenText } from '../schema/written.js';

/** What models can declare. */
export type ObjectKind =
  | 'table'
  | 'enum'
  | 'view'
  | 'materialized view'
  | 'function'
  | 'procedure'
  | 'aggregate'
  | 'trigger'
  | 'extension'
  | 'sql';

/** One object that is built for a moment, to be read back as the engine writes it. */
export interface ScratchObject {
  readonly kind: ObjectKind;
  /** Schema and name as the database will have them. */
  readonly schema: string | undefined;
  readonly name: string;
  /** Of an extension, where the project asks for one. */
  readonly version?: string | undefined;
  /** What it is called in messages, with the place where it was written. */
  readonly title: string;
  /** Names of other objects that must be there before. */
  readonly dependsOn: readonly string[];
  /** What makes it in this schema; without one, in the connection's own. A text is run as it stands. */
  readonly build: (db: Knex, schema: string | undefined) => readonly (Knex.SchemaBuilder | string)[];
}

/** What `Engine.readBoth` builds, and where. */
export interface BothRequest {
  /** They may be on their way still: the database is read meanwhile. */
  readonly objects: Promise<readonly ScratchObject[]>;
  /** What the database has, where that is known. */
  readonly actual: DatabaseSchema | undefined;
  /** Another database to build in, where the role may create schemas. */
  readonly shadow: Knex | undefined;
}

/** A database, and what objects would make of an empty one. */
export interface BothSchemas {
  readonly actual: DatabaseSchema;
  /** Of a table that is the same in both, to the last word, it has the very object that `actual` has. */
  readonly desired: DatabaseSchema;
  /** The schema that objects without one are in; undefined where the engine has none. */
  readonly home: string | undefined;
  /** Texts of the objects that the engine writes otherwise than their author. */
  readonly written: readonly WrittenText[];
}
