import { KnexMetaError } from '../../../errors.js';
import type { AdoptionSession, AdoptRequest } from '../../adoption.js';
import type { HookTarget, MetadataColumn, TableFacts } from '../../contract.js';
import { quoteName, quoteText } from '../identifiers.js';
import { metadata } from '../metadata.js';
import { ADOPTED_MARK, COLUMN_MARK, markColumn, reconcileTriggerSql } from '../trigger.js';
import { backfill, type Filling } from './backfill.js';
import { makeIndex } from './indexes.js';
import { instantSql, presentSql, sourceProblem } from './instants.js';
import { type AdoptionState, readState, readTable } from './state.js';
import { exclusively, inStep, run } from './steps.js';

/** A column whose rows from before get their values by a backfill. */
interface Filled extends Filling {
  readonly column: MetadataColumn;
}

function noTable({ quoted }: HookTarget): KnexMetaError {
  return new KnexMetaError('ADOPT_REFUSED', `There is no table ${quoted}.`, {
    remedy: 'Check the name and the schema. Nothing was changed in it.',
    details: { table: quoted },
  });
}

const isInstant = (key: string): boolean => key === 'created_at' || key === 'updated_at';

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

/** Columns with what is still to do about them. */
function pendingOf(request: AdoptRequest, { facts, adopted }: AdoptionState) {
  const wanted = request.target.columns.filter(({ key }) => request.keys.includes(key));
  const has = new Map(facts.columns.map((column) => [column.name, column]));
  const missing = wanted.filter(({ name }) => !has.has(name));
  // One that an adoption has added and not yet made NOT NULL: its backfill did not end.
  const half = wanted.filter(
    ({ name, key }) => adopted.has(name) && isInstant(key) && has.get(name)?.nullable,
  );
  const filled = [...missing, ...half].flatMap((column) => fillingOf(request, facts, column) ?? []);
  return { missing, half, filled };
}

/** See `AdoptionEngine.adopt`. */
export async function adopt(session: AdoptionSession, request: AdoptRequest): Promise<void> {
  const { target } = request;
  const facts = await readTable(session, target);
  if (facts === undefined) throw noTable(target);
  const names = new Map(facts.columns.map(({ name, ...column }) => [name, column]));
  const wanted = target.columns.filter(({ key }) => request.keys.includes(key));
  // Made by knex-meta itself, as in a new database: it has all, and nothing was adopted.
  const isWhole = wanted.every(
    ({ name, key }) => names.has(name) && !(isInstant(key) && names.get(name)?.nullable),
  );
  if (!isWhole) {
    const { missing, half, filled } = pendingOf(request, await readState(session, target, facts));
    if (missing.length > 0) {
      await exclusively(session, target.quoted, request, async () => {
        for (const column of missing) {
          const isFilled = filled.some(({ name }) => name === column.name);
          for (const sql of addStatements(target, column, isFilled)) await run(session, sql);
        }
      });
    }
    // A half column whose source was taken out of the file since gets the present instant.
    const others = half
      .filter(({ name }) => !filled.some((each) => each.name === name))
      .map((column): Filled => ({ column, name: column.name, value: presentSql(target.clock) }));
    const fillings = [...filled, ...others];
    if (fillings.length > 0) await backfill(session, target.quoted, fillings, request);
    for (const { column } of fillings) await requireValues(session, request, column);
  }
  const state = await readState(session, target, facts);
  const adopted = isWhole ? state.adopted : new Set([...state.adopted]);
  for (const column of wanted.filter(({ index, name }) => index && adopted.has(name)))
    await makeIndex(session, target, column, request);
  if (request.trigger) await makeTrigger(session, request);
}
