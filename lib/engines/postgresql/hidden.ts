import { type Answer, answersOf } from '../../metadata/answer.js';
import type { ClientClass, ClientInternals, QueryObject, QueryStream } from '../../metadata/knexInternals.js';
import { rowsOf } from '../../metadata/session.js';
import { mayHaveStar, withoutStars } from '../../metadata/stars.js';
import type { Row } from '../contract.js';
import { factsQuery } from './facts.js';
import { quoteName } from './identifiers.js';
import { refuseNative } from './nativeDriver.js';
import { COLUMN_MARK } from './trigger.js';

/** What the driver says of a column of an answer: the table and column that its values come from. */
interface Field {
  readonly name: string;
  readonly tableID?: number;
  readonly columnID?: number;
}

interface Result {
  fields: readonly Field[];
  rows: readonly unknown[];
  rowAsArray?: boolean;
}

/** The marked columns of a table, as they were at that moment. */
interface Marks {
  readonly columns: ReadonlySet<number>;
  readonly last: number;
  readonly readAt: number;
}

/** How long marks are believed: another process may let a project take a column over meanwhile. */
const FRESH_MS = 5_000;

/** Statements that may change marks. */
const CHANGES = /^\s*(?:alter|comment|create|do|drop)\b/i;

type Ask = (sql: string) => Promise<readonly Row[]>;

function isFresh(marks: Marks | undefined, column: number): boolean {
  return marks !== undefined && Date.now() - marks.readAt < FRESH_MS && column <= marks.last;
}

/** Reads the marks of those tables that are not known. */
async function learnMarks(ask: Ask, known: Map<number, Marks>, fields: readonly Field[]): Promise<void> {
  const unknown = fields.filter(
    ({ tableID = 0, columnID = 0 }) => tableID > 0 && !isFresh(known.get(tableID), columnID),
  );
  const tables = [...new Set(unknown.map(({ tableID = 0 }) => tableID))];
  if (tables.length === 0) return;
  const rows = await ask(`select a.attrelid::pg_catalog.text as table_id, pg_catalog.max(a.attnum) as last,
      pg_catalog.string_agg(a.attnum::pg_catalog.text, ',') filter (where
        pg_catalog.starts_with(pg_catalog.col_description(a.attrelid, a.attnum), '${COLUMN_MARK}')) as marked
    from pg_catalog.pg_attribute a
    where a.attrelid operator(pg_catalog.=) any ('{${tables.join(',')}}'::pg_catalog.oid[])
      and a.attnum operator(pg_catalog.>) 0 group by a.attrelid`);
  const readAt = Date.now();
  for (const { table_id, last, marked } of rows) {
    const columns = new Set(marked === null ? [] : String(marked).split(',').map(Number));
    known.set(Number(table_id), { columns, last: Number(last), readAt });
  }
}

/** The positions of the fields that the code asked for. */
function visiblePositions(
  fields: readonly Field[],
  { shape }: Answer,
  known: ReadonlyMap<number, Marks>,
): readonly number[] {
  const positions = [...fields.keys()];
  if (shape === undefined) return positions;
  return positions.filter((at) => {
    const { name, tableID = 0, columnID = 0 } = fields[at] as Field;
    const isNamed = at < shape.leading || at >= fields.length - shape.trailing || shape.named.has(name);
    return isNamed || known.get(tableID)?.columns.has(columnID) !== true;
  });
}

function objectOf(fields: readonly Field[], values: readonly unknown[]): Row {
  const row: Record<string, unknown> = {};
  for (const [at, { name }] of fields.entries()) row[name] = values[at];
  return row;
}

function keepVisible(result: Result, positions: readonly number[], asArrays: boolean): void {
  const fields = positions.map((at) => result.fields[at] as Field);
  const rows = result.rows as readonly (readonly unknown[])[];
  result.rows = rows.map((row) => {
    const values = positions.map((at) => row[at]);
    return asArrays ? values : objectOf(fields, values);
  });
  result.fields = fields;
  result.rowAsArray = asArrays;
}

function askingOn(client: ClientInternals, connection: unknown): Ask {
  return async (sql) => {
    const query: QueryObject & { response?: unknown } = { sql, bindings: [], isOwn: true };
    await client._query(connection, query);
    return rowsOf(query.response);
  };
}

async function ownColumns(ask: Ask, quoted: string): Promise<readonly string[] | undefined> {
  const rows = await ask(factsQuery({ quoted }).sql.replaceAll('\\?', '?'));
  const own = rows.filter((row) => row.is_metadata !== true).map(({ name }) => String(name));
  return own.length === rows.length ? undefined : own;
}

function expandStars(ask: Ask, sql: string): Promise<string> {
  return withoutStars(sql, (name) => ownColumns(ask, name.map(({ text }) => text).join('')), quoteName);
}

/**
 * Answers without the metadata columns that nobody named. The driver says of each column where its values come from,
 * so that a project's own column of the same name stays; where a `*` decides more than that, as in a UNION, its
 * columns are written out before.
 */
export function hideMetadata(base: ClientClass): ClientClass {
  const known = new Map<number, Marks>();

  return class HiddenMetadata extends base {
    constructor(config: Record<PropertyKey, unknown>) {
      super(config);
      refuseNative(this.driverName);
    }

    override async _query(connection: unknown, query: QueryObject): Promise<unknown> {
      if (CHANGES.test(query.sql)) known.clear();
      if (query.isOwn || query.options?.withMetadata || !mayHaveStar(query.sql))
        return super._query(connection, query);
      const ask = askingOn(this, connection);
      const { sql, options } = query;
      const answers = answersOf(sql);
      const text = answers.some(({ isInner }) => isInner) ? await expandStars(ask, sql) : sql;
      // By name, two columns of one name would be one already.
      const asked: QueryObject = { ...query, sql: text, options: { ...options, rowMode: 'array' } };
      await super._query(connection, asked);
      const { response } = asked as { response?: Result | readonly Result[] };
      for (const [at, result] of ([response ?? []].flat() as Result[]).entries()) {
        const answer = answers[at];
        if (answer === undefined || result.fields === undefined) continue;
        if (answer.shape !== undefined) await learnMarks(ask, known, result.fields);
        keepVisible(result, visiblePositions(result.fields, answer, known), options?.rowMode === 'array');
      }
      return Object.assign(query, { response });
    }

    override async _stream(
      connection: unknown,
      query: QueryObject,
      stream: QueryStream,
      ...rest: unknown[]
    ): Promise<unknown> {
      const isSeen = query.options?.withMetadata || !mayHaveStar(query.sql);
      const sql = isSeen ? query.sql : await expandStars(askingOn(this, connection), query.sql);
      return super._stream(connection, { ...query, sql }, stream, ...rest);
    }
  };
}
