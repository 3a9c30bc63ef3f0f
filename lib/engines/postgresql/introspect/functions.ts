import type { DatabaseFunction } from '../../../schema/database.js';
import type { Dependency } from '../../../schema/names.js';
import { FUNCTION_MARK } from '../keeps.js';
import { type AccessRow, accessOf, selectAccess } from './access.js';
import { functionName, joinComment, joinExtension, readRows, type Scope } from './rows.js';

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
  readonly access?: AccessRow;
}

/** A part of CREATE AGGREGATE where it is not what goes without saying. */
const said = (word: string, column: string, isSaid: string): string =>
  `case when ${isSaid} then ', ${word} = ' || ${column} else '' end`;
const step = (word: string, column: string): string =>
  said(word, functionName(column), `${column}::pg_catalog.oid <> 0`);
const finals = (word: string, column: string, usual: string): string =>
  said(
    word,
    `case ${column} when 'r' then 'read_only' when 's' then 'shareable' else 'read_write' end`,
    `${column} <> ${usual}`,
  );

/** What the server has no function for: all behind the name of an aggregate. */
const AGGREGATE = `'(' || coalesce(nullif(pg_catalog.pg_get_function_arguments(p.oid), ''), '*') || ') (sfunc = '
  || ${functionName('g.aggtransfn')} || ', stype = ' || pg_catalog.format_type(g.aggtranstype, null)
  || ${[
    said('sspace', 'g.aggtransspace', 'g.aggtransspace <> 0'),
    step('finalfunc', 'g.aggfinalfn'),
    said('finalfunc_extra', "'true'", 'g.aggfinalextra'),
    finals('finalfunc_modify', 'g.aggfinalmodify', "case g.aggkind when 'n' then 'r' else 'w' end"),
    step('combinefunc', 'g.aggcombinefn'),
    step('serialfunc', 'g.aggserialfn'),
    step('deserialfunc', 'g.aggdeserialfn'),
    step('msfunc', 'g.aggmtransfn'),
    step('minvfunc', 'g.aggminvtransfn'),
    said('mstype', 'pg_catalog.format_type(g.aggmtranstype, null)', 'g.aggmtranstype <> 0'),
    said('msspace', 'g.aggmtransspace', 'g.aggmtransspace <> 0'),
    step('mfinalfunc', 'g.aggmfinalfn'),
    said('mfinalfunc_extra', "'true'", 'g.aggmfinalextra'),
    said('minitcond', 'pg_catalog.quote_literal(g.aggminitval)', 'g.aggminitval is not null'),
    said('initcond', 'pg_catalog.quote_literal(g.agginitval)', 'g.agginitval is not null'),
    said(
      'sortop',
      "'operator(' || pg_catalog.quote_ident(pg_catalog.text(go.oprnamespace::pg_catalog.regnamespace)) || '.' || go.oprname || ')'",
      'g.aggsortop <> 0',
    ),
    said('hypothetical', "'true'", "g.aggkind = 'h'"),
    said('parallel', "case p.proparallel when 's' then 'safe' else 'restricted' end", "p.proparallel <> 'u'"),
  ].join('\n  || ')} || ')'`;

/** The declaration is the server's statement behind the name, which is always written with its schema there. */
export function readFunctions({ db, namespaces }: Scope): Promise<readonly FunctionRow[]> {
  return readRows<FunctionRow>(
    db,
    `select p.oid as id, n.nspname as schema, p.proname as name,
      case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind,
      pg_catalog.pg_get_function_identity_arguments(p.oid) as identity,
      case when p.prokind = 'a' then ${AGGREGATE} else pg_catalog.substr(pg_catalog.pg_get_functiondef(p.oid), pg_catalog.length('CREATE OR REPLACE '
        || case p.prokind when 'p' then 'PROCEDURE ' else 'FUNCTION ' end || pg_catalog.quote_ident(n.nspname) || '.'
        || pg_catalog.quote_ident(p.proname)) + 1) end as declaration,
      pg_catalog.pg_get_function_result(p.oid) as result, l.lanname as language, d.description as comment,
      x.extname as extension,
      p.prosrc like '%${FUNCTION_MARK}%' and p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype as metadata,
      ${selectAccess('p.proacl', 'p.proowner')} as access
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang
    ${joinComment('pg_proc', 'p.oid')} ${joinExtension('pg_proc', 'p.oid')}
    left join pg_catalog.pg_aggregate g on g.aggfnoid = p.oid
    left join pg_catalog.pg_operator go on go.oid = g.aggsortop
    where p.prokind in ('f', 'p', 'w', 'a') and p.pronamespace in ${namespaces}
      -- What a range type makes for itself.
      and not exists (select from pg_catalog.pg_depend o where o.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        and o.objid = p.oid and o.deptype = 'i')
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
    access: accessOf(row.access),
    dependsOn,
  };
}
