import type { HookTarget, Session, TableFacts, TableId } from './contract.js';
import type { Losses, LossNames } from './losses.js';

/** Where the instants of rows from before come from: a column of the same table. */
export interface InstantSource {
  readonly column: string;
  /** The time zone of a column that has none; undefined: UTC. */
  readonly timeZone: string | undefined;
}

/** What one table is to get. */
export interface AdoptRequest {
  readonly target: HookTarget;
  /** Keys of the metadata columns to add where they are missing. */
  readonly keys: readonly string[];
  readonly trigger: boolean;
  /** By the key of the column. */
  readonly sources: ReadonlyMap<string, InstantSource>;
  /** Milliseconds that one attempt at a lock waits; others wait behind it. */
  readonly lockTimeout: number;
  /** Milliseconds after which no further attempt is made. */
  readonly patience: number;
}

/** What one table is to lose. */
export interface ReleaseRequest
  extends Pick<AdoptRequest, 'target' | 'trigger' | 'lockTimeout' | 'patience'> {
  /** Names of the columns, as the database has them. */
  readonly names: readonly string[];
  /** `adopted`: what an adoption put there; `metadata`: also what came with the table. */
  readonly only: 'adopted' | 'metadata';
}

/** A connection to adopt on: inside somebody's transaction everything is done in that. */
export interface AdoptionSession extends Session {
  readonly isInTransaction: boolean;
  /** For people who wait. */
  say(message: string): void;
}

/** What is to be known of a table before an adoption is written. */
export interface TableSurvey {
  readonly facts: TableFacts;
  readonly rows: number;
  /** False: the engine's own estimate. */
  readonly isCounted: boolean;
  /** Why the table is not adopted. */
  readonly obstacles: readonly string[];
  /** What a reader of the migration should know. */
  readonly remarks: readonly string[];
  /** Columns that come to the table from a parent table which is adopted too, by name. */
  readonly inheritsFrom: readonly TableId[];
}

/** What an adoption put into a table. */
export interface Adopted {
  /** Names, as the engine compares them. */
  readonly columns: ReadonlySet<string>;
  readonly trigger: boolean;
}

/** The engine's side of giving tables from before their metadata. */
export interface AdoptionEngine {
  /** Tables with more rows are adopted in steps, each in a transaction of its own; undefined: never in steps. */
  readonly stepsAbove: number | undefined;
  /** `uncounted`: no table is read, and the number of queries is the same for any number of tables. */
  readonly survey: (
    session: Session,
    tables: readonly TableFacts[],
    rows?: 'counted' | 'uncounted',
  ) => Promise<readonly TableSurvey[]>;
  /** Why instants cannot be read from a column of this type; undefined when they can. */
  readonly sourceProblem: (type: string) => string | undefined;
  /** Whether a column of this type needs to be told its time zone. */
  readonly lacksZone: (type: string) => boolean;
  /** Does what is not done yet: it may be called again after it was killed anywhere. */
  readonly adopt: (session: AdoptionSession, request: AdoptRequest) => Promise<void>;
  readonly release: (session: AdoptionSession, request: ReleaseRequest) => Promise<void>;
  /** What an adoption put there, by its marks. */
  readonly adopted: (session: Session, table: TableId) => Promise<Adopted>;
  /** Rows whose metadata somebody has written. */
  readonly losses: (session: Session, quoted: string, names: LossNames) => Promise<Losses>;
}
