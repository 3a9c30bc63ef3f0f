import type { HookTarget, Session, TableFacts } from '../engines/contract.js';
import { identifierOf, significant, type Token, tokenize } from '../engines/tokens.js';
import { isKnexMetaError } from '../errors.js';
import { mayCopyRows, type RowCopy, readCopies } from './copies.js';
import { createdBy, droppedBy, type RenamedTable, renamedBy, statementsOf } from './tableChanges.js';
import { type HookContext, rawTarget } from './target.js';

/** A copy of rows that has run, with the names that the tables have now. */
interface DoneCopy extends RowCopy {
  target: readonly Token[];
  source: readonly Token[];
  isCarried: boolean;
}

/** Of one Knex instance: what it has copied, renamed and dropped, so that a table rebuilt by hand is known. */
export interface TableMemory {
  copies: DoneCopy[];
  /** The name that a table had before its last rename. */
  readonly formerNames: Map<string, string>;
  /** Tables that were dropped, and whose metadata no table got; the value is true where they are known to have had some. */
  readonly dropped: Map<string, boolean>;
  readonly created: Set<string>;
  /** Created tables whose rows got values for metadata columns from the project's own statements. */
  readonly completed: Set<string>;
}

/** More than the statements of one migration; an application that copies rows all day does not fill its memory. */
const LIMIT = 200;

export function newTableMemory(): TableMemory {
  return {
    copies: [],
    formerNames: new Map(),
    dropped: new Map(),
    created: new Set(),
    completed: new Set(),
  };
}

/** A table's name without its schema. */
function nameOf(name: readonly Token[], fold: (token: Token) => string): string {
  const last = name.at(-1);
  return last === undefined ? '' : fold(last);
}

/** Whether a text may create, drop or rename a table. One pass for each word. */
function mayChangeTables(sql: string): boolean {
  if (/\bdrop\s+table\b/i.test(sql) || /\bcreate\s+(?:\w+\s+){0,2}table\b/i.test(sql)) return true;
  return /\balter\s+table\b/i.test(sql) && /\brename\s+to\b/i.test(sql);
}

const INSERT = /^\s*insert\s+into\s+([^\s(]+)\s*\(([^)]*)\)/i;

/** Whether a statement may concern a table that is rebuilt by hand. */
export function mayRebuild(memory: TableMemory, sql: string): boolean {
  return mayChangeTables(sql) || mayCopyRows(sql) || (memory.created.size > 0 && INSERT.test(sql));
}

interface Known {
  readonly target: HookTarget;
  readonly facts: TableFacts;
  readonly isHooked: boolean;
}

const foldOf =
  ({ engine }: HookContext) =>
  (token: Token): string =>
    engine.foldName(token.kind === 'word' ? engine.foldWord(token.text) : identifierOf(token));

async function readTable(
  context: HookContext,
  session: Session,
  name: readonly Token[],
): Promise<Known | undefined> {
  const { engine } = context;
  const parts = name.map((token) =>
    token.kind === 'word' ? engine.foldWord(token.text) : identifierOf(token),
  );
  const target = rawTarget(context, session, parts, name.map(({ text }) => text).join(''));
  const query = engine.factsQuery(target);
  const facts = engine.readFacts(target, await session.rows(query.sql, query.bindings));
  if (facts === undefined) return undefined;
  return { target, facts, isHooked: facts.columns.some(({ isMetadata }) => isMetadata) };
}

async function hasRows(session: Session, { target }: Known): Promise<boolean> {
  return (await session.rows(`select 1 from ${target.quoted} limit 1`)).length > 0;
}

/** Whether a table has a column for each metadata column: `select *` copied them, as columns of the project's own. */
function hasAllNames({ engine }: HookContext, { target, facts }: Known): boolean {
  const names = new Set(facts.columns.map(({ name }) => engine.foldName(name)));
  return target.columns.every(({ name }) => names.has(engine.foldName(name)));
}

/** How the value of a metadata column goes from the old row to the new one, which may have one of its own. */
function merged(key: string, fresh: string, old: string): string {
  if (key === 'is_active') return `${fresh} and ${old}`;
  if (key === 'is_flagged') return `${fresh} or ${old}`;
  return key === 'notes' ? `coalesce(${fresh}, ${old})` : old;
}

/** Copies the metadata of the rows of one table to those of another, by the primary key. @returns false when it cannot */
async function carry(
  context: HookContext,
  session: Session,
  copy: DoneCopy,
  source: Known,
): Promise<boolean> {
  const { engine } = context;
  const target = await readTable(context, session, copy.target);
  if (target === undefined || !target.isHooked) return false;
  const quote = (name: string): string => session.client.wrapIdentifierImpl(name);
  const isSame = (a: string, b: string): boolean => engine.foldName(a) === engine.foldName(b);
  const key = await engine.primaryKey(session, source.target);
  const pairs = key.map((column) => copy.columns.find(({ from }) => isSame(from, column)));
  if (pairs.length === 0 || pairs.includes(undefined)) return false;
  // A row with another key is another thing, which only refers to the old row.
  const targetKey = await engine.primaryKey(session, target.target);
  const isKey = (name: string): boolean => targetKey.some((each) => isSame(each, name));
  if (targetKey.length !== key.length || !pairs.every((pair) => pair !== undefined && isKey(pair.to)))
    return false;
  const isMarked = (table: Known, name: string): boolean =>
    table.facts.columns.some((column) => column.isMetadata && isSame(column.name, name));
  const columns = target.target.columns.filter(
    ({ name }) =>
      isMarked(source, name) && isMarked(target, name) && !copy.set.some((each) => isSame(each, name)),
  );
  if (columns.length === 0) return true;
  const table = quote(target.target.table.name);
  const where = pairs
    .flatMap((pair) =>
      pair === undefined ? [] : [`knex_meta_old.${quote(pair.from)} = ${table}.${quote(pair.to)}`],
    )
    .join(' and ');
  const values = columns.map(({ key: each, quoted }) =>
    merged(each, `${table}.${quoted}`, `knex_meta_old.${quoted}`),
  );
  const from = `from ${source.target.quoted} as knex_meta_old where ${where}`;
  const assignment = `(${columns.map(({ quoted }) => quoted).join(', ')}) = (select ${values.join(', ')} ${from})`;
  await engine.withAllRows(session, source.target, 'copy the metadata of its rows', () =>
    engine.updateSilently(session, target.target, `${assignment} where exists (select 1 ${from})`),
  );
  return true;
}

function warnOfNew(session: Session, table: string): void {
  session.warn(
    `the table ${table} was rebuilt by statements that do not copy the metadata columns: the metadata of its rows (is_active, notes, created_at and the others) begin anew`,
  );
}

/** Gives the rows of a table the metadata of those that they were copied from. @returns false when it cannot */
async function succeed(
  context: HookContext,
  session: Session,
  copy: DoneCopy,
  source: Known,
): Promise<boolean> {
  copy.isCarried ||= await carry(context, session, copy, source);
  return copy.isCarried;
}

/** Where there is no database nobody knows the table, and only a line about its metadata hangs on it. */
function unlessOffline(error: unknown): undefined {
  if (!isKnexMetaError(error) || error.code !== 'NOT_OFFLINE') throw error;
}

/** Before a statement that drops tables: the tables that their rows were copied to get the metadata of the rows. */
export async function beforeDrop(
  context: HookContext,
  session: Session,
  memory: TableMemory,
  sql: string,
): Promise<void> {
  const fold = foldOf(context);
  const statements = statementsOf(sql);
  const mayRebuildOne = memory.created.size > 0 || statements.some((each) => createdBy(each) !== undefined);
  for (const name of statements.flatMap(droppedBy)) {
    const copies = memory.copies.filter(({ source }) => nameOf(source, fold) === nameOf(name, fold));
    const source =
      copies.length > 0
        ? await readTable(context, session, name)
        : // Where no table was created there is no need to ask the database.
          mayRebuildOne
          ? await readTable(context, session, name).catch(unlessOffline)
          : undefined;
    const hasMetadata = source?.isHooked === true && (await hasRows(session, source));
    let isCarried = false;
    for (const copy of copies)
      if (source !== undefined && hasMetadata && (await succeed(context, session, copy, source)))
        isCarried = true;
    if (!isCarried) memory.dropped.set(nameOf(name, fold), hasMetadata);
  }
}

/** Whether an INSERT sets a metadata column of a table itself. */
function setsMetadata(
  context: HookContext,
  session: Session,
  name: readonly Token[],
  set: readonly string[],
): boolean {
  const { engine } = context;
  const text = name.map((token) => token.text).join('');
  const { columns } = rawTarget(context, session, name.map(identifierOf), text);
  return columns.some((column) => set.some((each) => engine.foldName(each) === engine.foldName(column.name)));
}

function rememberRename(
  context: HookContext,
  memory: TableMemory,
  { from, to }: RenamedTable,
): { readonly name: readonly Token[]; readonly isRebuilt: boolean; readonly hadMetadata: boolean } {
  const fold = foldOf(context);
  const [before, after] = [nameOf(from, fold), fold(to)];
  const follow = (name: readonly Token[]): readonly Token[] =>
    nameOf(name, fold) === before ? [...name.slice(0, -1), to] : name;
  for (const copy of memory.copies) {
    copy.target = follow(copy.target);
    copy.source = follow(copy.source);
  }
  memory.formerNames.set(after, before);
  const hadMetadata = memory.dropped.get(after);
  memory.dropped.delete(after);
  const isNew = memory.created.delete(before);
  const isComplete = memory.completed.delete(before);
  return {
    name: [...from.slice(0, -1), to],
    isRebuilt: isNew && !isComplete && hadMetadata !== undefined,
    hadMetadata: hadMetadata === true,
  };
}

function forgetMany(memory: TableMemory): void {
  memory.copies = memory.copies.slice(-LIMIT);
  for (const names of [memory.created, memory.dropped, memory.completed, memory.formerNames])
    if (names.size > LIMIT) names.clear();
}

/** After a statement: remembers what it created, copied and renamed, and says where metadata begin anew. */
export async function afterStatement(
  context: HookContext,
  session: Session,
  memory: TableMemory,
  sql: string,
): Promise<void> {
  const fold = foldOf(context);
  const [, name = '', list = ''] = memory.created.size > 0 ? (INSERT.exec(sql) ?? []) : [];
  const table = significant(tokenize(name));
  const set = significant(tokenize(list)).map(identifierOf);
  if (memory.created.has(nameOf(table, fold)) && setsMetadata(context, session, table, set))
    memory.completed.add(nameOf(table, fold));
  if (!mayChangeTables(sql) && !mayCopyRows(sql)) return;
  for (const tokens of statementsOf(sql)) {
    const created = createdBy(tokens);
    if (created !== undefined) memory.created.add(nameOf(created, fold));
    for (const copy of mayCopyRows(sql) ? readCopies(tokens, fold) : []) {
      memory.copies.push({ ...copy, isCarried: false });
      if (setsMetadata(context, session, copy.target, copy.set))
        memory.completed.add(nameOf(copy.target, fold));
    }
    const renamed = renamedBy(tokens);
    if (renamed === undefined) continue;
    const { name: fullName, isRebuilt, hadMetadata } = rememberRename(context, memory, renamed);
    const fresh = isRebuilt ? await readTable(context, session, fullName) : undefined;
    const isWithout =
      fresh !== undefined && (fresh.isHooked || (hadMetadata && !hasAllNames(context, fresh)));
    if (fresh !== undefined && isWithout && (await hasRows(session, fresh)))
      warnOfNew(session, fold(renamed.to));
  }
  forgetMany(memory);
  // The table that was copied was renamed away, and this one has its name.
  for (const copy of memory.copies) {
    if (copy.isCarried || memory.formerNames.get(nameOf(copy.source, fold)) !== nameOf(copy.target, fold))
      continue;
    const source = await readTable(context, session, copy.source);
    if (!source?.isHooked || !(await hasRows(session, source))) continue;
    if (!(await succeed(context, session, copy, source))) warnOfNew(session, nameOf(copy.target, fold));
    copy.isCarried = true;
  }
}
