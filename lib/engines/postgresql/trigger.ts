import type { HookTarget, MetadataColumn } from '../contract.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';

/** Stands in the body of every function of knex-meta's: how they are told from a project's own. */
export const FUNCTION_MARK = 'knex-meta';
/** The comment of a column that knex-meta put there begins with this. */
export const COLUMN_MARK = 'knex-meta:';
/** The setting of one transaction in which rows keep the time stamps that they are given. */
export const PRESERVE_SETTING = 'knex_meta.preserve';
export const TRIGGER_NAME = 'update_timestamp';
/** SQLSTATE of the warning that says why a table got no trigger. */
export const WARNING_STATE = 'KM001';

const COMMENTS: Readonly<Record<string, string>> = {
  is_active: 'false marks a row as deleted',
  is_flagged: 'true marks a row for attention',
  notes: 'free text about the row',
  created_at: 'when the row was inserted (UTC)',
  updated_at: 'when the row was last updated (UTC), kept by a trigger',
};

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
const STAMP_TYPES = ['timestamptz', 'timestamp', 'date'] as const;
export type StampType = (typeof STAMP_TYPES)[number];

/** The value to assign, by the type of the column: the instant in UTC, whatever the session's time zone. */
function valuesByType({ clock }: Pick<HookTarget, 'clock'>): Readonly<Record<StampType, string>> {
  const { expression } = clock;
  // CURRENT_TIMESTAMP is pg_catalog.now(), which is the shorter way to the same value.
  const now = /^current_timestamp$/i.test(expression) ? 'pg_catalog.now()' : expression;
  const shifted = `pg_catalog.timezone('utc', ${now})`;
  const plain = clock.type === 'timestamp' ? now : shifted;
  return {
    timestamptz: clock.type === 'timestamptz' ? now : shifted,
    timestamp: plain,
    date: `(${plain})::pg_catalog.date`,
  };
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
): { readonly name: string; readonly body: string } {
  const base = `set_${target.updatedAt ?? ''}`;
  return {
    name: type === target.clock.type ? base : `${base}_${type}`,
    body: functionBody(target, valuesByType(target)[type]),
  };
}

/** Wraps statements in a DO block whose quoting no name can end; `rest` goes on as Knex takes it. */
function block(declarations: string, statements: string, rest = ''): string {
  let tag = '$knex_meta$';
  while (statements.includes(tag) || rest.includes(tag)) tag = `${tag.slice(0, -1)}_$`;
  return `do ${tag}\ndeclare\n${declarations}\nbegin\n${withoutBindings(statements)}${rest}\nend\n${tag}`;
}

const declare = (declarations: readonly string[]): string => declarations.map((d) => `  ${d};`).join('\n');

/** The key of the advisory lock that keeps sessions from making or dropping one schema's function together. */
export const functionLock = (schema: string): string =>
  `pg_catalog.hashtextextended('${FUNCTION_MARK}:' || ${schema}, 0)`;
const LOCK_KEY = functionLock('ns_name');

const DECLARATIONS = declare([
  'rel pg_catalog.oid',
  'ns pg_catalog.oid',
  'ns_name text',
  'col_type text',
  'fn text',
  'body text',
  'fn_oid pg_catalog.oid',
  'old record',
  'trg text',
]);

const FIND_FUNCTION =
  "select p.oid into fn_oid from pg_catalog.pg_proc p where p.pronamespace = ns and p.proname = fn and p.pronargs = 0 and p.prosrc = body and pg_catalog.has_function_privilege(p.oid, 'EXECUTE')";

/** What follows the marks, by all that decides it: it is the same for every table of a project. */
const rests = new Map<string, string>();

function restOf(target: HookTarget): string {
  const { updatedAt = '', clock, onExplicitUpdate } = target;
  const key = JSON.stringify([updatedAt, clock.type, clock.expression, onExplicitUpdate]);
  const known = rests.get(key);
  if (known !== undefined) return known;
  const column = quoteText(updatedAt);
  const branches = STAMP_TYPES.map((type) => {
    const { name, body } = functionFor(target, type);
    return `    when '${type}' then fn := ${quoteText(name)}; body := ${quoteText(body)};`;
  }).join('\n');
  const rest = withoutBindings(`
  select case when t.typname = 'timestamptz' then 'timestamptz' when t.typname = 'timestamp' then 'timestamp'
              when t.typname = 'date' then 'date' else 'other' end into col_type
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    where a.attrelid = rel and a.attname = ${column} and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = '';
  case col_type
${branches}
    else null;
  end case;
  if fn is not null then
    if pg_catalog.octet_length(fn) > 63 then fn := 'set_' || pg_catalog.to_hex(pg_catalog.hashtext(fn)); end if;
    ${FIND_FUNCTION};
    if fn_oid is not null then
      perform pg_catalog.pg_advisory_xact_lock_shared(${LOCK_KEY});
      ${FIND_FUNCTION};
    end if;
    if fn_oid is null then
      perform pg_catalog.pg_advisory_xact_lock(${LOCK_KEY});
      if exists (select from pg_catalog.pg_proc p where p.pronamespace = ns and p.proname = fn and p.pronargs = 0
          and (p.prosrc not like '%${FUNCTION_MARK}%' or not pg_catalog.pg_has_role(p.proowner, 'USAGE'))) then
        -- A project's own function of this name, or another role's: theirs stays as it is.
        fn := pg_catalog.left(fn, 54) || '_' || pg_catalog.to_hex(pg_catalog.hashtext(body || current_user));
      end if;
      ${FIND_FUNCTION};
      if fn_oid is null then
        execute pg_catalog.format('create or replace function %I.%I() returns trigger language plpgsql as %L', ns_name, fn, body);
        ${FIND_FUNCTION};
      end if;
    end if;
  elsif col_type is not null then
    raise warning using errcode = '${WARNING_STATE}', message = pg_catalog.format(
      'table %s has a column %I of its own that cannot hold the time stamp: it got no update trigger', rel::pg_catalog.regclass, ${column});
  end if;
  for old in select g.tgname, g.tgfoid from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
      where g.tgrelid = rel and not g.tgisinternal and p.prosrc like '%${FUNCTION_MARK}%' loop
    if old.tgfoid = fn_oid then return; end if;
    execute pg_catalog.format('drop trigger %I on %s', old.tgname, rel::pg_catalog.regclass);
  end loop;
  if fn_oid is null then return; end if;
  trg := '${TRIGGER_NAME}';
  if exists (select from pg_catalog.pg_trigger g where g.tgrelid = rel and g.tgname = trg) then trg := 'knex_meta_${TRIGGER_NAME}'; end if;
  execute pg_catalog.format('create trigger %I before update on %s for each row execute function %I.%I()', trg, rel::pg_catalog.regclass, ns_name, fn);`);
  rests.set(key, rest);
  return rest;
}

/**
 * One statement that makes the trigger of a table fit the type that its updated_at column has now: creates the
 * function and the trigger, replaces a trigger with another function, or drops it. All is read from the catalog
 * on the server, so it is right after any CREATE or ALTER and does nothing the second time.
 */
export function reconcileTriggerSql(target: HookTarget, marks: readonly MetadataColumn[] = []): string {
  const statements = `
  rel := pg_catalog.to_regclass(${quoteText(target.quoted)});
  if rel is null then return; end if;
  select c.relnamespace, n.nspname into ns, ns_name
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = rel;
${marks.map((mark) => `  ${markColumn(target.quoted, mark)};`).join('\n')}`;
  return block(DECLARATIONS, statements, restOf(target));
}

/** One statement that drops the functions of knex-meta's that no trigger uses any more. */
export function dropUnusedFunctionsSql(schema: string | undefined): string {
  const schemas = schema === undefined ? 'any (pg_catalog.current_schemas(false))' : quoteText(schema);
  return block(
    declare(['f record', 'ns_name text', 'fn_oid pg_catalog.oid']),
    `
  for f in select p.pronamespace, n.nspname, p.proname
      from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where n.nspname = ${schemas} and p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype
        and p.prosrc like '%${FUNCTION_MARK}%' and pg_catalog.pg_has_role(p.proowner, 'USAGE') loop
    ns_name := f.nspname;
    -- Another session that is about to use the function holds the lock: then it stays.
    continue when not pg_catalog.pg_try_advisory_xact_lock(${LOCK_KEY});
    -- Read again under the lock: another session may have dropped it and made it anew since.
    select p.oid into fn_oid from pg_catalog.pg_proc p
      where p.pronamespace = f.pronamespace and p.proname = f.proname and p.pronargs = 0;
    continue when fn_oid is null or exists (select from pg_catalog.pg_trigger g where g.tgfoid = fn_oid);
    begin
      execute pg_catalog.format('drop function if exists %I.%I()', f.nspname, f.proname);
    exception when dependent_objects_still_exist then
      -- A snapshot from before the trigger that uses it (REPEATABLE READ): it stays.
      null;
    end;
  end loop;`,
  );
}
