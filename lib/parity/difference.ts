import type { MeaningEngine } from '../engines/meaning.js';
import type { DatabaseSchema } from '../schema/database.js';

/** `fails`: something works on one engine only; `differs`: both do something, and not the same. */
type Severity = 'fails' | 'differs';

/** Something that an application would notice when it changes its engine. */
export interface Difference {
  readonly code: keyof typeof ADVICE;
  readonly severity: Severity;
  /** The table, or `table.column`. */
  readonly table?: string;
  readonly migration?: string;
  readonly message: string;
  /** What to write in place of it. */
  readonly remedy: string;
  readonly mend?: readonly string[];
}

/** What drivers and engines do with every such column: worth knowing, and no reason to fail. */
export interface Habit {
  readonly code: keyof typeof HABITS;
  readonly message: string;
  readonly remedy: string;
  readonly columns: readonly string[];
}

/** The schema that a chain of migrations makes on one engine. */
export interface Side {
  readonly title: string;
  readonly schema: DatabaseSchema;
  readonly meaningOf: MeaningEngine['meaningOf'];
}

/** What to do about each difference. */
export const ADVICE = {
  MIGRATION_FAILED:
    'Write it with the words that Knex has for all engines, or ask `knex.client.config.client` and write both.',
  TABLE_MISSING: 'Create it on both: a migration that asks for the client leaves it out on one.',
  COLUMN_MISSING: 'Add it on both: a migration that asks for the client leaves it out on one.',
  VIEW_MISSING: 'Create it on both.',
  INDEX_MISSING: 'Create it on both, with raw SQL where Knex has no word for it.',
  UNIQUE_MISSING: 'Create it on both: without it doubles get in on one.',
  CHECK_MISSING:
    'Write it with `t.check(...)` or `t.enu(...)` on both: without it other values get in on one.',
  KEY_MISSING: 'Declare it on both when the table is made: without it orphans get in on one.',
  TRIGGER_MISSING: 'Create it on both, or do in the application what it does.',
  KEY_ACTION:
    'Say `.onDelete(...)` and `.onUpdate(...)` on both: what happens to the children depends on it.',
  KEY_DEFERRED:
    'Write rows in the order of their keys, or say `deferrable initially deferred` with raw SQL where the builder leaves it out.',
  KEYS_OFF:
    "Switch them on for every connection: `pool: { afterCreate: (c, done) => c.run('PRAGMA foreign_keys = ON', done) }`.",
  NULLABLE: 'Say `.notNullable()` or `.nullable()` on both.',
  DEFAULT: 'Give both the same default.',
  TYPE: 'Use a type that both have: `t.text`, `t.json`, or a table of its own in place of an array.',
  DECIMAL: 'Keep amounts as integers of the smallest unit, or as text.',
  NO_ZONE: 'Use `t.timestamp(name)`, which has a time zone, and write instants in UTC.',
  CASE: 'Compare `lower(column)`, with a unique index on the same expression.',
  BLANKS:
    'Use `t.string(name, length)` on both: it keeps no blanks, and cuts none. Compare `rtrim(column)` where they are there.',
  VALUES: 'Use `t.enu(column, values)` without `useNative`, which is a check on both.',
  PRIMARY_KEY_NULL: 'Say `.notNullable()` of the columns of the key.',
  UNIQUE_NULLS: 'Make the columns NOT NULL, or unique over an expression that has a value for NULL.',
  GENERATED: 'Compute it on both, or in the application.',
  NUMBERING: 'Use `t.increments()` or `t.bigIncrements()` on both.',
} as const;

/** What to know of every such column. */
export const HABITS = {
  BOOLEAN_FORM: 'Ask whether it is true (`if (row.flag)`), never whether it `=== true`.',
  INTEGER_SIZE: 'Check the range in the application where it matters.',
  BIGINT_FORM:
    'Take it through `String(...)` or `BigInt(...)`: as a number it is exact up to 9007199254740991 alone.',
  INSTANT_FORM:
    'Read it with `new Date(...)`, write ISO texts in UTC (`toISOString()`): a Date is stored as milliseconds on one, beside texts of the default.',
  INSTANT_DEFAULT:
    "Read it with `new Date(text.replace(' ', 'T') + 'Z')`, or give it a default that has a Z: `strftime('%Y-%m-%dT%H:%M:%fZ','now')`.",
  ENUM_ORDER: 'Sort by a number of its own, or declare the values in the order of the alphabet.',
  FLOAT_DIGITS: 'Use `t.double(name)`, which holds 15 digits on both.',
  DATE_FORM: 'Write and read it as a text like 2001-02-03.',
  JSON_FORM: 'Write `JSON.stringify(...)`, and parse what is a string when it is read.',
  UUID_CHECK: 'Make uuids in the application, in small letters: one engine takes any text.',
  LENGTH: 'Check the length in the application, or with `t.check(...)`.',
  TYPE_CHECK: 'Check values before they are written: one engine stores what it gets.',
  NUMBER_REUSE: 'Use `t.increments()`: a number that was deleted may be given again.',
} as const;
