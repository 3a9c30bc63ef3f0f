import type { Knex } from 'knex';

/** What is in a database, in lines that no code of the package has written. */
export type Catalog = readonly string[];

/** Lines of a kind: the columns of `select`, one behind the other. */
const lines = (kind: string, select: string, from: string) =>
  `select concat_ws(' ', '${kind}', ${select}) as line from ${from}`;

const comment = (oid: string, catalog: string) => `'comment: ' || obj_description(${oid}, '${catalog}')`;

const USERS = "nspname !~ '^pg_' and nspname <> 'information_schema'";
const OWNED =
  "d.classid = 'pg_class'::regclass and d.objid = s.seqrelid and d.deptype in ('a', 'i') and d.refobjsubid > 0";

const POSTGRESQL = `
  with r as (select c.*, n.nspname || '.' || c.relname as path from pg_class c
    join pg_namespace n on n.oid = c.relnamespace where ${USERS})
  ${[
    lines(
      'relation',
      `path, relkind, relpersistence, relrowsecurity, relispopulated, reloptions, relacl, pg_get_userbyid(relowner), ${comment('r.oid', 'pg_class')}`,
      "r where relkind in ('r', 'v', 'm', 'p', 'i')",
    ),
    lines(
      'column',
      `path, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attcollation::regcollation, attacl,
        col_description(r.oid, attnum), case when exists (select from pg_depend d where d.refclassid = 'pg_class'::regclass
          and d.refobjid = r.oid and d.refobjsubid = attnum and d.deptype = 'a' and d.classid = 'pg_class'::regclass
          and d.objid in (select seqrelid from pg_sequence)) then 'serial' else pg_get_expr(adbin, adrelid) end`,
      `r join pg_attribute a on a.attrelid = r.oid left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
        where relkind in ('r', 'p') and attnum > 0 and not attisdropped`,
    ),
    lines(
      'sequence of',
      'path, attname, format_type(s.seqtypid, null), seqstart, seqincrement, seqmax, seqmin, seqcycle',
      `pg_sequence s join pg_depend d on ${OWNED} join r on r.oid = d.refobjid
        join pg_attribute a on a.attrelid = r.oid and a.attnum = d.refobjsubid`,
    ),
    lines(
      'sequence',
      `path, seqstart, seqincrement, ${comment('r.oid', 'pg_class')}`,
      `pg_sequence s join r on r.oid = s.seqrelid where not exists (select from pg_depend d where ${OWNED})`,
    ),
    lines(
      'constraint',
      `path, conname, pg_get_constraintdef(k.oid), ${comment('k.oid', 'pg_constraint')}`,
      "pg_constraint k join r on r.oid = k.conrelid where contype <> 'n'",
    ),
    lines('index', 'pg_get_indexdef(indexrelid), indisvalid', 'pg_index i join r on r.oid = i.indexrelid'),
    lines('view', 'path, pg_get_viewdef(oid)', "r where relkind in ('v', 'm')"),
    lines(
      'trigger',
      `path, tgenabled, replace(regexp_replace(pg_get_triggerdef(t.oid), 'EXECUTE FUNCTION .*set_updated_at', ''), 'public.', '')`,
      'pg_trigger t join r on r.oid = t.tgrelid where not tgisinternal',
    ),
    lines(
      'rule',
      'pg_get_ruledef(w.oid)',
      "pg_rewrite w join r on r.oid = w.ev_class where rulename <> '_RETURN'",
    ),
    lines(
      'function',
      `pg_get_functiondef(p.oid), proacl, ${comment('p.oid', 'pg_proc')}`,
      "pg_proc p where pronamespace = 'public'::regnamespace and proname !~ '^set_updated_at'",
    ),
    lines(
      'type',
      `typname, typtype, typacl, ${comment('t.oid', 'pg_type')}, format_type(typbasetype, typtypmod), typdefault, typnotnull,
        (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid),
        (select string_agg(conname || pg_get_constraintdef(oid), ',' order by conname) from pg_constraint where contypid = t.oid)`,
      "pg_type t where typnamespace::regnamespace::text in ('public', 's1') and typtype in ('e', 'd')",
    ),
    lines(
      'policy',
      'path, polname, polcmd, pg_get_expr(polqual, polrelid)',
      'pg_policy y join r on r.oid = y.polrelid',
    ),
    lines(
      'view column',
      'path, attname, col_description(r.oid, attnum)',
      `r join pg_attribute a on a.attrelid = r.oid
        where relkind in ('v', 'm') and attnum > 0`,
    ),
    lines('schema', 'nspname', `pg_namespace where ${USERS}`),
  ].join('\n  union all ')}
  order by 1`;

const WORDS = ['check', 'deferrable', 'generated', 'conflict', 'autoincrement', 'stored', 'virtual'];

/** Quotes and white space do not count, and how often a word that no pragma tells stands in the text does. */
function textOf(sql: unknown): string {
  return String(sql)
    .replace(/["`[\]]/g, '')
    .replace(/\s+/g, ' ')
    .toLowerCase();
}

function wordsOf(sql: unknown): string {
  const bare = String(sql).replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`/g, '');
  return WORDS.map((word) => `${word} ${bare.match(new RegExp(`\\b${word}\\b`, 'gi'))?.length ?? 0}`).join(
    ' ',
  );
}

async function sqliteCatalog(db: Knex): Promise<Catalog> {
  const rows = async (sql: string): Promise<readonly Record<string, unknown>[]> => db.raw(sql);
  const lines: string[] = [];
  for (const { type, name, tbl_name, sql } of await rows(
    "select * from sqlite_master where name not like 'sqlite\\_%' escape '\\'",
  ))
    lines.push(
      type === 'table'
        ? `table ${name} ${wordsOf(sql)}`
        : `${type} ${name} on ${tbl_name} ${textOf(sql).replace(type === 'index' ? / collate \w+/g : /^$/, '')}`,
    );
  for (const { name, wr, strict } of await rows(
    "select * from pragma_table_list where schema = 'main' and name not like 'sqlite%'",
  )) {
    const of = `('${String(name).replaceAll("'", "''")}')`;
    lines.push(`options ${name} ${wr} ${strict}`);
    for (const each of await rows(`select * from pragma_table_xinfo${of}`))
      lines.push(
        `column ${name}.${each.name} ${textOf(each.type)} ${each.pk === 1 && textOf(each.type) === 'integer' ? '' : each.notnull} ${String(each.dflt_value).replace(/^\((.*)\)$/, '$1')} ${each.pk} ${each.hidden}`,
      );
    for (const each of await rows(
      `select l.*, (select group_concat(x.name || x.desc || x.coll, ',') from pragma_index_xinfo(l.name) x where x.key = 1) as keys from pragma_index_list${of} l`,
    ))
      lines.push(
        `index of ${name} ${each.origin === 'c' ? each.name : each.origin} ${each.unique} ${each.partial} ${String(each.keys).toLowerCase()}`,
      );
    for (const each of await rows(`select * from pragma_foreign_key_list${of}`))
      lines.push(
        `key of ${name} ${each.from} ${each.table} ${each.to} ${each.on_update} ${each.on_delete} ${each.match}`,
      );
  }
  return lines.sort();
}

/** What the database itself says is in it. */
export async function catalogOf(db: Knex): Promise<Catalog> {
  if (db.client.config.client !== 'pg') return sqliteCatalog(db);
  const { rows } = await db.raw(POSTGRESQL.replaceAll('?', '\\?'));
  return rows.map(({ line }: { readonly line: string }) => line);
}
