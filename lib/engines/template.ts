import type { Knex } from 'knex';
import type { ThrowawayRequest } from './throwaway.js';

/** A database that is filled once, and copied for whoever needs one like it. */
export interface TemplateRequest extends ThrowawayRequest {
  /** What it is filled with: two requests of one key get copies of one template. */
  readonly key: string;
  /** Whose template it is. */
  readonly project: string;
  /** The state of its migrations: a template of another one is out of date, and one of another key stands beside it. */
  readonly state: string;
  /** Opens a database of a configuration, with the hook. */
  readonly open: (config: Knex.Config) => Knex;
  readonly fill: (db: Knex) => Promise<void>;
}

/** A copy of a template, which its owner removes. */
export interface TemplateCopy {
  readonly db: Knex;
  /** Ends the connections, and removes the database. */
  readonly end: () => Promise<void>;
}
