import type { Clock, HookStatement, MetadataEngine } from '../engines/contract.js';
import { KnexMetaError } from '../errors.js';
import { shared } from '../shared.js';
import { afterAlter, beforeAlter } from './alter.js';
import { planAlter } from './alterPlan.js';
import { appendColumns, completeTable } from './create.js';
import { completeGiven, type GivenTexts, withPlainText } from './ddlText.js';
import { isKnexOwnTable, readDeclared } from './declared.js';
import { hookSchemaCompiler } from './hookSchema.js';
import type {
  ClientClass,
  ClientInternals,
  ColumnBuilderInternals,
  CompilerInternals,
  QueryBuilderInternals,
  QueryCompilerInternals,
  QueryInput,
  SchemaBuilderInternals,
  TableBuilderInternals,
} from './knexInternals.js';
import type { MetadataTableOptions } from './options.js';
import { besideOwnTriggers } from './ownTriggers.js';
import { mayBePositional, withoutPositions } from './positional.js';
import { mayAlter, prepareRawAlter } from './rawAlter.js';
import { keepAfterMove, keepAfterRebuild, movedBy, renamedTo } from './rawStatement.js';
import { afterStatement, beforeDrop, mayRebuild, newTableMemory } from './rebuiltTables.js';
import { offerRenamedFrom } from './renamedFrom.js';
import { overlayColumns, type ResolvedMeta } from './resolve.js';
import { sessionOn, toQuery } from './session.js';
import { compileShared } from './sharedColumn.js';
import { type HookContext, targetOf, wrapName } from './target.js';
import { validateColumns } from './validate.js';
import { offerWithMetadata, withOwnColumnInfo } from './visible.js';

/** On a client's class: it is wrapped already. */
export const HOOKED = Symbol.for('knex-meta.hooked');
/** On the configuration of the clone of the client that Knex's migrator works with. */
const IN_MIGRATION = Symbol.for('knex-meta.in-migration');

/** What `t.metadata(...)` said, by builder. */
const tableOptions = shared('table-options', () => new WeakMap<object, false | MetadataTableOptions>());

const metadataMethod: PropertyDescriptor = {
  configurable: true,
  value(this: TableBuilderInternals, options: false | MetadataTableOptions) {
    if (options !== false) validateColumns(options, 't.metadata');
    tableOptions.set(this, options);
    return this;
  },
};

interface Around {
  readonly before: readonly HookStatement[];
  readonly after: readonly HookStatement[];
  /** The columns that were put into Knex's own statement. */
  readonly columns?: readonly string[];
  readonly completion?: readonly HookStatement[];
}

const NOTHING: Around = { before: [], after: [] };

/** What the hook does to one table builder: columns appended to it, statements around Knex's. */
function hookTable(client: ClientInternals, context: HookContext, builder: TableBuilderInternals): Around {
  const options = tableOptions.get(builder);
  const declared = readDeclared(builder);
  const queryContext = builder.queryContext();
  const name = builder._tableName;
  if (options === false || isKnexOwnTable(declared) || !context.meta.includesTable(name)) return NOTHING;
  const resolved =
    options === undefined ? context.meta.columns : overlayColumns(context.meta.columns, options);
  const target = targetOf(client, context, { schema: builder._schemaName, name, queryContext }, resolved);
  if (builder._method === 'alter') {
    const plan = planAlter(client, context, target, declared, queryContext);
    if (plan === undefined) return NOTHING;
    return { before: [beforeAlter(context, target, plan)], after: [afterAlter(context, target, plan)] };
  }
  context.engine.checkName(target.table.name);
  const isLike = builder._method === 'createLike' || builder._method === 'createLikeIfNot';
  if (isLike || builder._single.inherits !== undefined)
    return { before: [], after: completeTable(context, target) };
  const own = declared.added.map((column) => wrapName(client, column, queryContext));
  const added = appendColumns(client, context, builder, target, resolved, own);
  const after = context.engine.afterCreate(target, added, own);
  const columns = added.map(({ name: column }) => column);
  const completion = context.engine.completeCreated(target, added, own);
  return builder._method === 'createIfNot'
    ? { ...onlyIfNew(context, client, builder, after), columns, completion }
    : { before: [], after, columns, completion };
}

/** A table that was there before `createTableIfNotExists` is left alone. */
function onlyIfNew(
  context: HookContext,
  client: ClientInternals,
  builder: TableBuilderInternals,
  after: readonly HookStatement[],
): Around {
  const { engine } = context;
  const table = {
    schema: builder._schemaName,
    name: builder._tableName,
    queryContext: builder.queryContext(),
  };
  const target = targetOf(client, context, table);
  let isNew = false;
  const look: HookStatement = {
    ...engine.factsQuery(target),
    withRows: async (_session, rows) => {
      isNew = engine.readFacts(target, rows) === undefined;
    },
  };
  const act: HookStatement = {
    ...engine.factsQuery(target),
    withRows: async (session) => {
      if (!isNew) return;
      for (const { sql, bindings, withRows } of after) {
        const rows = await session.rows(sql, bindings);
        await withRows?.(session, rows);
      }
    },
  };
  return { before: [look], after: [act] };
}

function likeStatements(client: ClientInternals, context: HookContext, builder: TableBuilderInternals) {
  const like = builder._tableNameLike;
  if (!like || context.engine.createLike === undefined) return undefined;
  const queryContext = builder.queryContext();
  const schema = builder._schemaName;
  const target = targetOf(client, context, { schema, name: builder._tableName, queryContext });
  const source = targetOf(client, context, { schema, name: like, queryContext });
  return context.engine.createLike(target, source.table);
}

function surround(
  client: ClientInternals,
  context: HookContext,
  builder: TableBuilderInternals,
  compile: () => CompilerInternals,
): CompilerInternals {
  const { before, after, columns = [], completion = after } = hookTable(client, context, builder);
  const compiler = compile();
  const like = likeStatements(client, context, builder);
  if (before.length + after.length === 0 && like === undefined) return compiler;
  const stockToSQL = compiler.toSQL.bind(compiler);
  compiler.toSQL = () => {
    const own = stockToSQL();
    // Knex's first statement of a LIKE is the lossy copy; those behind it add what the callback declares.
    const kept = like === undefined ? own : [...like.map(toQuery), ...own.slice(1)];
    for (const statement of kept) Object.assign(statement, { isSurrounded: true });
    if (kept[0] !== undefined) Object.assign(kept[0], { hookColumns: columns, completion });
    return [...before.map(toQuery), ...kept, ...after.map(toQuery)];
  };
  return compiler;
}

/** Says whether what runs through this Knex instance are migrations. */
export function markMigrations(db: object, are: boolean): void {
  (db as { client: ClientInternals }).client.config[IN_MIGRATION] = are;
}

/** Knex's migrator marks the parameters of its own Knex instance; an application's never have this key. */
function isMigrators(config: { userParams?: object } | undefined): boolean {
  return config?.userParams !== undefined && 'isProcessingDisabled' in config.userParams;
}

/**
 * Makes the subclass of a dialect that gives tables their metadata.
 *
 * @param Base - Knex's class for the dialect, or the project's own subclass of it
 * @param clientName - what `client.config.client` says afterwards; migrations compare it with a string
 */
export function hookClient(
  Base: ClientClass,
  engine: MetadataEngine,
  meta: ResolvedMeta,
  clientName: unknown,
): ClientClass {
  // A transaction's client is made from the prototype alone, so all state is in this closure.
  let clock: Clock = engine.clock(meta.timestampUtc);
  let probed: Promise<void> | undefined;
  let refused: KnexMetaError | undefined;
  const given: GivenTexts = new Map();
  const memory = newTableMemory();
  const context: HookContext = {
    engine,
    meta,
    clock: () => {
      if (refused !== undefined) throw refused;
      return clock;
    },
  };
  const probe = async (client: ClientInternals, connection: unknown, expression: string): Promise<void> => {
    try {
      clock = await engine.probeClock(sessionOn(client, connection), expression);
    } catch (error) {
      if (!(error instanceof KnexMetaError)) throw error;
      refused = error;
    }
  };
  const Altering = engine.extendClient?.(Base) ?? Base;
  const Extended = meta.visible ? Altering : engine.hideMetadata(Altering);

  class MetaClient extends Extended {
    static readonly [HOOKED] = true;

    constructor(config: Record<PropertyKey, unknown>) {
      super({ ...config, client: clientName });
    }

    override tableBuilder(...args: Parameters<ClientInternals['tableBuilder']>): TableBuilderInternals {
      return Object.defineProperty(super.tableBuilder(...args), 'metadata', metadataMethod);
    }

    override columnBuilder(...args: Parameters<ClientInternals['columnBuilder']>): ColumnBuilderInternals {
      return offerRenamedFrom(super.columnBuilder(...args));
    }

    override columnCompiler(table: CompilerInternals, column: ColumnBuilderInternals): CompilerInternals {
      return compileShared(column, () => super.columnCompiler(table, column));
    }

    override tableCompiler(builder: TableBuilderInternals): CompilerInternals {
      return surround(this, context, builder, () => super.tableCompiler(builder));
    }

    override schemaBuilder(): SchemaBuilderInternals {
      return withPlainText(super.schemaBuilder(), given);
    }

    override schemaCompiler(builder: unknown) {
      return hookSchemaCompiler(
        this,
        context,
        super.schemaCompiler(builder),
        () => !meta.visible || this.config[IN_MIGRATION] === true,
      );
    }

    override queryBuilder(): QueryBuilderInternals {
      return offerWithMetadata(super.queryBuilder());
    }

    override queryCompiler(...args: Parameters<ClientInternals['queryCompiler']>): QueryCompilerInternals {
      const compiler = super.queryCompiler(...args);
      return meta.visible ? compiler : withOwnColumnInfo(this, context, compiler);
    }

    override transaction(container: unknown, config?: { userParams?: object }, outer?: unknown): unknown {
      if (isMigrators(config)) this.config[IN_MIGRATION] = true;
      return super.transaction(container, config, outer);
    }

    override async query(connection: unknown, query: QueryInput): Promise<unknown> {
      const object = typeof query === 'string' ? { sql: query } : query;
      if (typeof object?.sql !== 'string' || object.isOwn) return super.query(connection, object);
      if (mayBePositional(object.sql)) {
        object.sql = await withoutPositions(context, sessionOn(this, connection), object.sql);
      }
      const rebuilds = mayRebuild(memory, object.sql);
      if (rebuilds) await beforeDrop(context, sessionOn(this, connection), memory, object.sql);
      const alteration =
        object.isSurrounded === true || !mayAlter(object.sql)
          ? undefined
          : await prepareRawAlter(context, sessionOn(this, connection), object.sql);
      const ask = (): Promise<unknown> => super.query(connection, object);
      const run = (): Promise<unknown> =>
        object.isHook === true
          ? ask()
          : besideOwnTriggers(context, sessionOn(this, connection), object.sql, ask);
      const answer = await (alteration === undefined ? run() : alteration.around(run));
      if (object.hookColumns === undefined) await completeGiven(this, connection, object.sql, given);
      if (rebuilds) await afterStatement(context, sessionOn(this, connection), memory, object.sql);
      const renamed = renamedTo(object.sql);
      if (renamed !== undefined) await keepAfterRebuild(context, sessionOn(this, connection), renamed);
      const moved = movedBy(object.sql);
      if (moved !== undefined) await keepAfterMove(context, sessionOn(this, connection), moved);
      return answer;
    }

    override async acquireRawConnection(): Promise<unknown> {
      const connection = await super.acquireRawConnection();
      engine.onConnection?.(connection, (message) => this.logger.warn(message));
      if (meta.timestampUtc !== undefined) {
        probed ??= probe(this, connection, meta.timestampUtc);
        await probed;
      }
      return connection;
    }
  }
  // Programs ask for the dialect by the name of its class.
  return Object.defineProperty(MetaClient, 'name', { value: Base.name });
}
