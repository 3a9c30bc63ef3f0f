import type { Knex } from 'knex';
import type { NamedSchema } from '../../../schema/database.js';
import { quoteText } from '../identifiers.js';
import { batchOf } from './batch.js';
import { joinComment, joinExtension, readRows, type Scope } from './rows.js';

interface SchemaRow {
  readonly version: number;
  readonly id?: string;
  readonly name?: string;
  readonly comment?: string;
  readonly extension?: string;
}

/** The comment that the server itself gives the schema `public`. */
const OWN_COMMENT = "'standard public schema'";

function schemasSql(names: readonly string[] | undefined): string {
  const wanted =
    names === undefined
      ? ''
      : `and n.nspname in (${['', ...names].map((name) => quoteText(name)).join(', ')})`;
  return `select v.version, n.oid as id, n.nspname as name, nullif(d.description, ${OWN_COMMENT}) as comment,
      x.extname as extension
    from (select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000 as version) v
    left join pg_catalog.pg_namespace n on n.nspname !~ '^pg_' and n.nspname <> 'information_schema' ${wanted}
    ${joinComment('pg_namespace', 'n.oid')} ${joinExtension('pg_namespace', 'n.oid')}
    order by n.nspname`;
}

/** The named schemas, or all but the server's own; and with them what the other queries need to know. */
export async function readScope(
  db: Knex,
  names: readonly string[] | undefined,
): Promise<{ readonly scope: Scope; readonly schemas: readonly NamedSchema[] }> {
  const rows = await readRows<SchemaRow>(db, schemasSql(names));
  const found = rows.filter(({ id }) => id !== undefined);
  return {
    // Zero is no schema's oid: the list is never empty.
    scope: {
      db: batchOf(db),
      namespaces: `(${['0', ...found.map(({ id }) => id)].join(', ')})`,
      version: rows[0]?.version ?? 0,
    },
    schemas: found.map(({ name = '', comment, extension }) => ({ name, comment, extension })),
  };
}
