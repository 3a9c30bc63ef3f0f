import type { Knex } from 'knex';
import { isMetadataName } from '../../metadata/options.js';
import { ownRows } from '../../metadata/session.js';
import type { ExpectedColumn, WantedMetadata } from '../checks.js';
import type { Row } from '../contract.js';
import { attempt } from '../undo.js';
import { quoteName, withoutBindings } from './identifiers.js';
import { columnDefault, columnType } from './metadata.js';
import { ON_SAFE_PATH } from './safePath.js';

const TABLE = 'knex_meta_expected';

const READ = `select a.attname as name, pg_catalog.pg_get_expr(d.adbin, d.adrelid) as default_to
  from pg_catalog.pg_attribute a join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = pg_catalog.to_regclass('pg_temp.${TABLE}')::pg_catalog.oid`;

const TYPES: Readonly<Record<string, string>> = {
  'timestamptz(3)': 'timestamp with time zone',
  'timestamp(3)': 'timestamp without time zone',
};

/**
 * The metadata columns as the server itself writes them: their defaults from a temporary table of the transaction,
 * where the role may make one.
 */
export async function expectedColumns(
  trx: Knex.Transaction,
  wanted: WantedMetadata,
): Promise<readonly ExpectedColumn[]> {
  const columns = wanted.columns
    .filter(({ key }) => isMetadataName(key))
    .map(({ key, name, quoted }) => {
      const defaultTo = columnDefault(key, wanted.clock);
      return { key, name, quoted, type: columnType(key, wanted.clock), defaultTo };
    });
  const definitions = columns.map(
    ({ quoted, type, defaultTo }) =>
      `${quoted} ${type}${defaultTo === undefined ? '' : ` default ${defaultTo}`}`,
  );
  const written = await attempt(trx, async (): Promise<readonly Row[]> => {
    const create = `create temp table ${quoteName(TABLE)} (${definitions.join(', ')})`;
    if (definitions.length > 0) await trx.raw(withoutBindings(create));
    await trx.raw(ON_SAFE_PATH);
    return ownRows(trx, READ);
  });
  return columns.map(({ key, name, type, defaultTo }) => {
    const row = written?.find((each) => each.name === name);
    return {
      key,
      name,
      type: TYPES[type] ?? type,
      nullable: defaultTo === undefined,
      defaultTo:
        defaultTo === undefined
          ? undefined
          : row === undefined
            ? { unknown: 'this role may make no temporary table' }
            : String(row.default_to),
    };
  });
}
