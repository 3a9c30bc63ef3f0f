import type { Knex } from 'knex';
import type { LintEngine, Witness } from '../../../lint/engine.js';
import type { LintRule } from '../../../lint/rule.js';
import { COLUMNS } from '../../../lint/rules/columns.js';
import { CONSTRAINTS } from '../../../lint/rules/constraints.js';
import { DESTRUCTIVE } from '../../../lint/rules/destructive.js';
import { FILES, KNEX } from '../../../lint/rules/knex.js';
import { LOCKS } from '../../../lint/rules/locks.js';
import { ownRows } from '../../../metadata/session.js';
import { SAFE_WAYS } from '../../../operations/hazards/safeWays.js';
import { quoteName } from '../identifiers.js';
import { columnsOf, read } from './read.js';

const OWN: readonly LintRule[] = [
  {
    code: 'REBUILD',
    harm: 'long lock',
    severity: 'note',
    finds: 'an alteration that SQLite cannot do in place',
    reason: 'The table is copied row by row, and nobody writes to the database meanwhile.',
    remedy:
      'Put the alterations of a table into one `alterTable`; with millions of rows: a maintenance window.',
    on: {
      rebuild: ({ table }, { known }) =>
        known.isNew(table) ? undefined : { table, message: `${table.name} is copied to be altered.` },
    },
  },
  {
    code: 'IDLE_PRAGMA',
    harm: 'can fail',
    severity: 'warning',
    finds: '`PRAGMA foreign_keys` in a transaction',
    reason: 'SQLite takes no notice of it there: DROP TABLE still deletes the rows that refer to the table.',
    remedy: 'Leave it out: knex-meta alters tables without it. Or `transaction: false` in the migration.',
    on: {
      idleSetting: ({ name }, { isTransaction }) =>
        isTransaction ? { message: `PRAGMA ${name} does nothing in a transaction.` } : undefined,
    },
  },
];

const SHARED: ReadonlySet<string> = new Set(
  'DROP_TABLE DROP_COLUMN DELETE_ALL BACKFILL DROP_NOT_NULL ADD_REQUIRED_COLUMN SET_NOT_NULL CHANGES_VALUES RENAME_TABLE RENAME_COLUMN UNIQUE_INDEX WIDE_INDEX TRANSACTION_WORD RAW_TABLE SEVERAL_CHANGES'.split(
    ' ',
  ),
);
const REMEDIES: Readonly<Record<string, string>> = {
  SET_NOT_NULL: SAFE_WAYS.notNull,
  CHANGES_VALUES: SAFE_WAYS.keepText,
};

const rules: readonly LintRule[] = [
  ...[...DESTRUCTIVE, ...COLUMNS, ...CONSTRAINTS, ...LOCKS, ...KNEX]
    .filter(({ code }) => SHARED.has(code))
    // The rest of the safe way is another engine's.
    .map((rule) => ({ ...rule, remedy: REMEDIES[rule.code] ?? rule.remedy })),
  ...OWN,
  ...FILES,
];

const TABLES = `select m.name, m.sql from sqlite_master m join pragma_table_list l on l.schema = 'main' and l.name = m.name and l.type = 'table'
  where m.type = 'table' and m.name not like 'sqlite\\_%' escape '\\' and m.sql not like 'create virtual%'`;

function witness(db: Knex): Witness {
  const count = async (sql: string): Promise<number | undefined> => {
    try {
      const [row] = await ownRows(db, sql);
      return Number(row?.count);
    } catch {
      return undefined;
    }
  };
  return {
    // Read by the words that a copy is read by: what they leave open is no difference then.
    catalog: async () =>
      (await ownRows(db, TABLES)).map(({ name, sql }) => ({
        table: { schema: undefined, name: String(name) },
        columns: columnsOf(String(sql)),
        neverNull: [],
      })),
    count,
    rows: ({ name }, limit) =>
      count(`select count(*) as count from (select 1 from ${quoteName(name)} limit ${limit + 1})`),
  };
}

export const lint: LintEngine = { rules, read, witness };
