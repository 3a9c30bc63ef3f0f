import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { Knex } from 'knex';
import knex from 'knex';
import { applied } from '../../lib/diff/appliedSchema.js';
import { type Difference, type DiffOptions, diff } from '../../lib/diff/index.js';
import type { Engine } from '../../lib/engines/contract.js';
import { engineForClient } from '../../lib/engines/registry.js';
import { withMeta } from '../../lib/index.js';
import { hazardFinder } from '../../lib/operations/hazards/index.js';
import type { Operation } from '../../lib/operations/operation.js';
import { generate } from '../../lib/render/generate.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import type { Table } from '../../lib/schema/table.js';
import type { Database, TestEngine } from './databases.js';
import { temporaryFolder } from './folders.js';

export type Build = (db: Knex) => Promise<unknown>;

/** One change: how the database is, and how it is to be. */
export interface LoopCase {
  readonly before: Build;
  readonly after: Build;
  /** Fills the tables of the old database. */
  readonly rows?: Build;
  readonly options?: DiffOptions;
  /** True where the database has what no model has, and keeps it. */
  readonly leaves?: boolean;
  /** Looks at the old database, at the new one that was built directly, and after each direction. */
  readonly observe?: (db: Knex, stage: Stage) => Promise<void>;
}

type Stage = 'before' | 'built' | 'up' | 'down';

export interface LoopResult {
  readonly difference: Difference;
  readonly text: string;
  /** The same migration in TypeScript and as CommonJS. */
  readonly typescript: string;
  readonly commonjs: string;
}

function engineOf(db: Knex): Engine {
  const engine = engineForClient(db.client.config.client);
  if (engine === undefined) throw new Error('no engine');
  return engine;
}

let counter = 0;

export interface Migration {
  readonly up: (db: Knex) => Promise<void>;
  readonly down: (db: Knex) => Promise<void>;
}

/** Loads a generated file as a migrator does. */
export async function loadText(text: string): Promise<Migration> {
  counter += 1;
  const file = join(temporaryFolder(), `migration_${counter}.mjs`);
  writeFileSync(file, text);
  return (await import(pathToFileURL(file).href)) as Migration;
}

const byName = (a: { readonly name?: string | undefined }, b: { readonly name?: string | undefined }) =>
  JSON.stringify([a.name, a]) < JSON.stringify([b.name, b]) ? -1 : 1;

function comparableTable(table: Table, fold: (sql: string) => string): unknown {
  const columns = table.columns.map((column) => {
    const { numbering } = column;
    if (numbering === undefined || numbering.kind === 'rowid') return column;
    return {
      ...column,
      defaultTo: undefined,
      numbering: { ...numbering, sequence: { ...numbering.sequence, name: '', schema: '' } },
    };
  });
  const text = JSON.stringify({
    ...table,
    columns: [...columns].sort(byName),
    uniques: [...table.uniques].sort(byName),
    foreignKeys: [...table.foreignKeys].sort(byName),
    checks: table.checks.map((check) => ({ ...check, expression: fold(check.expression) })).sort(byName),
    indexes: table.indexes
      .map((index) => ({ ...index, predicate: index.predicate && fold(index.predicate) }))
      .sort(byName),
    // Our own function is in the schema in which the table was made.
    triggers: table.triggers.map((each) =>
      each.stamps === undefined
        ? { ...each, definition: fold(each.definition) }
        : { ...each, definition: '', calls: undefined },
    ),
    dependsOn: [],
  });
  return JSON.parse(text);
}

/** What two databases have in common that are the same to their users: the order of columns apart. */
function comparable(schema: DatabaseSchema, engine: Engine): unknown {
  const fold = engine.changes.comparison.foldExpression;
  return {
    ...schema,
    tables: schema.tables.map((table) => comparableTable(table, fold)),
    views: schema.views.map((view) => ({ ...view, definition: fold(view.definition) })),
    functions: schema.functions.filter(({ isMetadata }) => !isMetadata),
    others: [],
  };
}

/** No model says who may use what. */
function withoutAccess(schema: DatabaseSchema): DatabaseSchema {
  const strip = <Of extends { readonly access: unknown }>(objects: readonly Of[]): readonly Of[] =>
    objects.map((object) => ({ ...object, access: undefined }));
  const { functions, enums, domains } = schema;
  return { ...schema, functions: strip(functions), enums: strip(enums), domains: strip(domains) };
}

async function countRows(db: Knex, schema: DatabaseSchema): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const { schema: owner, name } of schema.tables) {
    const query = owner === undefined ? db.from(name) : db.withSchema(owner).from(name);
    const rows: readonly unknown[] = await query.select(db.raw('1'));
    counts[`${owner}.${name}`] = rows.length;
  }
  return counts;
}

/** What a table was called before the renames. */
function nameBefore(name: string, operations: readonly Operation[]): string {
  return operations.reduceRight(
    (later, each) => (each.kind === 'renameTable' && each.to.name === later ? each.from.name : later),
    name,
  );
}

/** Every query that is to say whether something can fail runs, on the old database, and gives a number. */
async function runEvidence(
  db: Knex,
  operations: readonly Operation[],
  actual: DatabaseSchema,
  engine: Engine,
): Promise<void> {
  const find = hazardFinder(operations, engine.changes.hazards, actual);
  for (const operation of operations) {
    for (const { evidence } of find(operation)) {
      if (evidence === undefined) continue;
      const answer = await db.raw(
        engine.name === 'sqlite' ? evidence.sql : evidence.sql.replaceAll('?', '\\?'),
      );
      const [row] = Array.isArray(answer) ? answer : answer.rows;
      expect(Number(row.count), evidence.sql).to.be.at.least(0);
    }
  }
}

const EMPTY = `do $$ declare s text; begin
  for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', s);
  end loop;
  create schema public;
end $$`;

let pair: readonly [Database, Database] | undefined;

/** Two empty databases. A server takes long to make hundreds of them, and to write them out at its end. */
async function emptyPair(engine: TestEngine): Promise<readonly [Database, Database]> {
  if (engine.name === 'sqlite') return [await engine.fresh(), await engine.fresh()];
  pair ??= [await engine.fresh(), await engine.fresh()];
  for (const { config } of pair) {
    const db = knex(config);
    await db.raw(EMPTY);
    await db.destroy();
  }
  return pair;
}

/**
 * The proof of a generated migration: apply the old on tables with rows, generate, apply, compare with the new built
 * directly, generate again (nothing), down, compare with the old, up again.
 */
export async function loop(
  testEngine: TestEngine,
  { before, after, rows, options, leaves = false, observe }: LoopCase,
): Promise<LoopResult> {
  const [oldDatabase, newDatabase] = await emptyPair(testEngine);
  const db = knex(withMeta(oldDatabase.config));
  const built = knex(withMeta(newDatabase.config));
  try {
    await before(db);
    await rows?.(db);
    await after(built);
    await observe?.(db, 'before');
    await observe?.(built, 'built');
    const engine = engineOf(db);
    const { comparison } = engine.changes;
    const actual = await engine.introspect(db);
    const desired = await engine.introspect(built);
    const difference = diff(actual, desired, comparison, options);
    expect(
      diff(actual, actual, comparison, { ...options, renames: [], once: [] }).operations,
      'the same twice',
    ).to.deep.equal([]);
    // Of the engine that rests on it.
    const { tables, enums, domains } =
      testEngine.name === 'sqlite' ? desired : applied(actual, difference.operations);
    const followed = diff({ ...desired, tables, enums, domains }, desired, comparison, {
      ...options,
      once: [],
    });
    expect(followed.operations, 'a diff of what the operations lead to').to.deep.equal([]);
    const text = generate(engine.changes, difference.operations, actual, 'esm');
    const counts = await countRows(db, actual);
    await runEvidence(db, difference.operations, actual, engine);
    try {
      const migration = await loadText(text);
      await db.transaction((trx) => migration.up(trx));
      const upgraded = await engine.introspect(db);
      const later = { ...options, once: [] };
      const again = diff(upgraded, desired, comparison, later);
      expect(again.operations, 'a second diff').to.deep.equal([]);
      if (!leaves)
        expect(comparable(withoutAccess(upgraded), engine)).to.deep.equal(
          comparable(withoutAccess(desired), engine),
        );
      await observe?.(db, 'up');
      await db.transaction((trx) => migration.down(trx));
      const downgraded = await engine.introspect(db);
      const back = diff(downgraded, actual, comparison, options?.leave ? { leave: options.leave } : {});
      expect(back.operations, 'a diff after down').to.deep.equal([]);
      expect(comparable(downgraded, engine)).to.deep.equal(comparable(actual, engine));
      const dropped = difference.operations.flatMap((each) =>
        each.kind === 'table' && each.from ? [nameBefore(each.from.name, difference.operations)] : [],
      );
      const kept = Object.entries(counts).filter(
        ([name]) => !dropped.some((each) => name.endsWith(`.${each}`)),
      );
      const left = await countRows(db, downgraded);
      // A name may be another's by now: then who observes has to look.
      for (const [name, count] of observe === undefined ? kept : [])
        expect(left[name], `rows of ${name}`).to.equal(count);
      await observe?.(db, 'down');
      await db.transaction((trx) => migration.up(trx));
      const once = diff(await engine.introspect(db), desired, comparison, later);
      expect(once.operations, 'a diff after up, down and up').to.deep.equal([]);
    } catch (error) {
      (error as Error).message += `\n--- the migration:\n${text}`;
      throw error;
    }
    if (process.env.KNEX_META_SHOW) console.log(text);
    return {
      difference,
      text,
      typescript: generate(engine.changes, difference.operations, actual, 'typescript'),
      commonjs: generate(engine.changes, difference.operations, actual, 'commonjs'),
    };
  } finally {
    await db.destroy();
    await built.destroy();
  }
}
