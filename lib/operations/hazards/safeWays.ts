/** The safe ways that hazards of generated migrations and rules of `lint` share, in the same words. */
export const SAFE_WAYS = {
  dropTable: 'Rename the table first, and drop it in a later release.',
  dropColumn: 'Stop using the column in a release before, and keep a copy of what may be wanted.',
  rename: 'Deploy it together with the code.',
  required: 'Give it a default, or add it nullable, fill it, and then set NOT NULL.',
  domain: 'Correct the rows against it first.',
  notNull: 'Fill the rows without a value first.',
  cast: 'Look at the values first, and correct those that do not fit.',
  keepValues: 'Keep the values in another column first, or keep a type that holds them.',
  keepText: 'What is no quantity (a post code, a telephone number) stays a text.',
  guess: 'Look at the values first, and write USING as they need it.',
  timeZone: "If the values are in another time zone, name it: USING column AT TIME ZONE 'UTC'.",
  rewrite: 'On a large table: a new column, filled in batches, and then a rename.',
  filled: 'On a large table: add the column empty, fill it in batches, and give it its default then.',
  stored: 'On a large table: a plain column that a trigger keeps, filled in batches.',
  newFunction:
    'On a large table: give the function another name, build what uses it beside the old, and drop the old then.',
  duplicates: 'Merge or correct the duplicates first.',
  lostValue:
    'On a large table: leave the value in the type, and forbid it by a check that is NOT VALID first.',
  newValue:
    'On a large table: add values without another order, in a migration before the one that uses them.',
  concurrently: 'On a large table: CREATE INDEX CONCURRENTLY, in a migration with `transaction: false`.',
  notValid: 'On a large table: NOT VALID first, then VALIDATE CONSTRAINT.',
} as const;
