import type { ClientClass, QueryInput } from '../../metadata/knexInternals.js';
import { sessionOn } from '../../metadata/session.js';
import { addColumnWithRebuild, createDdl } from './ddl/index.js';

const NOT_AS_IT_STANDS = /Cannot add a column with non-constant default|Cannot add a REFERENCES column/;

const ADD_COLUMN = /^\s*alter\s+table\s+(`(?:[^`]|``)+`|"(?:[^"]|"")+"|\w+)\s+add\s+(?:column\s+)?(.+)$/is;

/** Knex's alterations of a table, by a rebuild that loses nothing in place of Knex's own. */
export function extendClient(base: ClientClass): ClientClass {
  return class SafeAlterations extends base {
    ddl(compiler: unknown, _pragma: unknown, connection: unknown): unknown {
      return createDdl(this, compiler, connection);
    }

    /** SQLite adds no column with a computed default, such as the present instant, to a table with rows. */
    override async query(connection: unknown, query: QueryInput): Promise<unknown> {
      try {
        return await super.query(connection, query);
      } catch (error) {
        const sql = typeof query === 'string' ? query : query.sql;
        const [, name, definition] = ADD_COLUMN.exec(sql) ?? [];
        if (name === undefined || definition === undefined || !NOT_AS_IT_STANDS.test(String(error)))
          throw error;
        const table = name.replace(/^[`"]|[`"]$/g, '').replace(/``|""/g, (quote) => quote[0] ?? '');
        await addColumnWithRebuild(sessionOn(this, connection), { name: table }, definition);
        return { ...(typeof query === 'string' ? { sql } : query), response: [] };
      }
    }
  };
}
