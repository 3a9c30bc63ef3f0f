import type { HookTarget, Session } from './contract.js';
import type { TriggerStatements } from './triggerStatements.js';

/** What the hook does around SQL of the project's own that makes or drops triggers or their functions. */
export interface OwnTriggers {
  /** What a text does to triggers that may bear the names of ours; undefined for most texts. */
  readonly read: (sql: string) => TriggerStatements | undefined;
  /** Puts ours aside under another name, where the project wants theirs; the answer is for `after`. */
  readonly before: (
    session: Session,
    statements: TriggerStatements,
    target: HookDefaults,
  ) => Promise<unknown>;
  /**
   * Gives ours their names back where those are free. On a table whose updated_at a trigger of the project's own keeps now,
   * ours is taken away; it comes back when that one is gone.
   */
  readonly after: (
    session: Session,
    statements: TriggerStatements,
    target: HookDefaults,
    before: unknown,
  ) => Promise<void>;
}

/** What the hook would give a table, without the table. */
export type HookDefaults = Omit<HookTarget, 'table' | 'quoted'>;
