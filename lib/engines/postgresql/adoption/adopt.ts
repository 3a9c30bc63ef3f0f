import { KnexMetaError } from '../../../errors.js';
import type { AdoptionSession, AdoptRequest } from '../../adoption.js';
import type { HookTarget, MetadataColumn, TableFacts } from '../../contract.js';
import { isInstant } from '../../writtenValues.js';
import { quoteName, quoteText } from '../identifiers.js';
import { metadata } from '../metadata.js';
import { requireAllRows } from '../rowSecurity.js';
import { ADOPTED_MARK, COLUMN_MARK, markColumn, reconcileTriggerSql } from '../trigger.js';
import { backfill, type Filling } from './backfill.js';
import { refuseBrokenRows } from './brokenRows.js';
import { makeIndex } from './indexes.js';
import { instantSql, presentSql, sourceProblem } from './instants.js';
import { type AdoptionState, readState, readTable } from './state.js';
import { exclusively, inStep, readLeaves, run } from './steps.js';

/** A column whose rows from before get their values by a backfill. */
interface Filled extends Filling {
  readonly column: MetadataColumn;
}

function noTable({ quoted }: HookTarget): KnexMetaError {
  return new KnexMetaError('ADOPT_REFUSED', `There is no table ${quoted}.`, {
    remedy:
      'Check the name and the schema. In a new database, `npx knex-meta migrate:baseline` lets a migration make what was there before. Nothing was changed in it.',
    details: { table: quoted, isAbsent: true },
  });
}

/** Throws ADOPT_REFUSED when a source is not there, or holds no instants. */
function fillingOf(
  { target, sources }: AdoptRequest,
  facts: TableFacts,
  column: MetadataColumn,
): Filled | undefined {
  const source = sources.get(column.key);
  if (source === undefined) return undefined;
  const type = facts.columns.find(({ name }) => name === source.column)?.type;
  const problem = type === undefined ? `it has no column ${source.column}` : sourceProblem(type);
  if (type === undefined || problem !== undefined) {
    throw new KnexMetaError(
      'ADOPT_REFUSED',
      `The instants of ${target.quoted}.${column.name} cannot be read from ${source.column}: ${problem}.`,
      {
        remedy: 'Name a column of instants, or none. The table is as it was.',
        details: { table: target.quoted },
      },
    );
  }
  const present = presentSql(target.clock);
  const value = `coalesce(${instantSql(source, type, target.clock)}, ${present})`;
  return { column, name: column.name, value };
}

/** The statements that add one column. None of them rewrites the table or reads its rows. */
function addStatements(
  target: HookTarget,
  { key, quoted }: MetadataColumn,
  isFilled: boolean,
): readonly string[] {
  const type = metadata.columnType(key, target.clock);
  const defaultTo = metadata.columnDefault(key, target.clock);
  const add = `alter table ${target.quoted} add column ${quoted} ${type}`;
  const mark = markColumn(target.quoted, { key, quoted }, true);
  if (defaultTo === undefined) return [add, mark];
  const setDefault = `alter table ${target.quoted} alter column ${quoted} set default ${defaultTo}`;
  if (isFilled) return [add, setDefault, mark];
  // A clock that differs from row to row would rewrite the table: rows from before get one instant.
  const first = isInstant(key) ? presentSql(target.clock) : defaultTo;
  const isSame = isInstant(key) && /^current_timestamp$/i.test(defaultTo);
  return [
    `${add} not null default ${isSame ? defaultTo : first}`,
    ...(isInstant(key) && !isSame ? [setDefault] : []),
    mark,
  ];
}

const checkName = (name: string): string => quoteName(`knex_meta_${name}`.slice(0, 50));

/** NOT NULL without a lock while the rows are read: by a check that is validated beside the others' work. */
async function requireValues(
  session: AdoptionSession,
  request: AdoptRequest,
  { quoted, name }: MetadataColumn,
): Promise<void> {
  const { target } = request;
  const table = target.quoted;
  const setNotNull = `alter table ${table} alter column ${quoted} set not null`;
  if (session.isInTransaction) {
    await run(session, setNotNull);
    return;
  }
  const check = checkName(name);
  await exclusively(session, table, request, async () => {
    // One that a killed run has left may be there.
    await run(session, `alter table ${table} drop constraint if exists ${check}`);
    await run(
      session,
      `alter table ${table} add constraint ${check} check (${quoted} is not null) not valid`,
    );
  });
  await inStep(session, () => run(session, `alter table ${table} validate constraint ${check}`));
  await exclusively(session, table, request, async () => {
    await run(session, setNotNull);
    await run(session, `alter table ${table} drop constraint ${check}`);
  });
}

async function makeTrigger(session: AdoptionSession, request: AdoptRequest): Promise<void> {
  const { target } = request;
  const before = await readTable(session, target);
  const updatedAt = before?.columns.find(({ name }) => name === target.updatedAt);
  if (updatedAt === undefined || before?.trigger !== undefined || !metadata.canStamp(updatedAt)) return;
  await exclusively(session, target.quoted, request, async () => {
    await session.rows(reconcileTriggerSql(target));
    const made = (await readTable(session, target))?.trigger;
    if (made === undefined) return;
    const text = quoteText(`${COLUMN_MARK} keeps ${made.column} ${ADOPTED_MARK}`);
    await run(session, `comment on trigger ${quoteName(made.name)} on ${target.quoted} is ${text}`);
  });
}

/** What is still to do about the columns. */
interface Pending {
  readonly missing: readonly MetadataColumn[];
  readonly fillings: readonly Filled[];
}

function pendingOf(request: AdoptRequest, { facts, adopted }: AdoptionState): Pending {
  const { target, keys } = request;
  const wanted = target.columns.filter(({ key }) => keys.includes(key));
  const has = new Map(facts.columns.map((column) => [column.name, column]));
  const missing = wanted.filter(({ name }) => !has.has(name));
  const filled = missing.flatMap((column) => fillingOf(request, facts, column) ?? []);
  // One that an adoption has added and not yet made NOT NULL: its backfill did not end. Where the source was taken
  // out of the file since, the rows that are left get the present instant.
  const half = wanted
    .filter(({ name, key }) => adopted.has(name) && isInstant(key) && has.get(name)?.nullable)
    .map(
      (column): Filled =>
        fillingOf(request, facts, column) ?? { column, name: column.name, value: presentSql(target.clock) },
    );
  return { missing, fillings: [...filled, ...half] };
}

/** Rows above which nobody wants to be kept waiting until all of them are written. */
const MOST_ROWS_AT_ONCE = 100_000;

/** Throws ADOPT_REFUSED where what is to be done would keep others waiting, or cannot be done in steps. */
async function checkWay(
  session: AdoptionSession,
  { target }: AdoptRequest,
  { missing, fillings }: Pending,
): Promise<void> {
  if (!session.isInTransaction) {
    if (fillings.length === 0) return;
    const [row] = await run(
      session,
      "select pg_catalog.current_setting('server_version_num')::int as version",
    );
    if (Number(row?.version) >= 140_000) return;
    throw new KnexMetaError(
      'ADOPT_REFUSED',
      `PostgreSQL before 14 has no way to fill the rows of ${target.quoted} in small batches.`,
      {
        remedy: 'Leave createdAt and updatedAt out, or run it in a transaction when nobody works.',
        details: { table: target.table.name },
      },
    );
  }
  if (fillings.length === 0 && !missing.some(({ index }) => index)) return;
  const rows = (await readLeaves(session, target.quoted)).reduce((sum, leaf) => sum + leaf.rows, 0);
  if (rows <= MOST_ROWS_AT_ONCE) return;
  throw new KnexMetaError(
    'ADOPT_REFUSED',
    `${target.quoted} has about ${rows.toLocaleString('en-US')} rows: nobody could work with it until all are written, in one transaction.`,
    {
      remedy:
        'Put `export const config = { transaction: false, resumable: true }` into the migration (`exports.config` in CommonJS): it then runs in steps. Nothing was changed.',
      details: { table: target.table.name, rows },
    },
  );
}

async function completeColumns(
  session: AdoptionSession,
  request: AdoptRequest,
  pending: Pending,
): Promise<void> {
  const { target } = request;
  const { missing, fillings } = pending;
  if (missing.length + fillings.length === 0) return;
  if (fillings.length > 0) await requireAllRows(session, target.quoted, 'fill its rows');
  await checkWay(session, request, pending);
  if (fillings.length > 0) await refuseBrokenRows(session, target.quoted);
  if (missing.length > 0) {
    await exclusively(session, target.quoted, request, async () => {
      for (const column of missing) {
        const isFilled = fillings.some(({ name }) => name === column.name);
        for (const sql of addStatements(target, column, isFilled)) await run(session, sql);
      }
    });
  }
  if (fillings.length > 0) await backfill(session, target.quoted, fillings, request);
  for (const { column } of fillings) await requireValues(session, request, column);
}

/** See `AdoptionEngine.adopt`. */
export async function adopt(session: AdoptionSession, request: AdoptRequest): Promise<void> {
  const { target, keys } = request;
  const facts = await readTable(session, target);
  if (facts === undefined) throw noTable(target);
  const state = await readState(session, target, facts);
  const pending = pendingOf(request, state);
  await completeColumns(session, request, pending);
  const adopted = new Set([...state.adopted, ...pending.missing.map(({ name }) => name)]);
  const indexed = target.columns.filter(
    ({ key, index, name }) => index && keys.includes(key) && adopted.has(name),
  );
  for (const column of indexed) await makeIndex(session, target, column, request);
  if (request.trigger) await makeTrigger(session, request);
}
