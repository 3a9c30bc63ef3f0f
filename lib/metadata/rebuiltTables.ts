import type { HookTarget, Session, TableFacts } from '../engines/contract.js';
import { identifierOf, isWord, significant, type Token, tokenize } from '../engines/tokens.js';
import { mayCopyRows, type RowCopy, readCopies } from './copies.js';
import { nameAt } from './select.js';
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
  /** Tables that were dropped, and whose rows no statement has copied. */
  readonly dropped: Set<string>;
  readonly created: Set<string>;
}

/** More than the statements of one migration; an application that copies rows all day does not fill its memory. */
const LIMIT = 200;

export function newTableMemory(): TableMemory {
  return { copies: [], formerNames: new Map(), dropped: new Set(), created: new Set() };
}

/** A table's name without its schema. */
function nameOf(name: readonly Token[], fold: (token: Token) => string): string {
  const last = name.at(-1);
  return last === undefined ? '' : fold(last);
}

/** A table that gets another name. */
interface RenamedTable {
  readonly from: readonly Token[];
  readonly to: Token;
}

function droppedBy(tokens: readonly Token[]): readonly (readonly Token[])[] {
  if (!isWord(tokens[0], 'DROP') || !isWord(tokens[1], 'TABLE')) return [];
  const dropped: (readonly Token[])[] = [];
  for (let at = isWord(tokens[2], 'IF') ? 4 : 2; tokens[at] !== undefined; ) {
    const name = nameAt(tokens, at);
    dropped.push(name);
    at += name.length;
    if (tokens[at]?.text !== ',') break;
    at += 1;
  }
  return dropped;
}

function createdBy(tokens: readonly Token[]): readonly Token[] | undefined {
  if (!isWord(tokens[0], 'CREATE') || !isWord(tokens[1], 'TABLE')) return undefined;
  return nameAt(tokens, isWord(tokens[2], 'IF') ? 5 : 2);
}

function renamedBy(tokens: readonly Token[]): RenamedTable | undefined {
  if (!isWord(tokens[0], 'ALTER') || !isWord(tokens[1], 'TABLE')) return undefined;
  let start = 2;
  while (isWord(tokens[start], 'IF', 'EXISTS', 'ONLY')) start += 1;
  const from = nameAt(tokens, start);
  const behind = start + from.length;
  const to = tokens[behind + 2];
  const isRename = isWord(tokens[behind], 'RENAME') && isWord(tokens[behind + 1], 'TO');
  return isRename && to !== undefined ? { from, to } : undefined;
}

const CANDIDATE = /^\s*(?:drop\s+table|create\s+table|alter\s+table[\s\S]*\brename\s+to)\b/i;

/** Whether a statement may concern a table that is rebuilt by hand. */
export function mayRebuild(sql: string): boolean {
  return CANDIDATE.test(sql) || mayCopyRows(sql);
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

/** A table takes the place of another: its rows get the metadata of those that they were copied from. */
async function succeed(context: HookContext, session: Session, copy: DoneCopy, source: Known): Promise<void> {
  if (copy.isCarried) return;
  copy.isCarried = true;
  if (await carry(context, session, copy, source)) return;
  warnOfNew(session, copy.target.map(({ text }) => text).join(''));
}

/** Before a statement that drops tables: the tables that their rows were copied to get the metadata of the rows. */
export async function beforeDrop(
  context: HookContext,
  session: Session,
  memory: TableMemory,
  sql: string,
): Promise<void> {
  const fold = foldOf(context);
  for (const name of droppedBy(significant(tokenize(sql)))) {
    const last = name.at(-1);
    if (last === undefined) continue;
    const copies = memory.copies.filter(({ source }) => nameOf(source, fold) === fold(last));
    if (copies.length === 0) {
      memory.dropped.add(fold(last));
      continue;
    }
    const source = await readTable(context, session, name);
    if (source === undefined || !source.isHooked || !(await hasRows(session, source))) continue;
    for (const copy of copies) await succeed(context, session, copy, source);
  }
}

/** After a statement: remembers what it copied and renamed. */
export async function afterStatement(
  context: HookContext,
  session: Session,
  memory: TableMemory,
  sql: string,
): Promise<void> {
  const fold = foldOf(context);
  const tokens = significant(tokenize(sql));
  const created = createdBy(tokens);
  if (created !== undefined) memory.created.add(nameOf(created, fold));
  for (const names of [memory.created, memory.dropped]) if (names.size > LIMIT) names.clear();
  const renamed = renamedBy(tokens);
  if (renamed !== undefined) {
    const [from, to] = [nameOf(renamed.from, fold), fold(renamed.to)];
    const follow = (name: readonly Token[]): readonly Token[] =>
      nameOf(name, fold) === from ? [...name.slice(0, -1), renamed.to] : name;
    for (const copy of memory.copies) {
      copy.target = follow(copy.target);
      copy.source = follow(copy.source);
    }
    memory.formerNames.set(to, from);
    const isRebuilt = memory.created.delete(from) && memory.dropped.delete(to);
    const fresh = isRebuilt
      ? await readTable(context, session, [...renamed.from.slice(0, -1), renamed.to])
      : undefined;
    if (fresh?.isHooked && (await hasRows(session, fresh))) warnOfNew(session, to);
  }
  for (const copy of mayCopyRows(sql) ? readCopies(tokens, fold) : [])
    memory.copies.push({ ...copy, isCarried: false });
  memory.copies = memory.copies.slice(-LIMIT);
  // The table that was copied was renamed away, and this one has its name.
  for (const copy of memory.copies) {
    if (copy.isCarried || memory.formerNames.get(nameOf(copy.source, fold)) !== nameOf(copy.target, fold))
      continue;
    const source = await readTable(context, session, copy.source);
    if (source?.isHooked && (await hasRows(session, source))) await succeed(context, session, copy, source);
  }
}
