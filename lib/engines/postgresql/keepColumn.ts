import type { HookTarget, Row, Session } from '../contract.js';
import { isInstant } from '../writtenValues.js';
import { quoteName, quoteText, withoutBindings } from './identifiers.js';
import { COLUMN_MARK } from './trigger.js';

const of = (catalog: string): string => `d.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass`;

/** Objects that depend on a column, other than its default, its NOT NULL and what the condition allows. */
const dependents = (column: string, allowed: string): string =>
  `exists (select 1 from pg_catalog.pg_depend d where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refobjid = c.oid and d.refobjsubid = ${column}.attnum
    and not (${of('pg_attrdef')} and d.objid = ${column}d.oid) and not (${of('pg_constraint')}
      and exists (select 1 from pg_catalog.pg_constraint n where n.oid = d.objid and n.contype = 'n'))
    and not (${allowed}))`;

/** Everything that decides whether one column can stand for the other, in one row. */
function columnsQuery(target: HookTarget, metadataName: string, ownName: string): string {
  const attribute = (alias: string, name: string) => `join pg_catalog.pg_attribute ${alias}
      on ${alias}.attrelid = c.oid and ${alias}.attname = ${quoteText(name)} and not ${alias}.attisdropped
    left join pg_catalog.pg_attrdef ${alias}d on ${alias}d.adrelid = c.oid and ${alias}d.adnum = ${alias}.attnum`;
  return `select pg_catalog.format_type(o.atttypid, o.atttypmod) as own_type,
      pg_catalog.format_type(m.atttypid, m.atttypmod) as metadata_type,
      pg_catalog.pg_get_expr(od.adbin, c.oid) as own_default, pg_catalog.pg_get_expr(md.adbin, c.oid) as metadata_default,
      o.attnotnull as own_not_null, m.attnotnull as metadata_not_null,
      pg_catalog.col_description(c.oid, o.attnum) as own_comment,
      c.relkind = 'r' and not c.relispartition and not c.relhassubclass
        and not exists (select 1 from pg_catalog.pg_inherits i where i.inhrelid = c.oid)
        and o.attgenerated = '' and o.attidentity = '' and m.attgenerated = '' and m.attidentity = ''
        and o.attcollation = m.attcollation and o.attacl is null and m.attacl is null
        and not ${dependents('o', 'false')} and not ${dependents('m', `${of('pg_class')} or ${of('pg_constraint')}`)}
        and not exists (select 1 from pg_catalog.pg_attribute b where b.attrelid = c.oid and not b.attisdropped
          and b.attnum > m.attnum and b.attnum < o.attnum
          and coalesce(pg_catalog.col_description(c.oid, b.attnum) not like '${COLUMN_MARK}%', true)) as is_simple
    from pg_catalog.pg_class c
    ${attribute('o', ownName)}
    ${attribute('m', metadataName)}
    where c.oid = pg_catalog.to_regclass(${quoteText(target.quoted)})::pg_catalog.oid`;
}

/** The digits of a second that an instant with a time zone keeps; undefined for another type. */
function digitsOf(type: unknown): number | undefined {
  const found = /^timestamp(?:\((\d)\))? with time zone$/.exec(String(type));
  return found === null ? undefined : Number(found[1] ?? 6);
}

/** Whether every value of the metadata column is the value that a row of the own column is to have. */
function hasSameValues(key: string, row: Row): boolean {
  if (row.is_simple !== true || (row.own_not_null === true && row.metadata_not_null !== true)) return false;
  if (isInstant(key)) {
    const [own, metadata] = [digitsOf(row.own_type), digitsOf(row.metadata_type)];
    return own !== undefined && metadata !== undefined && own >= metadata;
  }
  // A row that nobody has written to gets the default of the own column, which has to be what it has.
  if (row.own_type !== row.metadata_type || row.own_default !== row.metadata_default) return false;
  return key === 'notes' ? row.own_default === null : row.metadata_not_null === true;
}

/** See `MetadataEngine.keepColumn`. The server changes its catalog and rewrites no row. */
export async function keepColumn(
  session: Session,
  target: HookTarget,
  key: string,
  metadataName: string,
  ownName: string,
): Promise<boolean> {
  const [row] = await session.rows(withoutBindings(columnsQuery(target, metadataName, ownName)));
  if (row === undefined || !hasSameValues(key, row)) return false;
  const name = quoteName(ownName);
  const parts = [
    ...(row.own_type === row.metadata_type ? [] : [`type ${String(row.own_type)}`]),
    row.own_default === null ? 'drop default' : `set default ${String(row.own_default)}`,
    ...(row.own_not_null === true ? [] : ['drop not null']),
  ];
  const statements = [
    `alter table ${target.quoted} drop column ${name}`,
    `alter table ${target.quoted} rename column ${quoteName(metadataName)} to ${name}`,
    `alter table ${target.quoted} ${parts.map((part) => `alter column ${name} ${part}`).join(', ')}`,
    `comment on column ${target.quoted}.${name} is ${row.own_comment === null ? 'null' : quoteText(String(row.own_comment))}`,
  ];
  // One text: the server runs it whole or not at all, also outside a transaction.
  await session.rows(withoutBindings(statements.join(';\n')));
  return true;
}
