import type { HookDefaults, OwnTriggers } from '../ownTriggers.js';
import { type NamedObject, readTriggerStatements, type TriggerStatements } from '../triggerStatements.js';
import { block, PATH_BACK, SAFE_PATH } from './block.js';
import { quoteName, quoteText } from './identifiers.js';
import { FUNCTION_MARK, keepsColumn } from './keeps.js';
import {
  ASIDE,
  COLUMN_MARK,
  dropUnusedFunctionsSql,
  functionLock,
  RECONCILE_DECLARATIONS,
  reconcileLoop,
  TRIGGER_NAME,
} from './trigger.js';

/** The mark as it stands in a function that knex-meta has written, also in a statement that mends one. */
const OURS = /-- knex-meta\s*\n|\/\* knex-meta \*\//;

/** What the first block tells the second: the tables, and what their triggers were. */
const SETTING = 'knex_meta.beside';

const IS_OURS = `p.prosrc like '%${FUNCTION_MARK}%' and p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype`;

/** Whether a function `p` in the schema `n` is one that the text names. */
function isNamed({ functions, setsPath }: TriggerStatements, name: (wanted: string) => string): string {
  const each = functions.map(({ schema, name: wanted }) => {
    const where =
      schema !== undefined
        ? ` and n.nspname = ${quoteText(schema)}`
        : setsPath
          ? ''
          : ' and n.nspname = any (spaces)';
    return `(${name(wanted)}${where})`;
  });
  return each.length === 0 ? 'false' : `p.pronargs = 0 and (${each.join(' or ')})`;
}

/** A change of one trigger, with the place of its table in the array `wanted`. */
interface Placed {
  readonly action: 'create' | 'drop';
  readonly isCertain: boolean;
  readonly name: string;
  readonly table: number | undefined;
}

interface Changes {
  readonly tables: readonly string[];
  readonly triggers: readonly Placed[];
}

const pathOf = ({ schema, name }: NamedObject): string =>
  [schema, name].flatMap((part) => (part === undefined ? [] : [quoteName(part)])).join('.');

function changesOf({ triggers }: TriggerStatements): Changes {
  const tables = [...new Set(triggers.flatMap(({ table }) => (table === undefined ? [] : [pathOf(table)])))];
  return {
    tables,
    triggers: triggers.map(({ action, isCertain, trigger, table }) => ({
      action,
      isCertain,
      name: trigger?.name ?? TRIGGER_NAME,
      table: table === undefined ? undefined : tables.indexOf(pathOf(table)) + 1,
    })),
  };
}

const isOn = ({ table }: Placed): string =>
  table === undefined ? 'n.nspname = any (spaces)' : `g.tgrelid = wanted[${table}]`;

const isSame = (a: Placed, b: Placed): boolean => a.name === b.name && a.table === b.table;

/** A DROP TRIGGER without IF EXISTS, before anything else is done to that trigger, means ours where there is no other. */
function droppedOnPurpose(triggers: readonly Placed[]): readonly Placed[] {
  return triggers.filter(
    (each, at) =>
      each.action === 'drop' && each.isCertain && triggers.findIndex((other) => isSame(each, other)) === at,
  );
}

const anyOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`;

const ON_TABLES = `pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
      join pg_catalog.pg_class c on c.oid = g.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;

const IS_OUR_TRIGGER = `not g.tgisinternal and g.tgparentid = 0 and ${IS_OURS} and pg_catalog.pg_has_role(c.relowner, 'USAGE')`;

/** The present name under the one that ours has aside: cut, so that the server does not. */
const asideName = (name: string): string => `pg_catalog.left('${ASIDE}' || ${name}, 48)`;

const wantedTables = ({ tables }: Changes): string =>
  `array[${tables.map((table) => `pg_catalog.to_regclass(${quoteText(table)})`).join(', ')}]::pg_catalog.oid[]`;

const DECLARATIONS = [
  'spaces pg_catalog.name[]',
  'wanted pg_catalog.oid[]',
  'was pg_catalog.text',
  'f record',
];

/** Renames what of ours has a name that the project wants, and writes down what is on the tables that it touches. */
function beforeSql(statements: TriggerStatements, { updatedAt = '' }: HookDefaults): string {
  const changes = changesOf(statements);
  const purposely = droppedOnPurpose(changes.triggers);
  const moved = changes.triggers.filter((each) => !purposely.some((other) => isSame(each, other)));
  const isNamedHere = isNamed(statements, (name) => `p.proname = ${quoteText(name)}`);
  const named = (list: readonly Placed[]): string =>
    anyOf(list.map((each) => `g.tgname = ${quoteText(each.name)} and ${isOn(each)}`));
  const touched = anyOf([...changes.triggers.map(isOn), isNamedHere]);
  return block(
    [
      ...DECLARATIONS,
      'aside pg_catalog.text',
      'tries pg_catalog.int4',
      'todo pg_catalog.text[]',
      'ddl pg_catalog.text',
    ],
    `
  spaces := pg_catalog.current_schemas(false);
  wanted := ${wantedTables(changes)};
  ${SAFE_PATH}
  todo := '{}';
  was := coalesce((select pg_catalog.string_agg(pg_catalog.format('%s %s %s', s.id, s.ours, s.kept), ',') from (
    select g.tgrelid as id, pg_catalog.bool_or(${IS_OURS}) as ours, pg_catalog.bool_or(${keepsColumn(updatedAt)}) as kept
    from ${ON_TABLES}
    where not g.tgisinternal and g.tgparentid = 0 and g.tgrelid in (select g.tgrelid
        from ${ON_TABLES}
        where not g.tgisinternal and pg_catalog.pg_has_role(c.relowner, 'USAGE') and ${touched})
      and g.tgrelid not in (select g.tgrelid from ${ON_TABLES} where ${IS_OUR_TRIGGER} and ${named(purposely)})
    group by g.tgrelid) s), '');
  perform pg_catalog.set_config('${SETTING}', was, false);
  for f in select p.proname, n.nspname, p.pronamespace from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where ${IS_OURS} and pg_catalog.pg_has_role(p.proowner, 'USAGE') and ${isNamedHere} loop
    perform pg_catalog.pg_advisory_xact_lock(${functionLock('f.nspname')});
    aside := ${asideName('f.proname')};
    tries := 1;
    while exists (select from pg_catalog.pg_proc p
        where p.pronamespace = f.pronamespace and p.pronargs = 0 and p.proname = aside) loop
      tries := tries + 1;
      aside := ${asideName('f.proname')} || '_' || tries;
    end loop;
    todo := todo || pg_catalog.format('alter function %I.%I() rename to %I', f.nspname, f.proname, aside);
  end loop;
  for f in select g.tgname, pg_catalog.format('%I.%I', n.nspname, c.relname) as quoted from ${ON_TABLES} where ${IS_OUR_TRIGGER} and ${named(moved)} loop
    todo := todo || pg_catalog.format('alter trigger %I on %s rename to %I', f.tgname, f.quoted, ${asideName('f.tgname')});
  end loop;
  ${PATH_BACK}
  foreach ddl in array todo loop execute ddl; end loop;`,
  );
}

/** Gives the names back that are free now, and makes the triggers of the tables that were touched fit. */
function afterSql(statements: TriggerStatements, target: HookDefaults): string {
  const changes = changesOf(statements);
  const isAside = isNamed(
    statements,
    (name) => `pg_catalog.starts_with(p.proname, ${asideName(quoteText(name))})`,
  );
  const namedAside = anyOf(
    changes.triggers.map((each) => `g.tgname = ${asideName(quoteText(each.name))} and ${isOn(each)}`),
  );
  return block(
    [...DECLARATIONS, 'given pg_catalog.text[]', ...RECONCILE_DECLARATIONS],
    `
  spaces := pg_catalog.current_schemas(false);
  wanted := ${wantedTables(changes)};
  was := pg_catalog.current_setting('${SETTING}', true);
  perform pg_catalog.set_config('${SETTING}', '', false);
  ${SAFE_PATH}
  todo := '{}';
  given := '{}';
  for f in select p.proname, n.nspname, w.name from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      join pg_catalog.unnest(array[${statements.functions.map(({ name }) => quoteText(name)).join(', ')}]::pg_catalog.text[]) w (name)
        on pg_catalog.starts_with(p.proname, ${asideName('w.name')})
      where ${IS_OURS} and pg_catalog.pg_has_role(p.proowner, 'USAGE') and ${isAside}
        and not exists (select from pg_catalog.pg_proc o where o.pronamespace = p.pronamespace and o.pronargs = 0 and o.proname = w.name)
      order by pg_catalog.length(p.proname) loop
    continue when f.nspname || '.' || f.name = any (given);
    given := given || (f.nspname || '.' || f.name);
    todo := todo || pg_catalog.format('alter function %I.%I() rename to %I', f.nspname, f.proname, f.name);
  end loop;
  for f in select g.tgname, pg_catalog.format('%I.%I', n.nspname, c.relname) as quoted, w.name from ${ON_TABLES}
      join pg_catalog.unnest(array[${changes.triggers.map(({ name }) => quoteText(name)).join(', ')}]::pg_catalog.text[]) w (name) on g.tgname = ${asideName('w.name')}
      where ${IS_OUR_TRIGGER} and ${namedAside}
        and not exists (select from pg_catalog.pg_trigger o where o.tgrelid = g.tgrelid and o.tgname = w.name) loop
    continue when f.quoted || '.' || f.name = any (given);
    given := given || (f.quoted || '.' || f.name);
    todo := todo || pg_catalog.format('alter trigger %I on %s rename to %I', f.tgname, f.quoted, f.name);
  end loop;
  rels := array(select c.oid from pg_catalog.unnest(pg_catalog.string_to_array(was, ',')) e (line)
    join pg_catalog.pg_class c on c.oid = pg_catalog.split_part(e.line, ' ', 1)::pg_catalog.oid
    where pg_catalog.split_part(e.line, ' ', 2) = 't'
      or pg_catalog.split_part(e.line, ' ', 3) = 't'
        and not exists (select from pg_catalog.pg_trigger g join pg_catalog.pg_proc p on p.oid = g.tgfoid
          where g.tgrelid = c.oid and ${keepsColumn(target.updatedAt ?? '')})
        and exists (select from pg_catalog.pg_description d where d.objoid = c.oid
          and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid > 0 and d.description like '${COLUMN_MARK}%'));
  ${PATH_BACK}
  foreach ddl in array todo loop execute ddl; end loop;${reconcileLoop(target)}`,
  );
}

/** See `OwnTriggers`. Both are blocks that ask and act on the server: a plan and a script have them as they stand. */
export const ownTriggers: OwnTriggers = {
  read: (sql) => (OURS.test(sql) ? undefined : readTriggerStatements(sql)),
  before: async (session, statements, target) => {
    await session.rows(beforeSql(statements, target));
  },
  after: async (session, statements, target) => {
    await session.rows(afterSql(statements, target));
    await session.rows(dropUnusedFunctionsSql(undefined));
  },
};
