import { type Comparison, comparableColumn, fingerprint } from '../diff/comparison.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Table } from '../schema/table.js';

/** Every object of a schema by what it is called, with a text that is the same for two that are the same. */
export type Objects = ReadonlyMap<string, string>;

/** What follows from the rest, or is told under its own name. */
const TABLE_PARTS = [
  'columns',
  'primaryKey',
  'uniques',
  'foreignKeys',
  'checks',
  'exclusions',
  'indexes',
  'triggers',
  'dependsOn',
];

export function nameOf({ schema, name }: ObjectName): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

/** Things without a name of their own are told apart by what they are. */
function named(
  kind: string,
  table: string,
  things: readonly { readonly name: string | undefined }[],
  how: Comparison,
): readonly (readonly [string, string])[] {
  return things.map((thing) => {
    const text = fingerprint(thing, how);
    return [`${kind} ${thing.name ?? text} of ${table}`, text] as const;
  });
}

function ofTable(table: Table, how: Comparison): readonly (readonly [string, string])[] {
  const name = nameOf(table);
  return [
    [`table ${name}`, fingerprint(table, how, TABLE_PARTS)],
    ...table.columns.map((column): readonly [string, string] => [
      `column ${name}.${column.name}`,
      fingerprint(comparableColumn(column), how),
    ]),
    ...(table.primaryKey === undefined
      ? []
      : ([[`primary key of ${name}`, fingerprint(table.primaryKey, how)]] as const)),
    ...named('unique constraint', name, table.uniques, how),
    ...named('foreign key', name, table.foreignKeys, how),
    ...named('check', name, table.checks, how),
    ...named('exclusion', name, table.exclusions, how),
    ...named('index', name, table.indexes, how),
    // The comment of an update trigger says by which way it came, not what it does.
    ...named(
      'trigger',
      name,
      table.triggers.map((each) => (each.stamps === undefined ? each : { ...each, comment: undefined })),
      how,
    ),
  ];
}

/** The schema as a list of objects; the order of columns does not count, and the migrator's own tables are not in it. */
export function objectsOf(schema: DatabaseSchema, how: Comparison, ownTables: readonly string[]): Objects {
  const isOwn = (name: string | undefined): boolean => name !== undefined && ownTables.includes(name);
  const plain = (kind: string, things: readonly ObjectName[]) =>
    things.map((thing) => [`${kind} ${nameOf(thing)}`, fingerprint(thing, how, ['dependsOn'])] as const);
  return new Map([
    ...schema.schemas.map((each) => [`schema ${each.name}`, fingerprint(each, how)] as const),
    ...schema.tables.filter(({ name }) => !isOwn(name)).flatMap((table) => ofTable(table, how)),
    ...plain('view', schema.views),
    ...schema.functions.map(
      (each) =>
        [`${each.kind} ${nameOf(each)}(${each.identity})`, fingerprint(each, how, ['dependsOn'])] as const,
    ),
    ...schema.extensions.map((each) => [`extension ${each.name}`, fingerprint(each, how)] as const),
    ...plain('enum type', schema.enums),
    ...plain('domain', schema.domains),
    ...plain('sequence', schema.sequences),
    ...schema.others
      .filter(({ isUnknown, name, table }) => isUnknown !== true && !isOwn(name) && !isOwn(table))
      .map(
        (each) =>
          [
            `${each.kind} ${nameOf(each)}${each.table === undefined || each.table === each.name ? '' : ` of ${each.table}`}`,
            fingerprint(each, how),
          ] as const,
      ),
  ]);
}

/** The keys in which two objects differ, with both values. */
function differing(from: string, to: string): string {
  const [a, b] = [from, to].map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>);
  const keys = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])];
  const shown = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
  return keys
    .filter((key) => shown(a?.[key]) !== shown(b?.[key]))
    .map((key) => `${key} was ${shown(a?.[key])} and is ${shown(b?.[key])}`)
    .join('; ');
}

/** Without the parts of tables that are in the list themselves. */
function wholes(keys: readonly string[]): readonly string[] {
  const tables = keys.filter((key) => key.startsWith('table ')).map((key) => key.slice('table '.length));
  const isPart = (key: string): boolean =>
    tables.some((table) => key.startsWith(`column ${table}.`) || key.endsWith(` of ${table}`));
  return keys.filter((key) => !isPart(key));
}

/** How one schema differs from another one, a line for each object. */
export function differences(before: Objects, after: Objects): readonly string[] {
  const gone = wholes([...before.keys()].filter((key) => !after.has(key)));
  const left = wholes([...after.keys()].filter((key) => !before.has(key)));
  const changed = [...before].flatMap(([key, text]) => {
    const now = after.get(key);
    return now === undefined || now === text ? [] : [`${key}: ${differing(text, now)}`];
  });
  return [...gone.map((key) => `${key} is missing`), ...left.map((key) => `${key} is left`), ...changed];
}
