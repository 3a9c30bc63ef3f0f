import type { Column } from '../../schema/column.js';
import type { ObjectName } from '../../schema/names.js';
import type { ExaminedTable, ExpectedColumn, Mending, WantedMetadata } from '../checks.js';
import { stampTypeOf } from './examineTriggers.js';
import { quoteName, quoteText } from './identifiers.js';
import { columnDefault, columnType, metadata } from './metadata.js';
import { stampZone } from './stampZone.js';
import { functionFor, markColumn, TRIGGER_NAME } from './trigger.js';

function pathOf({ schema, name }: { readonly schema?: string | undefined; readonly name: string }): string {
  return [schema, name].flatMap((part) => (part === undefined ? [] : [quoteName(part)])).join('.');
}

/** Function and trigger as knex-meta makes them. */
function makeTrigger(table: ExaminedTable, wanted: WantedMetadata): readonly string[] {
  const type = table.stamped && stampTypeOf(table.stamped);
  if (type === undefined) return [];
  const { name: usual, body } = functionFor(wanted, type, stampZone(table.stamped?.defaultTo));
  // A function of the project's own stays as it is.
  const name = table.takenNames.includes(usual) ? `${usual}_knex_meta` : usual;
  const path = pathOf(table);
  const owner = table.schema === undefined ? '' : `${quoteName(table.schema)}.`;
  const isTaken = table.others.some((other) => other.name === TRIGGER_NAME);
  const trigger = table.trigger?.name ?? (isTaken ? `knex_meta_${TRIGGER_NAME}` : TRIGGER_NAME);
  return [
    `create or replace function ${owner}${quoteName(name)}() returns trigger language plpgsql as ${quoteText(body)}`,
    `drop trigger if exists ${quoteName(trigger)} on ${path}`,
    `create trigger ${quoteName(trigger)} before update on ${path} for each row execute function ${owner}${quoteName(name)}()`,
  ];
}

function addColumn(path: string, { key, name }: ExpectedColumn, wanted: WantedMetadata): readonly string[] {
  const definition = columnDefault(key, wanted.clock);
  const rest = definition === undefined ? '' : ` not null default ${definition}`;
  const column = { key, name, quoted: quoteName(name), index: false };
  return [
    `alter table ${path} add column ${column.quoted} ${columnType(key, wanted.clock)}${rest}`,
    markColumn(path, column),
  ];
}

/** From a type without a zone to one with, or back, a value stays the same instant in UTC. */
function conversion(quoted: string, from: string, to: string): string {
  const isBetween = from.startsWith('timestamp') && to.startsWith('timestamp');
  return isBetween ? `pg_catalog.timezone('utc', ${quoted})` : `${quoted}::text::${to}`;
}

function alterColumn(table: ExaminedTable, expected: ExpectedColumn, wanted: WantedMetadata) {
  const path = pathOf(table);
  const column = quoteName(expected.name);
  const alter = (what: string): string => `alter table ${path} alter column ${column} ${what}`;
  const facts = table.columns.find(({ name }) => name === expected.name);
  const definition = columnDefault(expected.key, wanted.clock);
  const type = columnType(expected.key, wanted.clock);
  const isOtherType = facts !== undefined && facts.type !== expected.type;
  return [
    ...(isOtherType
      ? [alter('drop default'), alter(`type ${type} using ${conversion(column, facts.type, type)}`)]
      : []),
    alter(definition === undefined ? 'drop default' : `set default ${definition}`),
    ...(definition === undefined
      ? [alter('drop not null')]
      : [`update ${path} set ${column} = default where ${column} is null`, alter('set not null')]),
  ];
}

/** See `CheckEngine.mending`. */
export function mending(table: ExaminedTable, wanted: WantedMetadata): Mending {
  const path = pathOf(table);
  return {
    addColumn: (column) => addColumn(path, column, wanted),
    alterColumn: (column) => alterColumn(table, column, wanted),
    addIndex: (name) => {
      const column = wanted.columns.find((each) => each.name === name);
      if (column === undefined) return [];
      const predicate = metadata.indexPredicate(column);
      const index = quoteName(`${table.name}_${name}_index`.toLowerCase());
      return [
        `create index concurrently ${index} on ${path} (${column.quoted})${predicate === undefined ? '' : ` where ${predicate}`}`,
      ];
    },
    dropIndex: (name) => [`drop index concurrently ${pathOf({ schema: table.schema, name })}`],
    makeTrigger: () => makeTrigger(table, wanted),
    enableTrigger: () => [
      `alter table ${path} enable trigger ${quoteName(table.trigger?.name ?? TRIGGER_NAME)}`,
    ],
  };
}

/** See `CheckEngine.mendIndex`. */
export function mendIndex(schema: string | undefined, name: string): readonly string[] {
  return [`reindex index concurrently ${pathOf({ schema, name })}`];
}

/** See `CheckEngine.alterColumn`. */
export function alterColumnTo(table: ObjectName, from: Column, to: Column): readonly string[] {
  const quoted = quoteName(from.name);
  const alter = (what: string): string => `alter table ${pathOf(table)} alter column ${quoted} ${what}`;
  return [
    ...(from.type === to.type ? [] : [alter(`type ${to.type} using ${quoted}::${to.type}`)]),
    ...(from.nullable === to.nullable ? [] : [alter(to.nullable ? 'drop not null' : 'set not null')]),
  ];
}

/** See `CheckEngine.setSearchPath`. */
export function setSearchPath(database: string, schema: string): readonly string[] {
  return [`alter database ${quoteName(database)} set search_path to ${quoteName(schema)}`];
}
