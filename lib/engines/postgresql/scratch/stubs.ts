import type { DatabaseSchema } from '../../../schema/database.js';
import type { ObjectName } from '../../../schema/names.js';
import type { Table } from '../../../schema/table.js';
import type { ObjectKind } from '../../scratchObject.js';
import { quoteName, quoteText } from '../identifiers.js';

/** An object of the database that models refer to and do not declare: it stands in the scratch schema meanwhile. */
export interface Stub extends ObjectName {
  readonly kind: ObjectKind;
  /** The schema of the object in the database. */
  readonly schema: string;
  readonly isType: boolean;
  readonly isSequence?: boolean;
  /** What tells functions of one name apart. */
  readonly identity?: string;
  /** The statement that makes it, by the quoted name that it gets. */
  readonly create: (quoted: string) => string;
}

const listOf = (columns: readonly string[]): string => columns.map(quoteName).join(', ');

/** The columns with their types, and the keys that a foreign key can refer to. */
function tableSql(table: Table, quoted: string): string {
  const unique = table.indexes.filter(
    ({ unique: isUnique, predicate, keys }) =>
      isUnique && predicate === undefined && keys.every(({ column }) => column !== undefined),
  );
  const keys = [
    ...(table.primaryKey === undefined ? [] : [`primary key (${listOf(table.primaryKey.columns)})`]),
    ...table.uniques.map(({ columns }) => `unique (${listOf(columns)})`),
    ...unique.map((index) => `unique (${listOf(index.keys.map(({ column }) => column ?? ''))})`),
  ];
  const columns = table.columns.map(
    ({ name, type, collation }) =>
      `${quoteName(name)} ${type}${collation === undefined ? '' : ` collate ${collation}`}`,
  );
  return `create table ${quoted} (${[...columns, ...keys].join(', ')})`;
}

function viewSql(
  columns: readonly { readonly name: string; readonly type: string | undefined }[],
  quoted: string,
) {
  const values = columns.map(({ name, type }) => `null::${type ?? 'text'} as ${quoteName(name)}`);
  return `create view ${quoted} as select ${values.join(', ')}`;
}

/** Everything that can be put in place of what the database has; of extensions nothing. */
export function stubsOf(actual: DatabaseSchema): readonly Stub[] {
  const stub = (
    kind: Stub['kind'],
    { schema, name }: ObjectName,
    create: Stub['create'],
    more: Partial<Pick<Stub, 'isType' | 'isSequence' | 'identity'>> = {},
  ): Stub => ({ kind, schema: schema ?? '', name, isType: false, create, ...more });
  const own = <T extends { readonly extension: string | undefined }>(objects: readonly T[]) =>
    objects.filter(({ extension }) => extension === undefined);
  return [
    ...own(actual.enums).map((each) =>
      stub(
        'enum',
        each,
        (quoted) =>
          `create type ${quoted} as enum (${each.values.map((value) => quoteText(value)).join(', ')})`,
        { isType: true },
      ),
    ),
    ...own(actual.domains).map((each) =>
      stub('sql', each, (quoted) => `create domain ${quoted} as ${each.type}`, { isType: true }),
    ),
    ...own(actual.sequences).map((each) =>
      stub('sql', each, (quoted) => `create sequence ${quoted}`, { isSequence: true }),
    ),
    ...own(actual.functions)
      .filter(({ isMetadata }) => !isMetadata)
      .map((each) =>
        stub('function', each, (quoted) => `create ${each.kind} ${quoted}${each.declaration}`, {
          identity: each.identity,
        }),
      ),
    ...actual.tables.map((each) => stub('table', each, (quoted) => tableSql(each, quoted))),
    ...actual.views.map((each) => stub('view', each, (quoted) => viewSql(each.columns, quoted))),
  ];
}
