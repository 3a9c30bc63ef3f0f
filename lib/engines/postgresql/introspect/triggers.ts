import type { Trigger } from '../../../schema/table.js';
import { columnOfBody } from '../facts.js';
import { FUNCTION_MARK } from '../keeps.js';
import { type ColumnsOf, joinComment, readManyRows, type Scope } from './rows.js';
import { stable } from './stable.js';

export interface TriggerRow {
  readonly relation: string;
  readonly name: string;
  readonly comment?: string;
  /** Absent for a trigger that another session has dropped since the snapshot. */
  readonly definition?: string;
  readonly function_schema: string;
  readonly function_name: string;
  readonly enabled: 'O' | 'D' | 'R' | 'A';
  /** Of our own function only. */
  readonly body?: string;
}

const TRIGGER: ColumnsOf<TriggerRow> = {
  relation: true,
  name: true,
  comment: true,
  definition: true,
  function_schema: true,
  function_name: true,
  enabled: true,
  body: true,
};

export function readTriggers({ db, namespaces }: Scope): Promise<readonly TriggerRow[]> {
  return readManyRows<TriggerRow>(
    db,
    `select t.tgrelid as relation, t.tgname as name, d.description as comment,
      pg_catalog.pg_get_triggerdef(t.oid, true) as definition, pn.nspname as function_schema, p.proname as function_name,
      t.tgenabled as enabled, case when p.prosrc like '%${FUNCTION_MARK}%' then p.prosrc end as body
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid
    join pg_catalog.pg_proc p on p.oid = t.tgfoid
    join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace
    ${joinComment('pg_trigger', 't.oid')}
    where not t.tgisinternal and t.tgparentid = 0 and c.relkind in ('r', 'p', 'v') and c.relnamespace in ${namespaces}
    order by t.tgname`,
    TRIGGER,
  );
}

const ENABLED: Readonly<Record<TriggerRow['enabled'], Trigger['enabled']>> = {
  O: 'yes',
  D: 'no',
  R: 'replica',
  A: 'always',
};

export function triggerOf(row: TriggerRow): Trigger {
  return {
    name: row.name,
    comment: row.comment,
    definition: stable(row.definition ?? ''),
    calls: { schema: row.function_schema, name: row.function_name },
    enabled: ENABLED[row.enabled],
    stamps: row.body === undefined ? undefined : columnOfBody(row.body),
  };
}
