import type { Row } from '../contract.js';
import { MAY_USE_PLPGSQL } from './blockRights.js';

/** What this role may do in each schema to create an update trigger, and the event triggers that can refuse it. */
export const OBSTACLES = `select n.nspname as schema, current_user::pg_catalog.text as role, ${MAY_USE_PLPGSQL} as may_use,
    pg_catalog.has_schema_privilege(n.oid, 'CREATE') as may_create,
    (select pg_catalog.string_agg(e.evtname, ', ' order by e.evtname) from pg_catalog.pg_event_trigger e
      where e.evtenabled <> 'D' and e.evtevent in ('ddl_command_start', 'ddl_command_end')
        and (e.evttags is null or e.evttags && array['CREATE FUNCTION', 'CREATE TRIGGER'])) as event_triggers
  from pg_catalog.pg_namespace n`;

/** Why the role can have made no update trigger in the schema of such a row. */
export function obstacleOf(row: Row | undefined): string | undefined {
  if (row === undefined) return undefined;
  const role = `the role ${String(row.role)}`;
  if (row.may_use !== true) return `${role} may not use the language plpgsql`;
  if (row.may_create !== true) return `${role} may not create functions in the schema ${String(row.schema)}`;
  return row.event_triggers === null
    ? undefined
    : `the database has event triggers that can refuse it: ${String(row.event_triggers)}`;
}
