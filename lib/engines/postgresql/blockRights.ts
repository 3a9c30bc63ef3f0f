import type { ClientClass, QueryObject } from '../../metadata/knexInternals.js';
import { rowsOf } from '../../metadata/session.js';
import { BLOCK_START } from './block.js';
import { FUNCTION_MARK } from './keeps.js';
import { marksOf, STAMP_TYPES } from './trigger.js';

/** Whether the current role may run DO blocks and create functions in the language of ours. */
export const MAY_USE_PLPGSQL = `coalesce((select pg_catalog.has_language_privilege(l.oid, 'USAGE')
  from pg_catalog.pg_language l where l.lanname = 'plpgsql'), false)`;

const RIGHTS = `select ${MAY_USE_PLPGSQL} as may_use, current_user::pg_catalog.text as role`;

/** Our triggers of a table that would break each UPDATE, because the column that they set is gone or has another type. */
const unfitTriggers = (
  table: string,
) => `select pg_catalog.format('drop trigger %I on %s', g.tgname, g.tgrelid::pg_catalog.regclass) as sql
  from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
  where g.tgrelid = ${table} and not g.tgisinternal and p.prosrc like '%${FUNCTION_MARK}%'
    and not exists (select from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
      where a.attrelid = g.tgrelid and a.attnum > 0 and not a.attisdropped
        and t.typname in (${STAMP_TYPES.map((type) => `'${type}'`).join(', ')})
        and pg_catalog.strpos(p.prosrc, 'new."' || pg_catalog.replace(a.attname, '"', '""') || '" := ') > 0)`;

/**
 * A client whose role may lack the right to run DO blocks. Stock Knex needs none, so a migration goes on: columns are marked
 * by plain statements, and one line says that tables get no update trigger. The server is asked before the first block,
 * because a refused statement would end the transaction. A recorder sends nothing, so it asks nothing.
 */
export function withoutRefusedBlocks(base: ClientClass): ClientClass {
  // A transaction's client is made from the prototype alone, so the state is in this closure.
  let mayUse: boolean | undefined;

  return class WithoutRefusedBlocks extends base {
    override async _query(connection: unknown, query: QueryObject): Promise<unknown> {
      if (!query.sql.startsWith(BLOCK_START)) return super._query(connection, query);
      const ask = async (sql: string) => {
        const asked: QueryObject = { sql, bindings: [], isOwn: true };
        await super._query(connection, asked);
        return rowsOf(asked.response);
      };
      if (mayUse === undefined) {
        const [row] = await ask(RIGHTS);
        mayUse = row?.may_use === true;
        if (!mayUse) {
          this.logger.warn(
            `knex-meta: tables get no update trigger, because the role ${String(row?.role)} may not use the language plpgsql. To change that: grant usage on language plpgsql`,
          );
        }
      }
      if (mayUse) return super._query(connection, query);
      const marks = marksOf(query.sql);
      if (marks !== undefined) {
        const [row] = await ask(`select ${marks.table} is not null as is_there`);
        if (row?.is_there === true) {
          for (const { sql } of await ask(unfitTriggers(marks.table))) await ask(String(sql));
          if (marks.statements !== '') await ask(marks.statements);
        }
      }
      return Object.assign(query, { response: { rows: [], rowCount: 0, fields: [], command: 'DO' } });
    }
  };
}
