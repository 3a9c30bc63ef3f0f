import type { Knex } from 'knex';
import { ownRows } from '../../metadata/session.js';
import type { Examination } from '../checks.js';
import type { Row } from '../contract.js';
import { quoteName } from './identifiers.js';

/** Where `session_replication_role` is set to something under which ordinary triggers are silent. */
const STORED = `select r.rolname as role, d.datname as database
  from pg_catalog.pg_db_role_setting s left join pg_catalog.pg_roles r on r.oid = s.setrole
  left join pg_catalog.pg_database d on d.oid = s.setdatabase
  where exists (select from pg_catalog.unnest(s.setconfig) c where c ilike 'session_replication_role=replica')
    and (s.setdatabase = 0 or d.datname = pg_catalog.current_database())
  order by 1, 2`;

const CURRENT = `select setting, source from pg_catalog.pg_settings where name = 'session_replication_role'`;

function stored({ role, database }: Row): { readonly message: string; readonly mend: string } {
  const of = [
    ...(role === null ? [] : [`role ${role}`]),
    ...(database === null ? [] : [`database ${database}`]),
  ].join(' in ');
  const target =
    role === null
      ? `database ${quoteName(String(database))}`
      : `role ${quoteName(String(role))}${database === null ? '' : ` in database ${quoteName(String(database))}`}`;
  return {
    message: `session_replication_role is replica for ${of}: no trigger fires in its sessions`,
    mend: `alter ${target} reset session_replication_role`,
  };
}

/** Settings under which no trigger fires. */
export async function readSilencers(trx: Knex.Transaction): Promise<Examination['silencers']> {
  const rows: readonly Row[] = await ownRows(trx, STORED);
  const [current]: readonly Row[] = await ownRows(trx, CURRENT);
  const found = rows.map(stored);
  const isOwn =
    current?.setting === 'replica' && !/^(database|user|database user)$/.test(String(current.source));
  if (!isOwn) return found;
  const mend =
    current.source === 'configuration file'
      ? 'alter system reset session_replication_role'
      : 'set session_replication_role = origin';
  return [
    ...found,
    { message: `session_replication_role is replica in this session (from: ${current.source})`, mend },
  ];
}
