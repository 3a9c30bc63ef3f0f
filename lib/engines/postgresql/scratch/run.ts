import type { Knex } from 'knex';
import { KnexMetaError } from '../../../errors.js';
import type { CompiledQuery } from '../../../metadata/knexInternals.js';
import { execute } from '../../execute.js';
import { buildFailed } from '../../scratch.js';
import type { ScratchObject } from '../../scratchObject.js';
import { NAME_BYTES } from '../identifiers.js';
import { assertNoLock, isDynamic, LOCK_TIMEOUT, reachesReal, uncovered, withPlaceholders } from './guard.js';
import type { ScratchNames } from './names.js';

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
  /** Names in it that the database has something by. It must not run while no scratch schema has them. */
  readonly named: readonly string[];
  /** The names that it creates. */
  readonly creates: readonly string[];
}

/** Where steps run. */
export interface Scratch {
  readonly trx: Knex.Transaction;
  readonly names: ScratchNames;
  /** The scratch schema that is first on the path. */
  readonly first: string;
}

const BATCH = 200;

/** What the server says where something is not there yet: table, column, function or operator, object, schema. */
const NOT_YET = ['42P01', '42703', '42883', '42704', '3F000'];

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown } | undefined)?.code);

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

const LOCK_NOT_AVAILABLE = '55P03';

/** What is in no schema, such as a role or a publication, is the database's own: it may be there. */
async function executeStep(
  { trx, names }: Scratch,
  object: ScratchObject,
  statement: CompiledQuery,
): Promise<void> {
  if (object.kind === 'extension') {
    // Another session may be creating it.
    await trx.raw(`set local lock_timeout to 0`);
    await execute(trx, statement);
    await trx.raw(LOCK_TIMEOUT);
  } else if (object.kind !== 'sql') await execute(trx, statement);
  else {
    const error = await attempt(trx, () => execute(trx, statement));
    if (codeOf(error) === LOCK_NOT_AVAILABLE) throw reachesReal(object.title, undefined);
    if (error !== undefined && !THERE.includes(codeOf(error))) throw error;
  }
  if (isDynamic(statement) && isOwnSql(object, statement)) await assertNoLock(trx, object, names);
}

/** SQL that a model writes, and not the hook. */
const isOwnSql = ({ kind }: ScratchObject, { stamps }: CompiledQuery): boolean =>
  stamps === undefined && (kind === 'sql' || kind === 'table');

/** Runs the statements of a step; what they name and no scratch schema has is covered meanwhile. */
async function executeCovered(
  scratch: Scratch,
  { object, statements }: Step,
  missing: readonly string[],
  onStatement: (sql: string) => void = () => undefined,
): Promise<void> {
  await withPlaceholders(scratch.trx, missing, scratch.first, async () => {
    for (const statement of statements) {
      onStatement(statement.sql);
      await executeStep(scratch, object, statement);
    }
  });
}

async function runTogether(scratch: Scratch, steps: readonly Step[]): Promise<void> {
  const { trx, names } = scratch;
  let waiting: string[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length > 0) await execute(trx, { sql: batch.join(';\n') });
  };
  const created = new Set<string>();
  for (const step of steps) {
    const { object, statements, named, creates } = step;
    const unknown = named.filter((name) => !created.has(name));
    for (const name of creates) created.add(name);
    if (unknown.length > 0) {
      await flush();
      await executeCovered(scratch, step, await uncovered(trx, unknown, names));
      continue;
    }
    for (const statement of statements) {
      if (isPlain(object, statement)) {
        waiting.push(statement.sql);
        if (waiting.length >= BATCH) await flush();
      } else {
        await flush();
        await executeStep(scratch, object, statement);
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
  /** What it names and no scratch schema had. */
  readonly missing: readonly string[];
}

async function runOne(scratch: Scratch, step: Step): Promise<readonly Failure[]> {
  let sql = '';
  const missing = await uncovered(scratch.trx, step.named, scratch.names);
  const error = await attempt(scratch.trx, () =>
    executeCovered(scratch, step, missing, (statement) => {
      sql = statement;
    }),
  );
  return error === undefined ? [] : [{ step, error, sql, missing }];
}

const isFinal = ({ error, missing }: Failure): boolean =>
  error instanceof KnexMetaError || (missing.length === 0 && !NOT_YET.includes(codeOf(error)));

async function runEach(scratch: Scratch, steps: readonly Step[], toReal: ToReal): Promise<void> {
  let waiting = steps;
  while (waiting.length > 0) {
    const failures: Failure[] = [];
    for (const step of waiting) failures.push(...(await runOne(scratch, step)));
    const needed = failures.filter(({ step }) => !step.isOptional);
    const isStuck = failures.length === waiting.length;
    // What failed for want of another that failed says nothing of the reason.
    const first = needed.find(({ missing }) => missing.length === 0) ?? needed[0];
    const reason = needed.find(isFinal) ?? (isStuck ? first : undefined);
    if (reason !== undefined) {
      const { step, error, sql } = reason;
      if (error instanceof KnexMetaError) throw error;
      throw buildFailed(step.object, error, sql, toReal, remedyOf(error));
    }
    if (isStuck) return;
    waiting = failures.filter((failure) => !isFinal(failure)).map(({ step }) => step);
  }
}

/**
 * Runs the steps in their order, many statements at a time. When one is refused: each by itself, and what fails because
 * something is not there yet again after the others, so that the order is the server's own, or the error has a name.
 */
export async function runSteps(scratch: Scratch, steps: readonly Step[]): Promise<void> {
  const error = await attempt(scratch.trx, () => runTogether(scratch, steps));
  if (error !== undefined) await runEach(scratch, steps, scratch.names.toReal);
}
