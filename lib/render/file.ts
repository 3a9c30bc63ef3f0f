import type { Hazard } from '../operations/hazards/index.js';
import type { Operation } from '../operations/operation.js';
import { irreversible } from '../operations/reverse.js';
import { headLines } from './head.js';
import { explained, joinNeighbours } from './joinPieces.js';
import { type Note, noteLines, noteOf } from './notes.js';
import { numberedKeys } from './numberedKeys.js';
import type { RenderContext } from './parts.js';
import { builder, type Piece, sql } from './piece.js';
import { piecesOf } from './pieces.js';
import { LINE_WIDTH, quote, rawText, schemaBuilder, sqlObject } from './text.js';
import type { InWords } from './written.js';

/** The forms that a migration file can have. */
export type MigrationForm = 'typescript' | 'esm' | 'commonjs';

export interface Migration {
  /** What the diff found: the header says it. */
  readonly detected: readonly Operation[];
  /** The operations of each direction, as the engine runs them. */
  readonly up: readonly Operation[];
  readonly down: readonly Operation[];
  /** The words of the models for each direction; the engine's where there are none. */
  readonly inWords?: { readonly up: InWords; readonly down: InWords };
  /** What is said of each. */
  readonly hazards: {
    readonly up: (operation: Operation) => readonly Hazard[];
    readonly down: (operation: Operation) => readonly Hazard[];
  };
  /** What a hazard's query gave on the database for which the migration is written. */
  readonly countOf: (sql: string) => number | undefined;
  /** In place of what the operations are written as. */
  readonly statements?: Statements | undefined;
}

/** A function whose text the engine would look into. */
const isFunction = (operation: Operation): boolean =>
  operation.kind === 'function' && operation.to?.kind === 'function' && operation.to.language === 'sql';

/** Whether a function comes before something that it may name: where two name each other, no order is right. */
function isAhead(operations: readonly Operation[]): boolean {
  const first = operations.findIndex(isFunction);
  return operations.some(
    ({ kind, from, to }, index) =>
      first >= 0 &&
      index > first &&
      from === undefined &&
      to !== undefined &&
      (kind === 'table' || kind === 'view' || kind === 'function'),
  );
}

function piecesFor(
  operations: readonly Operation[],
  notesOf: (operation: Operation) => readonly Note[],
  context: RenderContext,
  inWords: InWords = (operation) => operation,
): readonly Piece[] {
  const around = isAhead(operations) ? context.wording.aroundFunctions : undefined;
  const first = operations.findIndex(isFunction);
  const numbered = numberedKeys(operations, context);
  const pieces = operations.flatMap((operation, index) => {
    const both = numbered.find(({ column }) => column === operation);
    if (numbered.some(({ key }) => key === operation)) return [];
    const notes = [...notesOf(operation), ...(both === undefined ? [] : notesOf(both.key))];
    const said =
      both === undefined || operation.kind !== 'column'
        ? piecesOf(inWords(operation), context)
        : [builder(operation.table, both.line)];
    const own = said.map((piece, place) => (place === 0 ? { ...piece, notes } : piece));
    return around !== undefined && index === first ? [sql(around[0]), ...own] : own;
  });
  const all = around === undefined ? pieces : [...pieces, sql(around[1])];
  return explained(joinNeighbours(all), context);
}

/** The statements that a direction runs, where they are to be written in place of the builder's words. */
export interface Statements {
  readonly up: readonly string[];
  readonly down: readonly string[];
}

function sqlBody(statements: readonly string[], notes: readonly Note[], context: RenderContext): string {
  return body(
    statements.map((text, at): Piece => ({ ...sql(text), notes: at === 0 ? notes : [] })),
    context,
  );
}

/** What the way up runs. */
export function upBody(
  { up, hazards, countOf, statements, inWords }: Migration,
  context: RenderContext,
): string {
  const noted = (hazard: Hazard) => noteOf(hazard, hazard.evidence && countOf(hazard.evidence.sql));
  if (statements !== undefined) {
    const notes = up.flatMap((operation) => hazards.up(operation).map(noted));
    return sqlBody(statements.up, notes, context);
  }
  return body(
    piecesFor(up, (operation) => hazards.up(operation).map(noted), context, inWords?.up),
    context,
  );
}

/** What cannot be taken back is said before anything is done. That what came goes again needs no saying. */
function downBody({ down, hazards, statements, inWords }: Migration, context: RenderContext): string {
  const reasons = down.flatMap((operation) => irreversible(operation) ?? []);
  if (reasons.length > 0) return body([{ form: 'throw', reason: reasons.join('; ') }], context);
  const notesOf = (operation: Operation) =>
    hazards
      .down(operation)
      .filter(({ kind }) => kind === 'can fail')
      .map((hazard) => noteOf(hazard));
  if (statements !== undefined) return sqlBody(statements.down, down.flatMap(notesOf), context);
  return body(piecesFor(down, notesOf, context, inWords?.down), context);
}

/** A text of JavaScript, or the dot before a call of a chain. */
const TEXT_OR_CALL = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`|(?<=\))\.(?=[a-zA-Z]+\()/g;

/** The calls of a chain. A dot inside a text ends none. */
function callsOf(line: string): readonly string[] {
  const dots = [...line.matchAll(TEXT_OR_CALL)].filter(([found]) => found === '.').map(({ index }) => index);
  return [...dots, line.length].map((end, at) => line.slice(at === 0 ? 0 : (dots[at - 1] ?? 0) + 1, end));
}

/** A chain of calls that is too long for a line has a call on each. */
export function brokenLine(line: string, indent: string): string {
  if (indent.length + line.length <= LINE_WIDTH) return `${indent}${line}`;
  const calls = callsOf(line);
  if (calls.length < 3) return `${indent}${line}`;
  const [start, ...rest] = calls;
  return [`${indent}${start}`, ...rest.map((call) => `${indent}  .${call}`)].join('\n');
}

function statement(piece: Piece, { defaultSchema, wording }: RenderContext): readonly string[] {
  switch (piece.form) {
    case 'create':
    case 'builder': {
      const { schema, name } = piece.table;
      const method = piece.form === 'create' ? 'createTable' : 'alterTable';
      const lines = piece.lines.flatMap((line, at) => [
        ...noteLines(piece.form === 'builder' ? (piece.lineNotes?.[at] ?? []) : [], '    '),
        brokenLine(line, '    '),
      ]);
      return [
        `  await ${schemaBuilder(schema, defaultSchema)}.${method}(${quote(name)}, (t) => {`,
        ...lines,
        '  });',
      ];
    }
    case 'alter': {
      const head = `alter table ${sqlObject(piece.table, defaultSchema)}`;
      const isShort = piece.actions.length === 1;
      const text = isShort ? `${head} ${piece.actions[0]}` : `${head}\n  ${piece.actions.join(',\n  ')}`;
      // Lines inside a default or a check are a part of its text.
      const isIndented = !piece.actions.some((action) => action.includes('\n'));
      return [`  await knex.raw(${rawText(text, wording, isIndented ? '  ' : '')});`];
    }
    case 'call':
      return [`  await ${schemaBuilder(piece.schema, defaultSchema)}.${piece.call};`];
    case 'sql':
      return [`  await knex.raw(${rawText(piece.sql, wording)});`];
    case 'throw':
      return [`  throw new Error(${quote(piece.reason)});`];
  }
}

function body(pieces: readonly Piece[], context: RenderContext): string {
  return pieces
    .flatMap((piece) => [...noteLines(piece.notes ?? [], '  '), ...statement(piece, context)])
    .join('\n');
}

/** A direction of a migration file. */
export function wrapFunction(form: MigrationForm, name: 'up' | 'down', text: string): string {
  const content = text === '' ? '{}' : `{\n${text}\n}`;
  if (form === 'typescript') return `export async function ${name}(knex: Knex): Promise<void> ${content}`;
  const doc = "/**\n * @param { import('knex').Knex } knex\n * @returns { Promise<void> }\n */\n";
  return form === 'esm'
    ? `${doc}export async function ${name}(knex) ${content}`
    : `${doc}exports.${name} = async function (knex) ${content};`;
}

/** The text of a migration file. */
export function renderMigration(migration: Migration, context: RenderContext, form: MigrationForm): string {
  const up = upBody(migration, context);
  const down = downBody(migration, context);
  // The type of t.metadata().
  const own = `${up}${down}`.includes('t.metadata(') ? ["import type {} from 'knex-meta';"] : [];
  return [
    '// Generated by knex-meta from the models. Read it before you run it. Detected:',
    ...headLines(migration.detected, context.defaultSchema),
    ...(form === 'typescript' ? ["import type { Knex } from 'knex';", ...own] : []),
    '',
    wrapFunction(form, 'up', up),
    '',
    wrapFunction(form, 'down', down),
    '',
  ].join('\n');
}
