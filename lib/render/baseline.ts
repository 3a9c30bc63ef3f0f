import type { ChangeEngine } from '../engines/contract.js';
import type { Operation } from '../operations/operation.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import { lineComments } from './comments.js';
import { type MigrationForm, upBody, wrapFunction } from './file.js';
import { headLines } from './head.js';
import type { ImpliedColumn } from './metadata.js';
import { quote, schemaBuilder } from './text.js';

/** What a baseline makes. */
export interface Baseline {
  /** What makes it in a database that has what the migrations before it make. */
  readonly operations: readonly Operation[];
  /** The schema that they begin with. */
  readonly before: DatabaseSchema;
  /** The tables by which it knows whether it is there. */
  readonly tables: readonly ObjectName[];
}

const HEADER = [
  'Written by knex-meta migrate:baseline: what was there before, and no migration makes. Read it before you apply it.',
  'Where its tables are there it does nothing, and its down leaves them: what is in them is nobody’s to drop. Found:',
];

const HALF =
  'Only some of the tables from before are there. Make the others, or take this migration for applied (migrate:stamp).';

/** Whether the tables are there, as the first lines of the way up. */
function guard(tables: readonly ObjectName[], defaultSchema: string | undefined): string {
  const asked = tables.map(
    ({ schema, name }) => `    await ${schemaBuilder(schema, defaultSchema)}.hasTable(${quote(name)}),`,
  );
  return [
    '  const there = [',
    ...asked,
    '  ];',
    '  if (there.every(Boolean)) return;',
    '  if (there.some(Boolean)) {',
    `    throw new Error(${quote(HALF)});`,
    '  }',
  ].join('\n');
}

/** The migration that makes what was there before the others, where it is missing. */
export function renderBaseline(
  { operations, before, tables }: Baseline,
  changes: ChangeEngine,
  metadata: readonly ImpliedColumn[],
  form: MigrationForm,
): string {
  const none = () => [];
  const { defaultSchema } = changes;
  const made = upBody(
    {
      detected: operations,
      up: changes.rewrite(operations, before),
      down: [],
      hazards: { up: none, down: none },
      countOf: () => undefined,
    },
    { ...changes, metadata },
  );
  const up = `${guard(tables, defaultSchema)}\n${made}`;
  const own = up.includes('t.metadata(') ? ["import type {} from 'knex-meta';"] : [];
  return [
    ...HEADER.flatMap((line) => lineComments(line)),
    ...headLines(operations, defaultSchema),
    ...(form === 'typescript' ? ["import type { Knex } from 'knex';", ...own] : []),
    '',
    `${form === 'commonjs' ? 'exports.config' : 'export const config'} = { baseline: true };`,
    '',
    wrapFunction(form, 'up', up),
    '',
    wrapFunction(form, 'down', ''),
    '',
  ].join('\n');
}
