import type { ExpectedColumn } from '../engines/checks.js';
import type { ColumnFacts } from '../engines/contract.js';
import type { CheckReport, Finding } from './finding.js';
import type { CheckedTable } from './migration.js';

const ADD = 'Add what is missing, or exclude the table with `meta.tables.exclude`.';
const ADOPT =
  'Adopt the table by a migration, without a long lock where there are many rows; `npx knex-meta meta:adopt` alone takes all tables. Read the file before you apply it. Or exclude the table with `meta.tables.exclude`.';

type Fold = (name: string) => string;

function missingNames({ wanted, table: { columns } }: CheckedTable, fold: Fold): readonly string[] {
  const names = new Set(columns.map(({ name }) => fold(name)));
  return wanted.filter((name) => !names.has(fold(name)));
}

/** Whether a table is from before, or was made past the hook: it lacks columns, and those it has are its own. */
export function isFromBefore(checked: CheckedTable, fold: Fold): boolean {
  const wanted = new Set(checked.wanted.map(fold));
  return (
    missingNames(checked, fold).length > 1 &&
    !checked.table.columns.some(({ name, isMetadata }) => isMetadata && wanted.has(fold(name)))
  );
}

const BY_HAND =
  'By hand, because no adoption takes it (`npx knex-meta meta:adopt --table` says why): the columns, then check again for the trigger. Or exclude the table with `meta.tables.exclude`.';

function missingColumns(checked: CheckedTable, table: string, fold: Fold): readonly Finding[] {
  const { mending, adopting } = checked;
  const { expected } = checked.table;
  const missing = missingNames(checked, fold);
  const mendOf = (name: string): readonly string[] => {
    const column = expected.find((each) => fold(each.name) === fold(name));
    return column === undefined ? [] : mending.addColumn(column);
  };
  // One line for such a table.
  if (isFromBefore(checked, fold)) {
    const lacks = missing.length === checked.wanted.length ? '' : `: it lacks ${missing.join(', ')}`;
    return [
      {
        code: 'METADATA_MISSING',
        table,
        message: `${table} has none of the metadata columns${lacks === '' ? '' : ` but its own${lacks}`}`,
        remedy: adopting === undefined ? BY_HAND : ADOPT,
        mend: adopting ?? missing.flatMap(mendOf),
      },
    ];
  }
  return missing.map((name) => ({
    code: 'COLUMN_MISSING',
    table,
    message: `${table} has no column ${name}`,
    remedy: ADD,
    mend: mendOf(name),
  }));
}

function defaultOf(defaultTo: string | undefined): string {
  return defaultTo === undefined ? 'none' : `\`${defaultTo}\``;
}

function differences(facts: ColumnFacts, expected: ExpectedColumn): readonly (readonly [string, string])[] {
  const { type, nullable, defaultTo } = expected;
  const isKnown = typeof defaultTo !== 'object';
  return [
    ...(facts.type === type ? [] : [['COLUMN_TYPE', `is ${facts.type}, and should be ${type}`] as const]),
    ...(facts.nullable === nullable
      ? []
      : [['COLUMN_NULLABLE', nullable ? 'is NOT NULL, and should not be' : 'is not NOT NULL'] as const]),
    ...(!isKnown || facts.defaultTo === defaultTo
      ? []
      : [
          [
            'COLUMN_DEFAULT',
            `has the default ${defaultOf(facts.defaultTo)}, and should have ${defaultOf(defaultTo)}`,
          ] as const,
        ]),
  ];
}

/** What knex-meta put there and is not as it should be now; a project's own columns are as they are. */
function changedColumns(checked: CheckedTable, table: string, fold: Fold): readonly Finding[] {
  return checked.table.expected.flatMap((expected) => {
    const facts = checked.table.columns.find(({ name }) => fold(name) === fold(expected.name));
    if (facts === undefined || !facts.isMetadata) return [];
    return differences(facts, expected).map(([code, what]) => ({
      code,
      table,
      message: `${table}.${facts.name} ${what}`,
      remedy:
        'Make it as it should be, or, if DATABASE_TIMESTAMP_UTC or meta.timestampUtc has another value than when the table was made, put that back.',
      mend: checked.mending.alterColumn(expected),
    }));
  });
}

function indexFindings(checked: CheckedTable, table: string, fold: Fold): readonly Finding[] {
  const { indexed, mending } = checked;
  const { indexes, columns } = checked.table;
  return indexed.flatMap((name): readonly Finding[] => {
    const column = columns.find((each) => fold(each.name) === fold(name));
    // The hook makes an index for a column of its own only.
    if (column === undefined || !column.isMetadata) return [];
    const own = indexes.filter((each) => fold(each.column) === fold(name));
    if (own.some(({ isValid }) => isValid)) return [];
    const broken = own.flatMap((each) => mending.dropIndex(each.name));
    return [
      {
        code: own.length === 0 ? 'INDEX_MISSING' : 'INDEX_INVALID',
        table,
        message:
          own.length === 0
            ? `${table} has no index on ${name}, and the configuration asks for one`
            : `the index ${own[0]?.name} on ${table} is not valid: no query uses it`,
        remedy: 'Make the index.',
        mend: [...broken, ...mending.addIndex(name)],
      },
    ];
  });
}

/** Whether the metadata columns are there, with the right type, default, nullability and index. */
export function columnFindings(checked: CheckedTable, table: string, fold: Fold): CheckReport {
  const unknown = checked.table.expected.flatMap(({ name, defaultTo }) =>
    typeof defaultTo === 'object'
      ? [`the default of ${table}.${name} was not compared: ${defaultTo.unknown}`]
      : [],
  );
  return {
    findings: [
      ...missingColumns(checked, table, fold),
      ...changedColumns(checked, table, fold),
      ...indexFindings(checked, table, fold),
    ],
    notes: unknown,
  };
}
