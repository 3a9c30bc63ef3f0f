/** Something that a check found: the database is not what it should be. */
export interface Finding {
  readonly code: string;
  readonly table?: string;
  readonly migration?: string;
  readonly message: string;
  /** What mends it. */
  readonly remedy: string;
}

/** What a check has to say. Notes are worth knowing and are no reason to fail. */
export interface CheckReport {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}
