import type { HookStatement } from '../engines/contract.js';
import type {
  ClientInternals,
  CompiledQuery,
  DdlCommands,
  SchemaBuilderInternals,
  SchemaCompilerInternals,
} from './knexInternals.js';
import { sessionOn } from './session.js';

/** What completes a table whose CREATE was given away as a text, by that text behind CREATE TABLE. */
export type GivenTexts = Map<string, readonly HookStatement[]>;

const KNOWN = 1_000;

/** A project may write other words here: `unlogged`, `if not exists`. */
const CREATE_TABLE = /^\s*create (?:\w+ )*?table (?:if not exists )?/i;

/**
 * Lets `toString()` and `toQuery()` give Knex's statements alone: a project goes on with such a text (`createTable(...)
 * .toString() + ' partition by ...'`). When it is run, `completeGiven` does what the hook does behind a CREATE TABLE.
 */
export function withPlainText(builder: SchemaBuilderInternals, given: GivenTexts): SchemaBuilderInternals {
  const { toQuery, toSQL } = builder;
  const textOf = (statements: readonly CompiledQuery[], zone: unknown): string => {
    const only = Object.create(builder, { toSQL: { value: () => statements } }) as SchemaBuilderInternals;
    return toQuery.call(only, zone);
  };
  builder.toQuery = (zone) => {
    const all = toSQL.call(builder);
    for (const statement of all) {
      if (statement.completion === undefined || !CREATE_TABLE.test(statement.sql)) continue;
      if (given.size >= KNOWN) given.clear();
      given.set(textOf([statement], zone).replace(CREATE_TABLE, ''), statement.completion);
    }
    return textOf(
      all.filter(({ isHook }) => isHook !== true),
      zone,
    );
  };
  return builder;
}

/** Marks the columns and makes the trigger of a table whose CREATE was run as a text. */
export async function completeGiven(
  client: ClientInternals,
  connection: unknown,
  sql: string,
  given: GivenTexts,
): Promise<void> {
  if (given.size === 0 || !CREATE_TABLE.test(sql)) return;
  const text = sql.replaceAll('\\?', '?');
  const [, statements = []] = [...given].find(([definition]) => text.includes(definition)) ?? [];
  const session = sessionOn(client, connection);
  for (const { sql: own, bindings, withRows } of statements) {
    const rows = await session.rows(own, bindings);
    await withRows?.(session, rows);
  }
}

/**
 * What `generateDdlCommands()` gives a program that runs the statements itself: without those by which only the hook
 * reads something.
 */
export async function ddlCommands(
  compiler: SchemaCompilerInternals,
  stock: () => Promise<DdlCommands>,
): Promise<DdlCommands> {
  const given = await stock();
  const kept = compiler.sequence.filter(({ isHook, output }) => !(isHook && output !== undefined));
  if (kept.length === compiler.sequence.length) return given;
  if (given.sql.some((each) => typeof each === 'object')) return { ...given, sql: kept };
  const [only, ...others] = kept;
  if (only?.statementsProducer !== undefined && others.length === 0)
    return only.statementsProducer(undefined, undefined);
  return { ...given, sql: kept.flatMap(({ sql }) => sql) };
}
