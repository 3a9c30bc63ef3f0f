import type { Knex } from 'knex';
import type { LintEngine, Witness } from '../../../lint/engine.js';
import type { LintRule } from '../../../lint/rule.js';
import { COLUMNS } from '../../../lint/rules/columns.js';
import { CONSTRAINTS } from '../../../lint/rules/constraints.js';
import { DESTRUCTIVE } from '../../../lint/rules/destructive.js';
import { FILES, KNEX } from '../../../lint/rules/knex.js';
import { LOCKS } from '../../../lint/rules/locks.js';
import { rowsOf } from '../../../metadata/session.js';
import { SAFE_WAYS } from '../../../operations/hazards/safeWays.js';
import { tableColumns } from '../examine.js';
import { quoteName } from '../identifiers.js';
import { read } from './read.js';

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
  'DROP_TABLE DROP_COLUMN DELETE_ALL BACKFILL DROP_NOT_NULL ADD_REQUIRED_COLUMN SET_NOT_NULL RENAME_TABLE RENAME_COLUMN UNIQUE_INDEX WIDE_INDEX TRANSACTION_WORD RAW_TABLE SEVERAL_CHANGES'.split(
    ' ',
  ),
);
const rules: readonly LintRule[] = [
  ...[...DESTRUCTIVE, ...COLUMNS, ...CONSTRAINTS, ...LOCKS, ...KNEX]
    .filter(({ code }) => SHARED.has(code))
    // The rest of the safe way is another engine's.
    .map((rule) => (rule.code === 'SET_NOT_NULL' ? { ...rule, remedy: SAFE_WAYS.notNull } : rule)),
  ...OWN,
  ...FILES,
];

function witness(db: Knex): Witness {
  const count = async (sql: string): Promise<number | undefined> => {
    try {
      const [row] = rowsOf(await db.raw(sql.replaceAll('?', '\\?')));
      return Number(row?.count);
    } catch {
      return undefined;
    }
  };
  return {
    catalog: async () =>
      (await tableColumns(db)).map(({ name, columns }) => ({
        table: { schema: undefined, name },
        columns: columns.map((column) => ({
          name: column.name,
          type: column.type.toLowerCase(),
          isNullable: column.nullable,
        })),
        neverNull: [],
      })),
    count,
    rows: ({ name }, limit) =>
      count(`select count(*) as count from (select 1 from ${quoteName(name)} limit ${limit + 1})`),
  };
}

export const lint: LintEngine = { rules, read, witness };
