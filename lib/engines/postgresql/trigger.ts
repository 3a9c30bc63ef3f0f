import type { HookTarget, MetadataColumn } from '../contract.js';
import { block, PATH_BACK, SAFE_PATH } from './block.js';
import { quoteName, quoteText } from './identifiers.js';
import { FUNCTION_MARK, isTrusted, keepsColumn } from './keeps.js';
import {
  inZone,
  LOCAL_TIME,
  NAMED_ZONE,
  type StampZone,
  UTC_ZONES,
  ZONE_SUFFIX,
  zoneSuffix,
} from './stampZone.js';

/** The comment of a column that knex-meta put there begins with this. */
export const COLUMN_MARK = 'knex-meta:';
/** The setting of one transaction in which rows keep the time stamps that they are given. */
export const PRESERVE_SETTING = 'knex_meta.preserve';
export const TRIGGER_NAME = 'update_timestamp';
/** Begins the name that a function or trigger of ours has while the project has one of the usual name. */
export const ASIDE = 'knex_meta_';
/** SQLSTATE of the warning that says why a table got no trigger. */
export const WARNING_STATE = 'KM001';

const COMMENTS: Readonly<Record<string, string>> = {
  is_active: 'false marks a row as deleted',
  is_flagged: 'true marks a row for attention',
  notes: 'free text about the row',
  created_at: 'when the row was inserted (UTC)',
  updated_at: 'when the row was last updated (UTC), kept by a trigger',
};

/** The type of a metadata column without its precision: those of an older version have microseconds, and stay so. */
export function withoutPrecision(type: string): string {
  return type.replace(/^timestamp\(3\)/, 'timestamp');
}

/** Ends the comment of what an adoption put there: undoing the adoption takes away just that. */
export const ADOPTED_MARK = '(adopted)';

/** The statement that marks a column as put there by knex-meta. */
export function markColumn(
  quotedTable: string,
  column: Pick<MetadataColumn, 'key' | 'quoted'>,
  isAdopted = false,
): string {
  const text = `${COLUMN_MARK} ${COMMENTS[column.key] ?? 'metadata'}${isAdopted ? ` ${ADOPTED_MARK}` : ''}`;
  return `comment on column ${quotedTable}.${column.quoted} is ${quoteText(text)}`;
}

/** The types of columns that a trigger can keep. */
export const STAMP_TYPES = ['timestamptz', 'timestamp', 'date'] as const;
export type StampType = (typeof STAMP_TYPES)[number];

/** The value to assign to a column of a type, whatever the session's time zone. */
function valueFor({ clock }: Pick<HookTarget, 'clock'>, type: StampType, zone: StampZone): string {
  const { expression } = clock;
  // CURRENT_TIMESTAMP is pg_catalog.now(), which is the shorter way to the same value.
  const now = /^current_timestamp$/i.test(expression) ? 'pg_catalog.now()' : expression;
  const isPlain = clock.type === 'timestamp';
  const instant = isPlain ? `pg_catalog.timezone('utc', ${now})` : now;
  if (type === 'timestamptz') return instant;
  const value = isPlain && zone === 'utc' ? now : inZone(instant, zone);
  return type === 'date' ? `(${value})::pg_catalog.date` : value;
}

const MARK_LINE = `  -- ${FUNCTION_MARK}\n`;
/** Where the setting is on, a row stays as it is given. */
const PRESERVE = `  if pg_catalog.current_setting('${PRESERVE_SETTING}', true) = 'on' then\n    return new;\n  end if;\n`;

/** The body that a function of an older version should have; undefined when that cannot be told. */
export function withPreserve(body: string): string | undefined {
  return body.includes(MARK_LINE) ? body.replace(MARK_LINE, () => MARK_LINE + PRESERVE) : undefined;
}

function functionBody(target: Pick<HookTarget, 'updatedAt' | 'onExplicitUpdate'>, value: string): string {
  const column = quoteName(target.updatedAt ?? '');
  const stamp = `new.${column} := ${value};`;
  const lines =
    target.onExplicitUpdate === 'keep'
      ? [`if new.${column} is not distinct from old.${column} then`, `  ${stamp}`, 'end if;']
      : [stamp];
  return `\nbegin\n${MARK_LINE}${PRESERVE}${lines.map((line) => `  ${line}\n`).join('')}  return new;\nend\n`;
}

/** The function that keeps a column of a type: its name, unless another has that already, and its body. */
export function functionFor(
  target: Pick<HookTarget, 'clock' | 'updatedAt' | 'onExplicitUpdate'>,
  type: StampType,
  zone: StampZone = 'utc',
): { readonly name: string; readonly body: string } {
  const base = `set_${target.updatedAt ?? ''}`;
  const own = type === 'timestamptz' ? 'utc' : zone;
  const name = type === target.clock.type && own === 'utc' ? base : `${base}_${type}`;
  return { name: `${name}${zoneSuffix(own)}`, body: functionBody(target, valueFor(target, type, own)) };
}

/** The key of the advisory lock that keeps sessions from making or dropping one schema's function together. */
export const functionLock = (schema: string): string =>
  `pg_catalog.hashtextextended('${FUNCTION_MARK}:' || ${schema}, 0)`;

/**
 * Inside an exception handler: what has nothing to do with the statement (deadlocks, resources, lock timeouts, shutdown) goes
 * on. What else refuses a statement of ours, such as an event trigger with its own SQLSTATE, must not fail a migration.
 */
const RAISE_PASSING = `if pg_catalog.substr(sqlstate, 1, 2) operator(pg_catalog.=) any (array['40', '53', '55', '57', '58', 'XX']) then raise; end if;`;

/** What `reconcileLoop` needs declared. */
export const RECONCILE_DECLARATIONS: readonly string[] = [
  'rels pg_catalog.oid[]',
  'rel pg_catalog.oid',
  'col_type pg_catalog.text',
  'def pg_catalog.text',
  'zone pg_catalog.text',
  'fn pg_catalog.text',
  'body pg_catalog.text',
  'fn_oid pg_catalog.oid',
  'kept pg_catalog.name',
  'is_made pg_catalog.bool',
  'tries pg_catalog.int4',
  'make pg_catalog.text',
  'todo pg_catalog.text[]',
  'ddl pg_catalog.text',
  'tab record',
  'old record',
  'trg pg_catalog.text',
];

const TRUSTED = isTrusted('tab.ns_owner', 'tab.owner');

const FIND_FUNCTION = `fn_oid := null;
    select p.oid, p.proname into fn_oid, fn from pg_catalog.pg_proc p
      where p.pronamespace = tab.ns and p.pronargs = 0 and p.prosrc = body and not p.prosecdef and p.proconfig is null
        and p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype and ${TRUSTED}
        and pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
      order by p.proname <> fn, p.proname limit 1`;

/** Stands for a zone that only the server knows. */
const ANY_ZONE: StampZone = "'any_zone'";

/** The loop over the tables in \`rels\`, by all that decides its text: it is the same for every table of a project. */
const loops = new Map<string, string>();

/** The loops that blocks of this process have. */
export const knownLoops = (): readonly string[] => [...loops.values()];

export function reconcileLoop(target: Omit<HookTarget, 'table' | 'quoted'>): string {
  const { updatedAt = '', clock, onExplicitUpdate } = target;
  const key = JSON.stringify([updatedAt, clock.type, clock.expression, onExplicitUpdate]);
  const known = loops.get(key);
  if (known !== undefined) return known;
  const column = quoteText(updatedAt);
  const choose = (type: StampType, zone: StampZone): string => {
    const { name, body } = functionFor(target, type, zone);
    const [fn, text] = [quoteText(name), quoteText(body)];
    return zone === ANY_ZONE
      ? `fn := ${quoteText(name.slice(0, -zoneSuffix(ANY_ZONE).length))} || ${ZONE_SUFFIX}; body := pg_catalog.replace(${text}, ${quoteText(ANY_ZONE)}, zone);`
      : `fn := ${fn}; body := ${text};`;
  };
  const branches = STAMP_TYPES.map((type) =>
    type === 'timestamptz'
      ? `    when '${type}' then ${choose(type, 'utc')}`
      : `    when '${type}' then
      case zone when 'utc' then ${choose(type, 'utc')}
        when 'local' then ${choose(type, 'local')}
        else ${choose(type, ANY_ZONE)}
      end case;`,
  ).join('\n');
  const loop = `
  <<tables>>
  foreach rel in array rels loop
    ${SAFE_PATH}
    fn := null; fn_oid := null; is_made := false; make := null; todo := '{}';
    select c.relnamespace as ns, n.nspname as ns_name, n.nspowner as ns_owner, c.relowner as owner,
        pg_catalog.format('%I.%I', n.nspname, c.relname) as quoted into tab
      from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = rel;
    select case when t.typname = 'timestamptz' then 'timestamptz' when t.typname = 'timestamp' then 'timestamp'
                when t.typname = 'date' then 'date' else 'other' end into col_type
      from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
      where a.attrelid = rel and a.attname = ${column} and a.attnum > 0 and not a.attisdropped
        and a.attgenerated = '';
    kept := (select g.tgname from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
      where g.tgrelid = rel and ${keepsColumn(updatedAt)} order by g.tgname limit 1);
    select pg_catalog.pg_get_expr(d.adbin, d.adrelid) into def
      from pg_catalog.pg_attrdef d join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
      where d.adrelid = rel and a.attname = ${column};
    zone := pg_catalog.substring(def, ${quoteText(NAMED_ZONE)});
    if zone is null then
      zone := case when pg_catalog.substring(def, ${quoteText(LOCAL_TIME)}) is null then 'utc' else 'local' end;
    elsif pg_catalog.lower(zone) in (${UTC_ZONES.map(quoteText).join(', ')}) then
      zone := 'utc';
    end if;
    case col_type
${branches}
      else null;
    end case;
    if kept is not null then
      fn := null;
    elsif fn is not null then
      if pg_catalog.octet_length(fn) > 45 then fn := 'set_' || pg_catalog.to_hex(pg_catalog.hashtext(fn)); end if;
      ddl := fn;
      ${FIND_FUNCTION};
      if fn_oid is not null then
        perform pg_catalog.pg_advisory_xact_lock_shared(${functionLock('tab.ns_name')});
        ${FIND_FUNCTION};
      end if;
      if fn_oid is null then
        perform pg_catalog.pg_advisory_xact_lock(${functionLock('tab.ns_name')});
        fn := ddl;
        ${FIND_FUNCTION};
      end if;
      if fn_oid is null then
        -- A project's own function of this name, or one of a role that is not to be trusted, stays as it is.
        fn := ddl;
        tries := 1;
        while exists (select from pg_catalog.pg_proc p where p.pronamespace = tab.ns and p.proname = fn and p.pronargs = 0
            and (p.prosrc not like '%${FUNCTION_MARK}%' or p.prosecdef or p.proconfig is not null or not ${TRUSTED}
              or not pg_catalog.pg_has_role(p.proowner, 'USAGE'))) loop
          fn := '${ASIDE}' || ddl || case when tries = 1 then '' else '_' || tries end;
          tries := tries + 1;
        end loop;
        make := pg_catalog.format('create %sfunction %I.%I() returns trigger language plpgsql as %L',
          case when exists (select from pg_catalog.pg_proc p where p.pronamespace = tab.ns and p.proname = fn and p.pronargs = 0)
            then 'or replace ' else '' end, tab.ns_name, fn, body);
      end if;
    elsif col_type is not null then
      raise warning using errcode = '${WARNING_STATE}', message = pg_catalog.format(
        'table %s has a column %I of its own that cannot hold the time stamp: it got no update trigger', tab.quoted, ${column});
    end if;
    for old in select g.tgname, g.tgfoid, g.tgtype = 19 and g.tgqual is null and g.tgattr::pg_catalog.text = '' as is_whole from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
        where g.tgrelid = rel and not g.tgisinternal and p.prosrc like '%${FUNCTION_MARK}%'
        order by g.tgname <> '${TRIGGER_NAME}', g.tgname loop
      if old.tgfoid = fn_oid and old.is_whole and not is_made then is_made := true;
      else todo := todo || pg_catalog.format('drop trigger %I on %s', old.tgname, tab.quoted);
      end if;
    end loop;
    if fn is not null and not is_made then
      trg := '${TRIGGER_NAME}';
      if exists (select from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
          where g.tgrelid = rel and g.tgname = trg and p.prosrc not like '%${FUNCTION_MARK}%') then trg := '${ASIDE}${TRIGGER_NAME}'; end if;
      todo := todo || pg_catalog.format('create trigger %I before update on %s for each row execute function %I.%I()', trg, tab.quoted, tab.ns_name, fn);
    end if;
    ${PATH_BACK}
    begin
      if make is not null then execute make; end if;
      foreach ddl in array todo loop execute ddl; end loop;
    exception when others then
      ${RAISE_PASSING}
      raise warning using errcode = '${WARNING_STATE}', message = pg_catalog.format(
        'table %s got no update trigger, because the database refused it: %s', tab.quoted, sqlerrm);
    end;
  end loop;`;
  loops.set(key, loop);
  return loop;
}

const MARKS_START = '-- marks of the columns';
const MARKS_END = '-- the trigger';
const MARKS = new RegExp(
  `rel := (pg_catalog\\.to_regclass\\(E?'(?:[^']|'')*'\\));[^]*?${MARKS_START}([^]*?)\\n  ${MARKS_END}\\n`,
);

/**
 * One statement that makes the trigger of a table fit the type that its updated_at column has now: creates the
 * function and the trigger, replaces a trigger with another function, or drops it. All is read from the catalog
 * on the server, so it is right after any CREATE or ALTER and does nothing the second time.
 */
export function reconcileTriggerSql(target: HookTarget, marks: readonly MetadataColumn[] = []): string {
  const statements = `
  rel := pg_catalog.to_regclass(${quoteText(target.quoted)});
  if rel is null then return; end if;
  rels := array[rel];
  ${MARKS_START}${marks.map((mark) => `\n  ${markColumn(target.quoted, mark)};`).join('')}
  ${MARKS_END}`;
  return block(RECONCILE_DECLARATIONS, statements + reconcileLoop(target));
}

/** The table of such a block as an expression, and the statements that mark its columns; undefined of another block. */
export function marksOf(sql: string): { readonly table: string; readonly statements: string } | undefined {
  const [, table, statements] = MARKS.exec(sql) ?? [];
  return table === undefined || statements === undefined
    ? undefined
    : { table, statements: statements.trim() };
}

/** One statement that drops the functions of knex-meta's that no trigger uses any more. */
export function dropUnusedFunctionsSql(schema: string | undefined): string {
  const schemas = schema === undefined ? 'pg_catalog.current_schemas(false)' : `array[${quoteText(schema)}]`;
  return block(
    [
      'spaces pg_catalog.name[]',
      'f record',
      'fn_oid pg_catalog.oid',
      'todo pg_catalog.text[]',
      'ddl pg_catalog.text',
    ],
    `
  spaces := ${schemas};
  ${SAFE_PATH}
  todo := '{}';
  for f in select p.pronamespace, n.nspname, p.proname
      from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where n.nspname = any (spaces) and p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype
        and p.prosrc like '%-- ${FUNCTION_MARK}' || pg_catalog.chr(10) || '%' and pg_catalog.pg_has_role(p.proowner, 'USAGE') loop
    -- Another session that is about to use the function holds the lock: then it stays.
    continue when not pg_catalog.pg_try_advisory_xact_lock(${functionLock('f.nspname')});
    -- Read again under the lock: another session may have dropped it and made it anew since.
    select p.oid into fn_oid from pg_catalog.pg_proc p
      where p.pronamespace = f.pronamespace and p.proname = f.proname and p.pronargs = 0;
    continue when fn_oid is null or exists (select from pg_catalog.pg_trigger g where g.tgfoid = fn_oid);
    todo := todo || pg_catalog.format('drop function if exists %I.%I()', f.nspname, f.proname);
  end loop;
  ${PATH_BACK}
  foreach ddl in array todo loop
    begin
      execute ddl;
    exception when others then
      -- A snapshot from before the trigger that uses it (REPEATABLE READ), or an event trigger that refuses: it stays.
      ${RAISE_PASSING}
    end;
  end loop;`,
  );
}
