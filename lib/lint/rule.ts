import type { Conversion } from '../operations/hazards/conversion.js';
import type { Evidence } from '../operations/hazards/hazard.js';
import type { ObjectName } from '../schema/names.js';
import type { Action, ActionKind } from './action.js';
import type { Known } from './known.js';

/** `off`: only when the configuration asks for it. */
export type Severity = 'error' | 'warning' | 'note';

/** What kind of harm a rule is about; the words of hazards, and of what is no harm to the rows. */
export type Harm = 'data loss' | 'can fail' | 'long lock' | 'incompatible' | 'practice';

/** What a rule says of one statement. */
export interface Hit {
  readonly table?: ObjectName | undefined;
  readonly message: string;
  /** The safe way where it is another than the rule's. */
  readonly remedy?: string;
  /** Counts what the harm would be done to. Zero: none. */
  readonly evidence?: Evidence | undefined;
  /** What is counted stops the migration. */
  readonly breaks?: boolean;
}

/** What a rule may ask about the statement that it looks at. */
export interface Around {
  readonly known: Known;
  readonly isTransaction: boolean;
  readonly isRaw: boolean;
  /** The metadata columns in a CREATE TABLE that the hook put there. */
  readonly hookColumns: readonly string[];
  readonly quote: (name: string) => string;
  /** What happens to the values of a column that changes its type. */
  readonly convert: (name: string, from: string, to: string) => Conversion;
}

type Looks = {
  readonly [K in ActionKind]?: (
    action: Extract<Action, { readonly kind: K }>,
    around: Around,
  ) => Hit | readonly Hit[] | undefined;
};

/** What is seen of a migration when it has ended. */
interface WholeMigration {
  readonly isTransaction: boolean;
  readonly actions: readonly Action[];
  /** The tables that were there before the batch and that it locks or changes, in their order. */
  readonly touched: readonly string[];
}

/** One rule. The documentation is made of these. */
export interface LintRule {
  readonly code: string;
  readonly harm: Harm;
  readonly severity: Severity | 'off';
  readonly finds: string;
  readonly reason: string;
  /** The safe way. */
  readonly remedy: string;
  /** By kind of action. */
  readonly on?: Looks;
  /** Once a migration. */
  readonly atEnd?: (migration: WholeMigration) => string | undefined;
}
