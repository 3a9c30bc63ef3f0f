import type { Knex } from 'knex';
import type { DatabaseSchema } from '../../../schema/database.js';
import type { ScratchObject } from '../../scratchObject.js';

/** What is built, and where. */
export interface ScratchRequest {
  readonly objects: readonly ScratchObject[];
  /** What the database has: what the objects refer to without declaring it is taken from here. */
  readonly actual: DatabaseSchema;
  /** Another database to build in, where the role may create schemas. */
  readonly shadow: Knex | undefined;
}
