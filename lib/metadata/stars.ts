import { identifierOf, isWord, significant, type Token, tokenize } from '../engines/tokens.js';
import { commonTables } from './columnCount.js';
import { nameAt, readSelects, type Select, type Source, starOf } from './select.js';

/** The columns of a table without its metadata; undefined when it has none, or is no table. */
export type OwnColumns = (name: readonly Token[]) => Promise<readonly string[] | undefined>;

/** A text to put in place of a range of the statement. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function applyChanges(sql: string, changes: readonly Change[]): string {
  const ordered = [...changes].sort((a, b) => b.start - a.start);
  return ordered.reduce(
    (text, { start, end, text: fresh }) => text.slice(0, start) + fresh + text.slice(end),
    sql,
  );
}

/** A `*` that stands for columns; one that multiplies has an operand before it. */
const STAR = /(?:^|[\s,.])\*/;

/** Whether a statement may ask for all columns of a table. */
export function mayHaveStar(sql: string): boolean {
  return (
    STAR.test(sql) && /^[\s(]*(?:--|\/\*|select|with|insert|replace|update|delete|merge|values)/i.test(sql)
  );
}

interface Lookup {
  readonly ownColumns: OwnColumns;
  readonly quote: (name: string) => string;
  readonly common: ReadonlyMap<string, unknown>;
}

async function ownOf(source: Source, { ownColumns, common }: Lookup) {
  const { name } = source;
  if (name === undefined) return undefined;
  const isCommon = name.length === 1 && name[0] && common.has(identifierOf(name[0]).toLowerCase());
  return isCommon ? undefined : ownColumns(name);
}

/** With its name: ORDER BY may mean the column of the answer, where several tables have one of the name. */
function qualified(prefix: string, name: string, { quote }: Lookup): string {
  return `${prefix}.${quote(name)} as ${quote(name)}`;
}

async function starText(item: readonly Token[], select: Select, lookup: Lookup): Promise<string | undefined> {
  const star = starOf(item);
  if (star === undefined) return undefined;
  if (star !== 'bare') {
    const wanted = identifierOf(star.at(-1) as Token).toLowerCase();
    const isMeant = ({ alias }: Source): boolean =>
      alias !== undefined && identifierOf(alias).toLowerCase() === wanted;
    const source = select.sources.find(isMeant);
    const own = source && (await ownOf(source, lookup));
    const prefix = star.map(({ text }) => text).join('');
    return own?.map((name) => qualified(prefix, name, lookup)).join(', ');
  }
  const owns = await Promise.all(select.sources.map((source) => ownOf(source, lookup)));
  if (!select.isPlain || owns.every((own) => own === undefined)) return undefined;
  if (owns.length === 1) return owns[0]?.map(lookup.quote).join(', ');
  const parts = select.sources.map(({ alias }, at) => {
    if (alias === undefined) return undefined;
    const own = owns[at];
    return own === undefined
      ? `${alias.text}.*`
      : own.map((name) => qualified(alias.text, name, lookup)).join(', ');
  });
  return parts.includes(undefined) ? undefined : parts.join(', ');
}

/** The table that a RETURNING at this position gives rows of. */
function returningTable(tokens: readonly Token[], returning: number): readonly Token[] | undefined {
  let depth = 0;
  for (let at = returning - 1; at >= 0; at -= 1) {
    if (tokens[at]?.text === ')') depth += 1;
    if (tokens[at]?.text === '(') depth -= 1;
    if (depth < 0) return undefined;
    if (depth > 0) continue;
    if (isWord(tokens[at], 'INTO')) return nameAt(tokens, at + 1);
    if (isWord(tokens[at], 'FROM') && isWord(tokens[at - 1], 'DELETE')) return nameAt(tokens, at + 1);
    // Not the UPDATE of an upsert.
    if (!isWord(tokens[at], 'UPDATE') || isWord(tokens[at - 1], 'DO', 'FOR')) continue;
    return nameAt(tokens, isWord(tokens[at + 1], 'OR') ? at + 3 : at + 1);
  }
  return undefined;
}

async function returningChanges(tokens: readonly Token[], lookup: Lookup): Promise<readonly Change[]> {
  const changes = tokens.map(async (token, at): Promise<readonly Change[]> => {
    const star = tokens[at + 1];
    if (!isWord(token, 'RETURNING') || star?.text !== '*') return [];
    const name = returningTable(tokens, at);
    const own = name && (await lookup.ownColumns(name));
    return own === undefined
      ? []
      : [{ start: star.start, end: star.end, text: own.map(lookup.quote).join(', ') }];
  });
  return (await Promise.all(changes)).flat();
}

/** Changes that write every `*` of the SELECTs that are meant as the columns without metadata. */
export async function starChanges(
  tokens: readonly Token[],
  ownColumns: OwnColumns,
  quote: (name: string) => string,
  isMeant: (at: number) => boolean = () => true,
): Promise<readonly Change[]> {
  const lookup: Lookup = { ownColumns, quote, common: commonTables(tokens) };
  const changes: Change[] = [];
  for (const select of readSelects(tokens).filter(({ at }) => isMeant(at))) {
    for (const item of select.items) {
      const text = await starText(item, select, lookup);
      if (text !== undefined) changes.push({ start: item[0]?.start ?? 0, end: item.at(-1)?.end ?? 0, text });
    }
  }
  return changes;
}

/**
 * A statement in which every `*` is the columns of its tables without their metadata. What is not understood stays
 * as it is.
 */
export async function withoutStars(
  sql: string,
  ownColumns: OwnColumns,
  quote: (name: string) => string,
): Promise<string> {
  const tokens = significant(tokenize(sql));
  const returning = await returningChanges(tokens, { ownColumns, quote, common: new Map() });
  return applyChanges(sql, [...returning, ...(await starChanges(tokens, ownColumns, quote))]);
}
