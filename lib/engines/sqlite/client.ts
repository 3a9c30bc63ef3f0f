import type { ClientClass, QueryInput } from '../../metadata/knexInternals.js';
import { sessionOn } from '../../metadata/session.js';
import { closingOf, isWord, tokenize } from '../tokens.js';
import { addColumnWithRebuild, createDdl, othersTurn, parseAlter, runAlter } from './ddl/index.js';
import { isPreserving, whilePreserving } from './preserving.js';

const NOT_AS_IT_STANDS =
  /Cannot add a (?:column with non-constant default|REFERENCES column|NOT NULL column)|cannot add a STORED column/;

const ADD_COLUMN = /^\s*alter\s+table\s+(`(?:[^`]|``)+`|"(?:[^"]|"")+"|\w+)\s+add\s+(?:column\s+)?(.+)$/is;

/**
 * A CREATE TABLE whose defaults were read off the catalog, which gives them without the parentheses that a call
 * needs: a project that rebuilds a table by hand never had such a default before the metadata came.
 */
function withParentheses(sql: string): string {
  if (!/^\s*create\s+table\b/i.test(sql)) return sql;
  const tokens = tokenize(sql);
  const ends = new Set<number>();
  return tokens
    .map((token, position) => {
      const next = tokens[position + 1];
      const before = tokens.slice(0, position).findLast(({ kind }) => kind !== 'blank');
      const isCall = token.kind === 'word' && next?.text === '(' && isWord(before, 'DEFAULT');
      if (isCall) ends.add(closingOf(tokens, position + 1));
      return `${isCall ? '(' : ''}${token.text}${ends.has(position) ? ')' : ''}`;
    })
    .join('');
}

/** Knex's alterations of a table, by a rebuild that loses nothing in place of Knex's own. */
export function extendClient(base: ClientClass): ClientClass {
  return class SafeAlterations extends base {
    override ddl(compiler: unknown, pragma: unknown, connection: unknown): unknown {
      // Without a connection nothing is to run: what Knex would run is asked for.
      if (connection === undefined) return super.ddl?.(compiler, pragma, connection);
      return createDdl(this, compiler, connection);
    }

    /** SQLite adds no column with a computed default, such as the present instant, to a table with rows. */
    override async query(connection: unknown, query: QueryInput): Promise<unknown> {
      for (let other = othersTurn(connection); other !== undefined; other = othersTurn(connection))
        await other;
      const given = typeof query === 'string' ? query : query.sql;
      const text = isPreserving(connection) ? await whilePreserving(this, connection, given) : given;
      if (text !== given)
        return super.query(connection, typeof query === 'string' ? text : { ...query, sql: text });
      const alteration = typeof text === 'string' ? parseAlter(text) : undefined;
      if (alteration !== undefined) {
        await runAlter(sessionOn(this, connection), alteration);
        return { ...(typeof query === 'string' ? { sql: query } : query), response: [] };
      }
      try {
        return await super.query(connection, query);
      } catch (error) {
        const sql = typeof query === 'string' ? query : query.sql;
        const [, name, definition] = ADD_COLUMN.exec(sql) ?? [];
        const corrected = withParentheses(sql);
        if (corrected !== sql && /syntax error/.test(String(error))) {
          return await super.query(
            connection,
            typeof query === 'string' ? corrected : { ...query, sql: corrected },
          );
        }
        if (name === undefined || definition === undefined || !NOT_AS_IT_STANDS.test(String(error)))
          throw error;
        const table = name.replace(/^[`"]|[`"]$/g, '').replace(/``|""/g, (quote) => quote[0] ?? '');
        await addColumnWithRebuild(sessionOn(this, connection), { name: table }, definition);
        return { ...(typeof query === 'string' ? { sql } : query), response: [] };
      }
    }
  };
}
