/** Something that a check found: the database is not what it should be. */
export interface Finding {
  readonly code: string;
  readonly table?: string;
  readonly migration?: string;
  readonly message: string;
  /** What mends it, in words. */
  readonly remedy: string;
  /**
   * What mends it, exactly, in its order: a line that begins with `npx` or `npm` is for the shell, every other one is SQL for a
   * connection with knex-meta (`knex.raw`).
   */
  readonly mend?: readonly string[];
}

/** What a check has to say. Notes are worth knowing and are no reason to fail. */
export interface CheckReport {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}
