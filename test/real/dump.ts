import type { Knex } from 'knex';

type Row = Readonly<Record<string, unknown>>;

/** A schema as plain data: what two databases must have in common. */
export type Dump = Readonly<Record<string, readonly unknown[]>>;

const METADATA = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

async function postgresDump(db: Knex): Promise<Dump> {
  const rows = async (sql: string): Promise<readonly Row[]> =>
    (await db.raw(sql.replaceAll('?', '\\?'))).rows;
  return {
    columns:
      await rows(`select c.relname as "table", a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull, pg_get_expr(d.adbin, d.adrelid) as default_to, a.attidentity, a.attgenerated, col_description(c.oid, a.attnum) as comment
      from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
      order by c.relname, a.attnum`),
    constraints:
      await rows(`select conrelid::regclass::text as "table", conname as name, pg_get_constraintdef(oid) as definition
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' order by 1, 2`),
    indexes: await rows(
      `select tablename as "table", indexname as name, indexdef as definition from pg_indexes where schemaname = 'public' order by 1, 2`,
    ),
    views: await rows(
      `select viewname as name, definition from pg_views where schemaname = 'public' order by 1`,
    ),
    sequences: await rows(
      `select sequencename as name, data_type::text, start_value, increment_by from pg_sequences where schemaname = 'public' order by 1`,
    ),
    functions: await rows(
      `select proname as name, prosrc from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
    ),
    triggers: await rows(
      `select tgrelid::regclass::text as "table", tgname as name, pg_get_triggerdef(oid) as definition from pg_trigger where not tgisinternal order by 1, 2`,
    ),
    statistics: await rows(
      `select stxname as name, pg_get_statisticsobjdef(oid) as definition from pg_statistic_ext order by 1`,
    ),
    options: await rows(
      `select relname as name, reloptions from pg_class where relnamespace = 'public'::regnamespace and reloptions is not null order by 1`,
    ),
  };
}

async function sqliteDump(db: Knex): Promise<Dump> {
  const tables: readonly Row[] = await db.raw(
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by 1",
  );
  const each = async (read: (table: string) => Promise<readonly Row[]>): Promise<readonly unknown[]> => {
    const lists = await Promise.all(
      tables.map(async ({ name }) => (await read(String(name))).map((row) => ({ table: name, ...row }))),
    );
    return lists.flat();
  };
  const indexes = await each((table) =>
    db.raw('select name, "unique", origin, partial from pragma_index_list(?) order by name', [table]),
  );
  return {
    columns: await each((table) =>
      db.raw(
        'select name, lower(type) as type, "notnull", dflt_value, pk, hidden from pragma_table_xinfo(?)',
        [table],
      ),
    ),
    keys: await each((table) =>
      db.raw(
        'select "table" as target, "from", "to", on_update, on_delete from pragma_foreign_key_list(?) order by 1, 2',
        [table],
      ),
    ),
    indexes: await Promise.all(
      (indexes as readonly Row[]).map(async (index) => ({
        ...index,
        columns: await db.raw('select name, desc, coll, key from pragma_index_xinfo(?) where cid <> -1', [
          String(index.name),
        ]),
      })),
    ),
    checks: (
      (await db.raw("select name, sql from sqlite_master where type = 'table'")) as readonly Row[]
    ).flatMap(({ name, sql }) =>
      (String(sql).match(/check\s*\([^)]*\)/gi) ?? []).map((check) => ({
        name,
        check: check.toLowerCase().replace(/\s+/g, ''),
      })),
    ),
    views: await db.raw("select name, sql from sqlite_master where type in ('view') order by 1"),
    triggers: await db.raw(
      'select name, tbl_name as "table", sql from sqlite_master where type in (\'trigger\') order by 1',
    ),
  };
}

/** Reads the whole schema of a database, without the journal that stock Knex does not have. */
export async function dump(db: Knex, engine: string): Promise<Dump> {
  const all = await (engine === 'sqlite' ? sqliteDump(db) : postgresDump(db));
  const isJournal = (entry: unknown): boolean => JSON.stringify(entry).includes('knex_migrations_journal');
  return Object.fromEntries(
    Object.entries(all).map(([kind, entries]) => [kind, entries.filter((entry) => !isJournal(entry))]),
  );
}

function isOurs(kind: string, entry: Row, stock: readonly unknown[]): boolean {
  const name = String(entry.name);
  if (kind === 'columns') {
    const isStocks = stock.some(
      (other) => (other as Row).table === entry.table && (other as Row).name === name,
    );
    return METADATA.includes(name) && !isStocks;
  }
  if (kind === 'triggers') return /^update_timestamp/.test(name);
  return kind === 'functions' && /knex-meta/.test(String(entry.prosrc));
}

/** A dump without what knex-meta added to the schema that stock Knex makes. */
export function withoutMetadata(ours: Dump, stock: Dump): Dump {
  return Object.fromEntries(
    Object.entries(ours).map(([kind, entries]) => [
      kind,
      entries.filter((entry) => !isOurs(kind, entry as Row, stock[kind] ?? [])),
    ]),
  );
}
