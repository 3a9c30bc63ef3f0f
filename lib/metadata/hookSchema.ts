import type { HookStatement } from '../engines/contract.js';
import { ddlCommands } from './ddlText.js';
import type { ClientInternals, RunnerInternals, SchemaCompilerInternals } from './knexInternals.js';
import { rowsOf, sessionOn, toQuery } from './session.js';
import { type HookContext, targetOf, wrapName } from './target.js';

/** Puts the hook's statements behind those of a schema compiler: rename, drop, and the answer of hasColumn. */
export function hookSchemaCompiler(
  client: ClientInternals,
  context: HookContext,
  compiler: SchemaCompilerInternals,
  asksForOwn: () => boolean,
): SchemaCompilerInternals {
  const { engine, meta } = context;
  const queryContext = (): unknown => compiler.builder.queryContext();
  const target = (name: string) =>
    targetOf(client, context, { schema: compiler.schema, name, queryContext: queryContext() });
  const push = (statements: readonly HookStatement[]): void => {
    for (const statement of statements) compiler.sequence.push(toQuery(statement));
  };
  const stock = {
    renameTable: compiler.renameTable.bind(compiler),
    dropTable: compiler.dropTable.bind(compiler),
    dropTableIfExists: compiler.dropTableIfExists.bind(compiler),
    hasColumn: compiler.hasColumn.bind(compiler),
    generateDdlCommands: compiler.generateDdlCommands.bind(compiler),
  };
  compiler.renameTable = (from, to) => {
    stock.renameTable(from, to);
    if (meta.includesTable(to)) push(engine.afterRenameTable(target(from), target(to)));
  };
  compiler.dropTable = (name) => {
    stock.dropTable(name);
    push(engine.afterDropTable(target(name)));
  };
  compiler.dropTableIfExists = (name) => {
    stock.dropTableIfExists(name);
    push(engine.afterDropTable(target(name)));
  };
  compiler.hasColumn = (table, column) => {
    stock.hasColumn(table, column);
    const query = compiler.sequence.at(-1);
    const wanted = engine.foldName(wrapName(client, column, queryContext()));
    const isOurs = meta.columns.some(
      ({ name }) => engine.foldName(wrapName(client, name, queryContext())) === wanted,
    );
    if (query?.output === undefined || !isOurs || !asksForOwn()) return;
    const output = query.output;
    // A migration asks to learn whether it still has to add its own column: a metadata column is no answer to that.
    query.output = async function ownColumnOnly(this: RunnerInternals, response: unknown) {
      const exists = await output.call(this, response);
      if (exists !== true) return exists;
      const facts = await factsOf(this, table);
      const found = facts?.columns.find(({ name }) => engine.foldName(name) === wanted);
      return found === undefined || !found.isMetadata;
    };
  };
  compiler.generateDdlCommands = () => ddlCommands(compiler, stock.generateDdlCommands);
  const factsOf = async (runner: RunnerInternals, table: string) => {
    const id = target(table);
    const query = engine.factsQuery(id);
    const session = sessionOn(runner.client, runner.connection);
    return engine.readFacts(id, rowsOf(await session.rows(query.sql, query.bindings)));
  };
  return compiler;
}
