import type { ClientClass, ClientInternals, QueryObject } from '../../metadata/knexInternals.js';
import { rowsOf } from '../../metadata/session.js';
import { mayHaveStar, withoutStars } from '../../metadata/stars.js';
import type { Row } from '../contract.js';
import { identifierOf, type Token } from '../tokens.js';
import { allColumns, columnsWithConstraint } from './ddl/index.js';
import { COLUMN_MARK } from './facts.js';
import { quoteName } from './identifiers.js';

type Ask = (sql: string, bindings: readonly unknown[]) => Promise<readonly Row[]>;

const KNOWN = 1_000;

/** The own columns of tables, by the text of the table, which says all of them. */
const known = new Map<string, readonly string[]>();

function ownColumns(tableSql: string): readonly string[] | undefined {
  if (!tableSql.includes(COLUMN_MARK)) return undefined;
  const before = known.get(tableSql);
  if (before !== undefined) return before;
  const marked = new Set(columnsWithConstraint(tableSql, COLUMN_MARK));
  const own = allColumns(tableSql).filter((name) => !marked.has(name));
  if (known.size >= KNOWN) known.clear();
  known.set(tableSql, own);
  return own;
}

async function tableSql(ask: Ask, name: readonly Token[]): Promise<string> {
  const [table, schema] = [name.at(-1), name.at(-3)].map((token) =>
    token ? identifierOf(token) : undefined,
  );
  const masters = schema === undefined ? ['temp', 'main'] : [schema];
  const parts = masters.map(
    (each) =>
      `select sql from ${quoteName(each)}.sqlite_master where type = 'table' and name = ? collate nocase`,
  );
  const rows = await ask(
    parts.join(' union all '),
    masters.map(() => table),
  );
  return String(rows[0]?.sql ?? '');
}

/** Statements in which a `*` is the project's own columns: SQLite says of no answer where its columns come from. */
export function hideMetadata(base: ClientClass): ClientClass {
  return class HiddenMetadata extends base {
    override async _query(connection: unknown, query: QueryObject): Promise<unknown> {
      const isSeen = query.isOwn || query.options?.withMetadata;
      if (isSeen || !mayHaveStar(query.sql)) return super._query(connection, query);
      const ask: Ask = async (sql, bindings) => {
        const asked: QueryObject & { response?: unknown } = { sql, bindings, isOwn: true };
        await (this as ClientInternals)._query(connection, asked);
        return rowsOf(asked.response);
      };
      const own = async (name: readonly Token[]) => ownColumns(await tableSql(ask, name));
      const asked = { ...query, sql: await withoutStars(query.sql, own, quoteName) };
      await super._query(connection, asked);
      // An error names the statement that the application sent.
      return Object.assign(query, { ...asked, sql: query.sql });
    }
  };
}
