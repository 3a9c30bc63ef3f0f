import type { Knex } from 'knex';
import { namedSchemas } from '../config/searchPath.js';
import type { Engine } from '../engines/contract.js';
import type { AmbiguousView } from '../engines/joins.js';
import { engines } from '../engines/registry.js';
import type { Witness } from '../lint/engine.js';
import { newAccount } from '../lint/known.js';
import { type Found, type LintedStatement, lintMigration } from '../lint/lint.js';
import { type IgnoredFinding, type LintFinding, reportOf } from '../lint/report.js';
import type { LintRule } from '../lint/rule.js';
import { FILES } from '../lint/rules/knex.js';
import { type LintSettings, lintSettings } from '../lint/settings.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { resolveMeta } from '../metadata/resolve.js';
import { withMeta } from '../metadata/withMeta.js';
import type { PlanOptions } from '../migrator/capture.js';
import { plainView } from '../migrator/views.js';
import { locationIn } from '../migrator/watch.js';
import { type Scope, type ScopedMigration, writeScope } from '../migrator/written.js';
import { ambiguousMetadata, brokenViews, withoutMetadataColumns } from './joins.js';

/** Each rule once, with the names of the engines that have it. */
export function allRules(): readonly { readonly rule: LintRule; readonly engines: readonly string[] }[] {
  const codes = [...new Set(engines.flatMap(({ lint }) => lint.rules.map(({ code }) => code)))];
  return codes.map((code) => {
    const having = engines.filter(({ lint }) => lint.rules.some((rule) => rule.code === code));
    const rule = having[0]?.lint.rules.find((each) => each.code === code) as LintRule;
    return { rule, engines: having.map(({ title }) => title) };
  });
}

/** The settings of a project. Throws META_OPTION_INVALID. */
export function settingsOf({ meta }: KnexMetaConfig): LintSettings {
  return lintSettings(
    meta?.lint,
    allRules().map(({ rule }) => rule.code),
  );
}

/** What was found in the migrations of a scope. */
export interface LintResult {
  readonly migrations: readonly string[];
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly IgnoredFinding[];
}

function statementsOf({ task, statements }: ScopedMigration<unknown>): readonly LintedStatement[] {
  const { path } = task.entry;
  return statements.map(({ sql, isOwn, isRaw, hookColumns, stack }) => {
    const place = path === undefined || stack === undefined ? undefined : locationIn(stack, path);
    const line = place === undefined ? undefined : Number(/:(\d+):\d+$/.exec(place)?.[1]);
    return { sql, isOwn, isRaw, hookColumns, line };
  });
}

/** A finding about a file, by the rule's own words. */
export function fileFinding(
  code: string,
  migration: string,
  file: string | undefined,
  message: string,
  settings: LintSettings,
  line?: number,
): readonly LintFinding[] {
  const rule = FILES.find((each) => each.code === code) as LintRule;
  const severity = settings.severityOf(rule);
  if (severity === 'off') return [];
  const { harm, remedy } = rule;
  const where = { migration, file, line, statement: undefined, evidence: undefined };
  return [{ code, severity, harm, ...where, message, remedy }];
}

/** What is switched on, with what only comments can switch off. */
const switchedOn = (engine: Engine, settings: LintSettings): readonly LintRule[] =>
  engine.lint.rules.filter((rule) => settings.severityOf(rule) !== 'off');

/** Columns that the metadata columns make ambiguous, by migration. */
interface Ambiguous {
  /** The column that the migration fails for. */
  readonly column: string | undefined;
  readonly views: readonly AmbiguousView[];
}

/** Findings about columns that metadata columns make ambiguous. */
function ambiguousFindings({ column, views }: Ambiguous, failure: string): readonly Found[] {
  const rule = FILES.find(({ code }) => code === 'AMBIGUOUS_COLUMN') as LintRule;
  const messages = [
    ...(column === undefined ? [] : [failure]),
    ...views.map((each) => `After it the view ${each.view} fails: ${each.column} is ambiguous.`),
  ];
  return messages.map((message) => ({ rule, message, line: undefined, statement: undefined }));
}

async function foundIn(
  migration: ScopedMigration<unknown>,
  ambiguous: Ambiguous,
  lint: (statements: readonly LintedStatement[]) => Promise<readonly Found[]>,
  settings: LintSettings,
  witness: Witness | undefined,
): Promise<Omit<LintResult, 'migrations'>> {
  const { task, failure } = migration;
  const { name, entry } = task;
  const statements = statementsOf(migration);
  const begins = [...new Set(statements.flatMap(({ line }) => line ?? []))];
  const file = entry.path?.replace(/^\.\//, '');
  const where = { migration: name, file, text: await entry.text(), begins };
  const isTried = witness !== undefined && failure?.code !== 'NOT_OFFLINE';
  const rule = FILES.find(({ code }) => code === (isTried ? 'FAILS' : 'NOT_FOLLOWED')) as LintRule;
  const failed: readonly Found[] =
    failure === undefined || ambiguous.column !== undefined
      ? []
      : [{ rule, message: failure.message, line: undefined, statement: undefined }];
  const { findings, ignored, unused } = await reportOf(
    where,
    [...(await lint(statements)), ...failed, ...ambiguousFindings(ambiguous, failure?.message ?? '')],
    settings,
    witness,
  );
  const idle = unused.flatMap(({ comment, code }) =>
    fileFinding(
      'UNUSED_IGNORE',
      name,
      file,
      `${code} is switched off here, and is not found.`,
      settings,
      comment.line,
    ),
  );
  return { findings: [...findings, ...idle], ignored };
}

/** The column that a migration fails for, where it does not fail without the metadata columns. */
function ambiguousColumns(
  engine: Engine,
  config: KnexMetaConfig,
  live: Knex | undefined,
  scope: Scope,
  options: PlanOptions,
): (name: string, failure: Error | undefined) => Promise<string | undefined> {
  const { columns } = resolveMeta(config.meta, process.env);
  let failing: Promise<ReadonlySet<string>> | undefined;
  const rerun = async (): Promise<ReadonlySet<string>> => {
    const names = new Set<string>();
    const without = withMeta(withoutMetadataColumns(config));
    for await (const { task, failure } of writeScope(engine, without, live, scope, options)) {
      if (ambiguousMetadata(engine, columns, failure) !== undefined) names.add(task.name);
    }
    return names;
  };
  return async (name, failure) => {
    const column = ambiguousMetadata(engine, columns, failure);
    if (column === undefined) return undefined;
    failing ??= rerun();
    return (await failing).has(name) ? undefined : column;
  };
}

/**
 * Looks at the migrations of a scope.
 *
 * @param live - the database, which is only read; undefined: none is asked
 */
export async function lintScope(
  engine: Engine,
  config: KnexMetaConfig,
  live: Knex | undefined,
  scope: Scope,
  options: PlanOptions,
): Promise<LintResult> {
  const settings = settingsOf(config);
  const home =
    live === undefined
      ? (namedSchemas(config.searchPath)[0] ?? engine.changes.defaultSchema)
      : await engine.homeSchema(plainView(live));
  const known = newAccount(home);
  const witness = live === undefined ? undefined : engine.lint.witness(plainView(live));
  for (const { table, columns, neverNull } of (await witness?.catalog()) ?? []) {
    known.learn(table, columns, neverNull);
  }
  const rules = switchedOn(engine, settings);
  const result = {
    migrations: [] as string[],
    findings: [] as LintFinding[],
    ignored: [] as IgnoredFinding[],
  };
  let isOneTransaction = false;
  // What a migration leaves open cannot be read: nothing is said of it. Where no view can break, nobody reads: a lock that
  // another session has on a table would be waited for.
  const look = async (db: Knex) =>
    engine.checks.joins.ambiguousViews === undefined
      ? []
      : engine
          .introspect(plainView(db))
          .then((schema) => brokenViews(engine, config, schema))
          .catch(() => []);
  const columnOf = ambiguousColumns(engine, config, live, scope, options);
  const broken = new Set(live === undefined ? [] : (await look(live)).map(({ view }) => view));
  for await (const migration of writeScope(engine, config, live, scope, { ...options, look })) {
    if (migration.beginsBatch) known.beginBatch();
    known.beginMigration(isOneTransaction && migration.isTransaction && options.transaction !== 'each');
    isOneTransaction = migration.isTransaction;
    const { isTransaction } = migration;
    const lint = (statements: readonly LintedStatement[]) =>
      lintMigration({ isTransaction, statements }, engine.lint, engine.changes.hazards, rules, known);
    if (!migration.isAsked) {
      await lint(statementsOf(migration));
      continue;
    }
    const views = (migration.seen ?? []).filter(({ view }) => !broken.has(view));
    for (const { view } of views) broken.add(view);
    const column = await columnOf(migration.task.name, migration.failure);
    const { findings, ignored } = await foundIn(migration, { column, views }, lint, settings, witness);
    result.migrations.push(migration.task.name);
    result.findings.push(...findings);
    result.ignored.push(...ignored);
  }
  return result;
}
