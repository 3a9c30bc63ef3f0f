/** Why a connection cannot be used, as the end of a sentence that begins with where it was written. */
export interface ConnectionProblem {
  readonly message: string;
  readonly remedy: string;
}

/** What of a Knex configuration says which database it is. */
export interface ConnectionSettings {
  readonly client?: unknown;
  readonly connection?: unknown;
}
