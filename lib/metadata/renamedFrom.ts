import { shared } from '../shared.js';
import type { ColumnBuilderInternals, TableBuilderInternals } from './knexInternals.js';

/** What `.renamedFrom(...)` said, by column builder. */
const formerNames = shared('renamed-from', () => new WeakMap<object, string>());

const method: PropertyDescriptor = {
  configurable: true,
  value(this: object, name: string) {
    formerNames.set(this, name);
    return this;
  },
};

/** Gives a column builder the method `renamedFrom`. */
export function offerRenamedFrom(builder: ColumnBuilderInternals): ColumnBuilderInternals {
  return Object.defineProperty(builder, 'renamedFrom', method);
}

/** A column with the name that it had before, as the project writes them. */
export interface RenamedColumn {
  readonly name: string;
  readonly from: string;
}

/** The columns of a table builder that were called otherwise. */
export function renamedColumnsOf(table: TableBuilderInternals): readonly RenamedColumn[] {
  return table._statements.flatMap(({ grouping, builder }) => {
    const from = grouping === 'columns' && builder !== undefined ? formerNames.get(builder) : undefined;
    return from === undefined ? [] : [{ name: String(builder?._args[0] ?? 'id'), from }];
  });
}
