import type { Operation } from '../operations/operation.js';
import type { Column } from '../schema/column.js';
import type { Table } from '../schema/table.js';
import { type Comparison, comparableColumn, fingerprint, ownColumns } from './comparison.js';
import type { Unmanaged } from './options.js';
import { diffParts } from './parts.js';
import { switchRowSecurity } from './rowSecurity.js';
import { nameOf } from './scope.js';

/** The spelling of the name, and what follows from the type, say nothing by themselves. */
const NOT_COMPARED = ['name', 'userType', 'isMetadata', 'isInherited'];

/** Nothing that a column has to say besides being the primary key. */
function isPlainNumber(numbering: Column['numbering']): boolean {
  return numbering === undefined || (numbering.kind === 'rowid' && numbering.reuses);
}

function isSameColumn(from: Column, to: Column, how: Comparison, isKeyChanged: boolean): boolean {
  // Whether a column is the number of its row follows from the primary key, which is changed by itself: but not
  // whether a number is given twice.
  const isByKey = isKeyChanged && [from, to].every(({ numbering }) => isPlainNumber(numbering));
  const skipped = isByKey ? [...NOT_COMPARED, 'numbering'] : NOT_COMPARED;
  return (
    fingerprint(comparableColumn(from), how, skipped) === fingerprint(comparableColumn(to), how, skipped)
  );
}

/** A column that was numbered before, and in the same way, keeps its sequence, whatever that is called. */
function keepSequence(from: Column, to: Column): Column {
  const [had, has] = [from.numbering, to.numbering];
  if (had === undefined || had.kind === 'rowid' || has === undefined || has.kind !== had.kind) return to;
  const { schema, name } = had.sequence;
  return { ...to, numbering: { ...has, sequence: { ...has.sequence, schema, name } } };
}

function diffColumns(
  before: Table,
  after: Table,
  how: Comparison,
  isKeyChanged: boolean,
): readonly Operation[] {
  const fold = ({ name }: Column) => how.foldName(name);
  const had = new Map(ownColumns(before).map((column) => [fold(column), column]));
  const has = new Map(ownColumns(after).map((column) => [fold(column), column]));
  const change = (from: Column | undefined, to: Column | undefined): Operation => ({
    kind: 'column',
    table: { schema: after.schema, name: after.name },
    from,
    to,
  });
  return [
    ...[...has].flatMap(([name, to]) => {
      const from = had.get(name);
      if (from === undefined) return [change(undefined, to)];
      return isSameColumn(from, to, how, isKeyChanged) ? [] : [change(from, keepSequence(from, to))];
    }),
    ...[...had].filter(([name]) => !has.has(name)).map(([, from]) => change(from, undefined)),
  ];
}

const SETTINGS = ['isUnlogged', 'rowSecurity', 'isStrict', 'isWithoutRowid'] as const;

/** The kind of what is said of metadata columns that only the table has, or only the model. */
export const METADATA_COLUMNS = 'metadata columns';
/** The end of what is said of metadata columns that only the table has. */
export const NOT_IN_MODEL = 'and its model leaves them out (`metadata: false`)';

/** Settings of the whole table, and metadata columns that only one of the two has. */
function notManaged(before: Table, after: Table, how: Comparison): readonly Unmanaged[] {
  const name = nameOf(after);
  const isMade = (key: (typeof SETTINGS)[number]) =>
    key === 'rowSecurity' && switchRowSecurity(before, after).length > 0;
  const settings = SETTINGS.filter((key) => before[key] !== after[key] && !isMade(key)).map((key) => ({
    kind: 'table setting',
    name,
    reason: `${key} is ${before[key]} in the database and ${after[key]} in the models`,
  }));
  const options = before.options.join() === after.options.join() ? [] : [after.options.join(', ') || 'none'];
  const has = new Set(before.columns.map((column) => how.foldName(column.name)));
  const missing = after.columns.filter((column) => column.isMetadata && !has.has(how.foldName(column.name)));
  const wanted = new Set(after.columns.map((column) => how.foldName(column.name)));
  const extra = before.columns.filter(
    (column) => column.isMetadata && !wanted.has(how.foldName(column.name)),
  );
  const metadata = (columns: readonly Column[], reason: (list: string) => string): readonly Unmanaged[] =>
    columns.length === 0
      ? []
      : [{ kind: METADATA_COLUMNS, name, reason: reason(columns.map((column) => column.name).join(', ')) }];
  return [
    ...settings,
    ...options.map((each) => ({
      kind: 'table setting',
      name,
      reason: `storage options are ${before.options.join(', ') || 'none'} in the database and ${each} in the models`,
    })),
    ...metadata(
      missing,
      (list) => `the table has no ${list}: it was made without knex-meta, or with \`t.metadata(false)\``,
    ),
    ...metadata(extra, (list) => `the table has ${list}, ${NOT_IN_MODEL}`),
  ];
}

/** What makes one table the other; triggers apart. */
export function diffTable(
  before: Table,
  after: Table,
  how: Comparison,
): { readonly operations: readonly Operation[]; readonly unmanaged: readonly Unmanaged[] } {
  const table = { schema: after.schema, name: after.name };
  const keys = diffParts(
    'primaryKey',
    table,
    before.primaryKey === undefined ? [] : [before.primaryKey],
    after.primaryKey === undefined ? [] : [after.primaryKey],
    how,
  );
  const isKeyChanged = keys.some(({ kind }) => kind === 'primaryKey');
  const comment: readonly Operation[] =
    before.comment === after.comment
      ? []
      : [
          {
            kind: 'comment',
            on: 'table',
            name: table,
            table: undefined,
            from: before.comment,
            to: after.comment,
          },
        ];
  return {
    operations: [
      ...diffColumns(before, after, how, isKeyChanged),
      ...keys,
      ...diffParts('unique', table, before.uniques, after.uniques, how),
      ...diffParts('check', table, before.checks, after.checks, how),
      ...diffParts('exclusion', table, before.exclusions, after.exclusions, how),
      ...diffParts('index', table, before.indexes, after.indexes, how),
      ...diffParts('foreignKey', table, before.foreignKeys, after.foreignKeys, how),
      ...switchRowSecurity(before, after),
      ...comment,
    ],
    unmanaged: notManaged(before, after, how),
  };
}
