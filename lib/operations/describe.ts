import type { Column } from '../schema/column.js';
import type { OtherObject } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import type { Operation } from './operation.js';

export function objectText({ schema, name }: ObjectName, defaultSchema: string | undefined): string {
  return schema === undefined || schema === defaultSchema ? name : `${schema}.${name}`;
}

const arrow = (from: unknown, to: unknown) => `${from ?? 'none'} -> ${to ?? 'none'}`;

/** What of a column changed, in words. */
function columnChanges(from: Column, to: Column): readonly string[] {
  return [
    ...(from.type === to.type ? [] : [`type ${arrow(from.type, to.type)}`]),
    ...(from.nullable === to.nullable ? [] : [to.nullable ? 'null allowed' : 'not null']),
    ...(from.defaultTo === to.defaultTo || from.numbering || to.numbering
      ? []
      : [`default ${arrow(from.defaultTo, to.defaultTo)}`]),
    ...(from.numbering?.kind === to.numbering?.kind
      ? []
      : [`numbering ${arrow(from.numbering?.kind, to.numbering?.kind)}`]),
    ...(from.generated?.expression === to.generated?.expression
      ? []
      : [`computed ${arrow(from.generated?.expression, to.generated?.expression)}`]),
    ...(from.collation === to.collation ? [] : [`collation ${arrow(from.collation, to.collation)}`]),
    ...(from.comment === to.comment ? [] : ['comment']),
  ];
}

const WORDS: Readonly<Partial<Record<Operation['kind'], string>>> = {
  primaryKey: 'primary key',
  unique: 'unique constraint',
  foreignKey: 'foreign key',
};

interface Named {
  readonly name?: string | undefined;
  readonly columns?: readonly unknown[];
}

/** A constraint by its name, or by its columns where it has none. */
function partText({ name, columns }: Named): string {
  if (name !== undefined) return ` ${name}`;
  const names = (columns ?? []).filter((column) => typeof column === 'string');
  return names.length === 0 ? '' : ` (${names.join(', ')})`;
}

/**
 * One operation in a line: `changed column users.age: type integer -> bigint`.
 *
 * @param isUnderTable - true where the table is named above: `changed column age: type integer -> bigint`
 */
export function describe(operation: Operation, defaultSchema?: string, isUnderTable = false): string {
  const text = (name: ObjectName) => objectText(name, defaultSchema);
  const ofTable = (table: ObjectName) => (isUnderTable ? '' : ` of ${text(table)}`);
  const inTable = (table: ObjectName, name: string | undefined) =>
    isUnderTable ? `${name}` : `${text(table)}.${name}`;
  const { kind } = operation;
  const verb = operation.from === undefined ? 'added' : operation.to === undefined ? 'removed' : 'changed';
  switch (kind) {
    case 'renameTable':
      return operation.from.name === operation.to.name
        ? `moved table ${text(operation.from)} to schema ${operation.to.schema}`
        : `renamed table ${text(operation.from)} to ${text(operation.to)}`;
    case 'renameType':
      return `renamed type ${text(operation.from)} to ${text(operation.to)}`;
    case 'renameRelation':
      return `renamed ${operation.what} ${text(operation.from)} to ${text(operation.to)}`;
    case 'renameColumn':
      return `renamed column ${inTable(operation.table, operation.from)} to ${operation.to}`;
    case 'renamePart':
      return `renamed ${operation.what} ${operation.from}${ofTable(operation.table)} to ${operation.to}`;
    case 'column': {
      const { from, to } = operation;
      const changes =
        from === undefined || to === undefined
          ? ''
          : `: ${columnChanges(from, to).join(', ') || 'definition'}`;
      return `${verb} column ${inTable(operation.table, (to ?? from)?.name)}${changes}`;
    }
    case 'enum': {
      const { from, to } = operation;
      const went = from && to ? from.values.filter((value) => !to.values.includes(value)) : [];
      const came = from && to ? to.values.filter((value) => !from.values.includes(value)) : [];
      const values = [...came.map((value) => `+${value}`), ...went.map((value) => `-${value}`)].join(', ');
      return `${verb} enum ${text((to ?? from) as ObjectName)}${from && to ? `: ${values || 'order of values'}` : ''}`;
    }
    case 'other': {
      const { kind: what, table, schema, name } = (operation.to ?? operation.from) as OtherObject;
      const of = table === undefined || table === name ? '' : `${text({ schema, name: table })}.`;
      if (table !== undefined && isUnderTable) return `${verb} ${what} ${name}`;
      return `${verb} ${what} ${of === '' ? text({ schema, name }) : `${of}${name}`}`;
    }
    case 'sequenceOwner':
      return `${verb} owner of sequence ${text(operation.sequence)}`;
    case 'comment':
      if (isUnderTable && operation.on === 'table') return `${verb} comment on the table`;
      return `${verb} comment on ${operation.on} ${text(operation.name)}`;
    case 'primaryKey':
    case 'unique':
    case 'foreignKey':
    case 'check':
    case 'exclusion':
    case 'index':
    case 'trigger':
      return `${verb} ${WORDS[kind] ?? kind}${partText((operation.to ?? operation.from) as Named)}${ofTable(operation.table)}`;
    default: {
      const subject = (operation.to ?? operation.from) as ObjectName;
      return `${verb} ${kind} ${text(kind === 'schema' || kind === 'extension' ? { schema: undefined, name: subject.name } : subject)}`;
    }
  }
}
