import type { Finding } from '../checks/finding.js';

/** What is found of one migration. */
export interface MigrationFinding extends Finding {
  readonly code: keyof typeof REMEDIES;
  readonly file?: string | undefined;
}

/** The codes of migrate:verify, and what to do about each. */
export const REMEDIES = {
  EMPTY: 'It is a placeholder: write its operations, or delete the file while nobody has applied it.',
  EMPTY_DOWN: 'Write the way back in its down, or let it throw an error that says why there is none.',
  UP_FAILED: 'Correct the file: it fails in a new database, whatever is in the tables.',
  UP_FAILED_WITH_ROWS:
    'It works on empty tables only: give new columns a default, fill or mend rows before a rule comes into force.',
  DOWN_FAILED: 'Correct its down: `migrate:down` would fail like this.',
  DOWN_FAILED_WITH_ROWS:
    'Its down works on empty tables only: mend or move the rows before a rule comes back into force.',
  IRREVERSIBLE:
    'Its down refuses on purpose. If that is meant, accept it: `--accept IRREVERSIBLE:<revision>`.',
  NEEDS_LATER: 'Change the order of the two files, or put what it needs into it.',
  DOWN_DIFFERS: 'Let its down undo what its up did, and nothing else.',
  ROWS_CHANGED: 'Let its down give back what its up changed, or keep the values where they were.',
  UP_AGAIN_FAILED: 'Its down leaves something behind that stands in the way of its up: let it go too.',
  UP_AGAIN_DIFFERS:
    'The second time its up made something else: what it makes must not depend on what was there.',
  NOT_SEEDED:
    'What rows of this table would suffer was not tried. Try it by hand, then accept it: `--accept NOT_SEEDED:<table>`.',
  NOT_REACHED: 'Correct the one that stands in the way, and run the check again.',
  NOT_COPIED:
    'What the pending migrations do to it was not tried. Create it in the database that --shadow names, or try it by hand.',
} as const;

/** What to do where a migration adopts a table that none makes. */
export const FROM_BEFORE = {
  remedy:
    'No migration makes the table that it adopts. With the database that has it, write the one that does where the table is missing, and leaves it alone where it is there; commit it.',
  mend: ['npx knex-meta migrate:baseline'],
} as const;

/** What to do where the role may not do in the throwaway database what it may do in the project's own. */
export const DENIED = {
  remedy:
    'The role lacks a right in the throwaway database: it may work in your own. Name a database on a server where the role has it, --shadow, or grant it; if it fails in your own database too, correct the file.',
} as const;

export function found(
  code: keyof typeof REMEDIES,
  message: string,
  where: { readonly migration?: string; readonly file?: string | undefined; readonly table?: string },
): MigrationFinding {
  return { code, message, remedy: REMEDIES[code], ...where };
}
