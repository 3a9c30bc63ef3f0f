/**
 * The parts of Knex that have no public type and that the hook stands on. test/unit/metadata/knexInternals.test.ts
 * proves that the installed Knex has each of them.
 */

import type { HookStatement } from '../engines/contract.js';

/** A statement that a TableBuilder collected: a column, or a call like `dropColumn`. */
export interface BuilderStatement {
  readonly grouping: string;
  readonly method?: string;
  readonly args?: readonly unknown[];
  readonly builder?: ColumnBuilderInternals;
}

export interface ColumnBuilderInternals {
  readonly _type: string;
  readonly _args: readonly unknown[];
  /** `add`, or `alter` after `.alter()`. */
  readonly _method: string;
}

type TableMethod = 'create' | 'createIfNot' | 'createLike' | 'createLikeIfNot' | 'alter';

export interface TableBuilderInternals {
  readonly _method: TableMethod;
  readonly _schemaName: string | undefined;
  readonly _tableName: string;
  readonly _tableNameLike: string | null | undefined;
  readonly _statements: BuilderStatement[];
  readonly _single: Readonly<Record<string, unknown>>;
  queryContext(): unknown;
}

/** What a compiler hands to the runner. `output` may answer a promise, which the runner awaits. */
export interface CompiledQuery {
  sql: string;
  bindings?: readonly unknown[];
  output?: (this: RunnerInternals, response: unknown) => unknown;
  /** One that the hook added to Knex's. */
  isHook?: boolean;
  /** One of Knex's that the hook has put its own statements around. */
  isSurrounded?: boolean;
  /** The metadata columns that the hook put into a CREATE TABLE. */
  hookColumns?: readonly string[];
  /** Of a CREATE TABLE: what completes the table where its text alone was run. */
  completion?: readonly HookStatement[];
  /** Of an alteration that Knex's SQLite dialect makes by several statements. */
  statementsProducer?: (pragma: unknown, connection: unknown) => Promise<DdlCommands>;
  /** See `HookStatement`. */
  stamps?: string | null;
}

/** What `generateDdlCommands()` gives. */
export interface DdlCommands {
  readonly pre: readonly unknown[];
  readonly sql: readonly unknown[];
  readonly check: unknown;
  readonly post: readonly unknown[];
}

export interface SchemaBuilderInternals {
  toSQL(): readonly CompiledQuery[];
  toQuery(zone?: unknown): string;
}

export interface RunnerInternals {
  readonly client: ClientInternals;
  readonly connection: unknown;
}

export interface CompilerInternals {
  toSQL(): CompiledQuery[];
}

export interface SchemaCompilerInternals {
  readonly schema: string | undefined;
  readonly builder: { queryContext(): unknown };
  readonly sequence: CompiledQuery[];
  pushQuery(query: CompiledQuery): void;
  generateDdlCommands(): Promise<DdlCommands>;
  hasColumn(table: string, column: string): void;
  renameTable(from: string, to: string): void;
  dropTable(table: string): void;
  dropTableIfExists(table: string): void;
}

export interface QueryBuilderInternals {
  readonly _options?: readonly Readonly<Record<string, unknown>>[];
  options(options: Readonly<Record<string, unknown>>): this;
}

export interface QueryCompilerInternals {
  readonly builder: QueryBuilderInternals;
  readonly single: {
    readonly table?: unknown;
    readonly schema?: string;
    /** The one column that `columnInfo` was asked for. */
    readonly columnInfo?: string;
  };
  columnInfo(): CompiledQuery;
}

/** What a client runs: a text, or a text with bindings and more. */
export type QueryInput = string | QueryObject;

export interface QueryObject {
  sql: string;
  bindings?: readonly unknown[];
  /** True for statements that knex-meta itself runs: they are not looked at again. */
  isOwn?: boolean;
  /** One that the hook added to Knex's. */
  isHook?: boolean;
  /** One of Knex's that the hook has put its own statements around. */
  isSurrounded?: boolean;
  /** The metadata columns that the hook put into a CREATE TABLE. */
  hookColumns?: readonly string[];
  readonly options?: Readonly<Record<string, unknown>>;
  /** What the driver gave. */
  response?: unknown;
  readonly method?: string;
  readonly output?: unknown;
  /** Where it was asked for: only while statements are written down. */
  origin?: Origin;
  /** Its rows are streamed; Knex's runner for queries has not seen it. */
  isStream?: boolean;
}

/** Who asked for a statement. */
export interface Origin {
  /** The project wrote its SQL. */
  readonly isRaw: boolean;
  /** The call, as the stack of an error. */
  readonly stack: string;
}

/** What a builder says of itself to who runs it. */
export interface RunnableBuilder {
  readonly _asyncStack?: { readonly error: Error };
  /** The calls of a schema builder. */
  readonly _sequence?: readonly { readonly method: string; readonly args: readonly unknown[] }[];
  /** The text of a raw one. */
  readonly sql?: string;
}

/** Runs the statements of one builder. */
export interface Runner {
  readonly connection: object;
  query(query: QueryObject): Promise<unknown>;
  queryArray(queries: readonly QueryObject[]): Promise<unknown>;
}

/** The stream that a query's rows are written to. */
export interface QueryStream {
  on(event: 'error', listener: (error: Error) => void): void;
  listenerCount(event: 'error'): number;
  write(row: unknown): boolean;
  end(): void;
  destroy(error: Error): void;
}

export interface ClientInternals {
  /** Knex's name for the driver. */
  readonly driverName: string;
  config: Record<PropertyKey, unknown>;
  readonly logger: { warn(message: string): void };
  readonly transacting?: boolean;
  readonly driver?: unknown;
  customWrapIdentifier(value: string, wrap: (value: string) => string, context?: unknown): string;
  wrapIdentifier(value: string, context?: unknown): string;
  wrapIdentifierImpl(value: string): string;
  /** A statement with the places for values as the driver writes them. */
  positionBindings(sql: string): string;
  tableBuilder(method: TableMethod, name: string, like: string | null, fn?: unknown): TableBuilderInternals;
  tableCompiler(builder: TableBuilderInternals): CompilerInternals;
  columnCompiler(table: CompilerInternals, column: ColumnBuilderInternals): CompilerInternals;
  columnBuilder(table: TableBuilderInternals, type: string, args: readonly unknown[]): ColumnBuilderInternals;
  schemaBuilder(): SchemaBuilderInternals;
  schemaCompiler(builder: unknown): SchemaCompilerInternals;
  transaction(container: unknown, config?: { userParams?: object }, outer?: unknown): unknown;
  acquireRawConnection(): Promise<unknown>;
  destroyRawConnection(connection: unknown): Promise<void>;
  validateConnection(connection: unknown): boolean;
  query(connection: unknown, query: QueryInput): Promise<unknown>;
  runner(builder: RunnableBuilder): Runner;
  /** Alterations of Knex's SQLite dialect. */
  ddl?(compiler: unknown, pragma: unknown, connection: unknown): unknown;
  /** What reaches the driver: places are numbered as the driver wants them. */
  _query(connection: unknown, query: QueryObject): Promise<unknown>;
  _stream(connection: unknown, query: QueryObject, stream: QueryStream, ...rest: unknown[]): Promise<unknown>;
  queryBuilder(): QueryBuilderInternals;
  queryCompiler(builder: QueryBuilderInternals, bindings?: unknown): QueryCompilerInternals;
  processResponse(query: QueryObject, runner: unknown): unknown;
  postProcessResponse(response: unknown, queryContext: unknown): unknown;
}

/** A dialect class as the hook extends it. */
export type ClientClass = new (config: Record<PropertyKey, unknown>) => ClientInternals;
