import type { Column } from '../../schema/column.js';
import type { ObjectName } from '../../schema/names.js';
import type { ExaminedTable, ExpectedColumn, Mending, WantedMetadata } from '../checks.js';
import { isInstant } from '../writtenValues.js';
import type { SqliteTable } from './examine.js';
import { quoteName } from './identifiers.js';
import { columnDefault, columnDefinition, metadata } from './metadata.js';

function isTime({ key }: ExpectedColumn): boolean {
  return isInstant(key);
}

/** See `CheckEngine.alterColumn`: the keys and checks of the column stay as they are. */
export function alterColumnTo({ name: table }: ObjectName, _from: Column, to: Column): readonly string[] {
  const { name, type, collation, defaultTo, nullable, generated, numbering } = to;
  // What numbers or computes itself is more than a type.
  if (generated !== undefined || numbering !== undefined) return [];
  const parts = [
    `alter table ${quoteName(table)} modify column ${quoteName(name)} ${type}`.trimEnd(),
    ...(collation === undefined ? [] : [`collate ${collation}`]),
    ...(defaultTo === undefined ? [] : [`default (${defaultTo})`]),
    ...(nullable ? [] : ['not null']),
  ];
  return [parts.join(' ')];
}

/** See `CheckEngine.mending`. `modify column` is knex-meta's own: by a rebuild that loses nothing. */
export function mending(table: ExaminedTable, wanted: WantedMetadata): Mending {
  const quoted = quoteName(table.name);
  const { triggerSql, isStrict } = table as SqliteTable;
  const definitionOf = (column: ExpectedColumn): string =>
    columnDefinition(isStrict, column.key, column.name, wanted.clock);
  const modify = (column: ExpectedColumn): string =>
    `alter table ${quoted} modify column ${definitionOf(column)}`;
  const fill = (column: ExpectedColumn): readonly string[] => {
    const value = columnDefault(column.key, wanted.clock);
    const name = quoteName(column.name);
    return value === undefined ? [] : [`update ${quoted} set ${name} = (${value}) where ${name} is null`];
  };
  return {
    // A column with a default that is computed is added without it first.
    addColumn: (column) =>
      isTime(column)
        ? [
            `alter table ${quoted} add column ${quoteName(column.name)} ${column.type}`,
            ...fill(column),
            modify(column),
          ]
        : [`alter table ${quoted} add column ${definitionOf(column)}`],
    alterColumn: (column) => [...fill(column), modify(column)],
    addIndex: (name) => {
      const column = wanted.columns.find((each) => each.name === name);
      if (column === undefined) return [];
      const predicate = metadata.indexPredicate(column);
      const index = quoteName(`${table.name}_${name}_index`.toLowerCase());
      return [
        `create index ${index} on ${quoted} (${column.quoted})${predicate === undefined ? '' : ` where ${predicate}`}`,
      ];
    },
    dropIndex: (name) => [`drop index ${quoteName(name)}`],
    makeTrigger: () =>
      triggerSql === undefined
        ? []
        : [
            ...(table.trigger === undefined ? [] : [`drop trigger ${quoteName(table.trigger.name)}`]),
            triggerSql,
          ],
    enableTrigger: () => [],
  };
}
