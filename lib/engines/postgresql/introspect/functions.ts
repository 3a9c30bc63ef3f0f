import type { DatabaseFunction } from '../../../schema/database.js';
import type { Dependency } from '../../../schema/names.js';
import { FUNCTION_MARK } from '../trigger.js';
import { joinComment, joinExtension, readRows, type Scope } from './rows.js';

export interface FunctionRow {
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: DatabaseFunction['kind'];
  readonly identity?: string;
  /** Absent for a function that another session has dropped since the snapshot. */
  readonly declaration?: string;
  readonly result?: string;
  readonly language: string;
  readonly comment?: string;
  readonly extension?: string;
  readonly metadata: boolean;
}

/** The declaration is the server's statement behind the name, which is always written with its schema there. */
export function readFunctions({ db, namespaces }: Scope): Promise<readonly FunctionRow[]> {
  return readRows<FunctionRow>(
    db,
    `select p.oid as id, n.nspname as schema, p.proname as name,
      case p.prokind when 'p' then 'procedure' else 'function' end as kind,
      pg_catalog.pg_get_function_identity_arguments(p.oid) as identity,
      pg_catalog.substr(pg_catalog.pg_get_functiondef(p.oid), pg_catalog.length('CREATE OR REPLACE '
        || case p.prokind when 'p' then 'PROCEDURE ' else 'FUNCTION ' end || pg_catalog.quote_ident(n.nspname) || '.'
        || pg_catalog.quote_ident(p.proname)) + 1) as declaration,
      pg_catalog.pg_get_function_result(p.oid) as result, l.lanname as language, d.description as comment,
      x.extname as extension,
      p.prosrc like '%${FUNCTION_MARK}%' and p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype as metadata
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang
    ${joinComment('pg_proc', 'p.oid')} ${joinExtension('pg_proc', 'p.oid')}
    where p.prokind in ('f', 'p', 'w') and p.pronamespace in ${namespaces}
    order by n.nspname, p.proname, identity`,
  );
}

export function functionOf(row: FunctionRow, dependsOn: readonly Dependency[]): DatabaseFunction {
  return {
    schema: row.schema,
    name: row.name,
    comment: row.comment,
    extension: row.extension,
    kind: row.kind,
    identity: row.identity ?? '',
    declaration: (row.declaration ?? '').trimEnd(),
    result: row.result,
    language: row.language,
    isMetadata: row.metadata,
    dependsOn,
  };
}
