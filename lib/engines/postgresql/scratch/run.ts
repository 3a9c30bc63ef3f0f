import type { Knex } from 'knex';
import type { CompiledQuery } from '../../../metadata/knexInternals.js';
import { execute } from '../../execute.js';
import { buildFailed, wordsOf } from '../../scratch.js';
import type { ScratchObject } from '../../scratchObject.js';
import { NAME_BYTES } from '../identifiers.js';

/** What to do, by the server's code: a type or the like, or a function, that is not there; a name that is there. */
function remedyOf(error: unknown): string | undefined {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === '42704' || code === '42883')
    return "Correct it there, or declare what it names: by defineEnum, defineFunction, or the extension that has it, as in `export const citext = defineExtension('citext')`.";
  const name = /"([^"]+)" already exists/.exec(String(message))?.[1] ?? '';
  return Buffer.byteLength(name) === NAME_BYTES
    ? `The server cuts names after ${NAME_BYTES} bytes, and two of those that Knex makes are the same then: give one a name, as in \`.index('by_owner')\`.`
    : undefined;
}

/** Statements that stand or fall together, for the object that they make. */
export interface Step {
  readonly object: ScratchObject;
  readonly statements: readonly CompiledQuery[];
  /** True for what may be left out when the server refuses it. */
  readonly isOptional: boolean;
}

const BATCH = 200;

/** What the server says where something is not there yet: table, column, function or operator, object, schema. */
const NOT_YET = ['42P01', '42703', '42883', '42704', '3F000'];

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown }).code);

/**
 * A statement that only runs, and that the hook has no reason to look at: it can be sent together with others. Not one
 * with a question mark, which Knex numbers within what it sends.
 */
const isPlain = ({ kind }: ScratchObject, { sql, bindings = [], output }: CompiledQuery): boolean =>
  (kind === 'table' || kind === 'enum') &&
  output === undefined &&
  bindings.length === 0 &&
  !sql.includes('?');

/** Runs it so that nothing stays of it when it fails. */
export async function attempt(trx: Knex.Transaction, act: () => Promise<void>): Promise<unknown> {
  await trx.raw('savepoint knex_meta_step');
  try {
    await act();
    await trx.raw('release savepoint knex_meta_step');
    return undefined;
  } catch (error) {
    await trx.raw('rollback to savepoint knex_meta_step');
    // Within another of its name it would be the one that is gone back to.
    await trx.raw('release savepoint knex_meta_step');
    return error;
  }
}

/** The object, or the schema, is there already. */
const THERE = ['42710', '42P06'];

/** What is in no schema, such as a role or a publication, is the database's own: it may be there. */
async function executeStep(
  trx: Knex.Transaction,
  { kind }: ScratchObject,
  statement: CompiledQuery,
): Promise<void> {
  if (kind !== 'sql') return execute(trx, statement);
  const error = await attempt(trx, () => execute(trx, statement));
  if (error !== undefined && !THERE.includes(codeOf(error))) throw error;
}

async function runTogether(trx: Knex.Transaction, steps: readonly Step[]): Promise<void> {
  let waiting: string[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) await execute(trx, { sql: batch.join(';\n') });
  };
  for (const { object, statements } of steps) {
    for (const statement of statements) {
      if (isPlain(object, statement)) {
        waiting.push(statement.sql);
        if (waiting.length >= BATCH) await flush();
      } else {
        await flush();
        await executeStep(trx, object, statement);
      }
    }
  }
  await flush();
}

/** A text as it would read where the objects are meant to stand. */
type ToReal = (text: string) => string;

interface Failure {
  readonly step: Step;
  readonly error: unknown;
  readonly sql: string;
}

async function runOne(trx: Knex.Transaction, step: Step): Promise<readonly Failure[]> {
  let sql = '';
  const error = await attempt(trx, async () => {
    for (const statement of step.statements) {
      sql = statement.sql;
      await executeStep(trx, step.object, statement);
    }
  });
  return error === undefined ? [] : [{ step, error, sql }];
}

/** What makes an object of its own; all else is done to one, which a name without a schema may find in the database. */
const STANDS_ALONE =
  /^\s*create\s+(or\s+replace\s+)?(\w+\s+)?(table|type|domain|sequence|function|procedure|aggregate|collation|operator|extension|cast)\b/i;

/** Whether it is done to, or reads, one of these: with the names that it would find in place of them. */
function waitsFor({ object: { kind }, statements }: Step, missing: ReadonlySet<string>): boolean {
  if (missing.size === 0 || !['view', 'materialized view', 'trigger', 'sql'].includes(kind)) return false;
  if (kind === 'sql' && statements.every(({ sql }) => STANDS_ALONE.test(sql))) return false;
  return statements.some(({ sql }) => [...wordsOf(sql, (word) => word)].some((word) => missing.has(word)));
}

const isFinal = ({ error }: Failure): boolean => !NOT_YET.includes(codeOf(error));

async function runEach(trx: Knex.Transaction, steps: readonly Step[], toReal: ToReal): Promise<void> {
  let waiting = steps;
  while (waiting.length > 0) {
    const failures: Failure[] = [];
    const postponed: Step[] = [];
    const missing = new Set<string>();
    for (const step of waiting) {
      // Run now it would be done to the table of the database, and lock it.
      if (waitsFor(step, missing)) {
        postponed.push(step);
        continue;
      }
      const failed = await runOne(trx, step);
      failures.push(...failed);
      const { kind, name } = step.object;
      if (failed.length > 0 && !step.isOptional && (kind === 'table' || kind.endsWith('view')))
        missing.add(name);
    }
    const needed = failures.filter(({ step }) => !step.isOptional);
    const isStuck = failures.length + postponed.length === waiting.length;
    const reason = needed.find(isFinal) ?? (isStuck ? needed[0] : undefined);
    if (reason !== undefined) {
      const { step, error, sql } = reason;
      throw buildFailed(step.object, error, sql, toReal, remedyOf(error));
    }
    if (isStuck) return;
    waiting = [...failures.filter((failure) => !isFinal(failure)).map(({ step }) => step), ...postponed];
  }
}

/**
 * Runs the steps in their order, many statements at a time. When one is refused: each by itself, and what fails because
 * something is not there yet again after the others, so that the order is the server's own, or the error has a name.
 */
export async function runSteps(trx: Knex.Transaction, steps: readonly Step[], toReal: ToReal): Promise<void> {
  const error = await attempt(trx, () => runTogether(trx, steps));
  if (error !== undefined) await runEach(trx, steps, toReal);
}
