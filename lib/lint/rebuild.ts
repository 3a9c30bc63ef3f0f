import type { Action, ColumnWords } from './action.js';
import type { Known } from './known.js';

/** What a rebuild of a table changes, by its columns before and after; nothing where they are not known. */
export function changesOf(
  {
    table,
    columns,
  }: {
    readonly table: Extract<Action, { kind: 'rebuild' }>['table'];
    readonly columns: readonly ColumnWords[];
  },
  known: Known,
): readonly Action[] {
  const before = known.columns(table);
  if (before === undefined) return [];
  const names = new Set(columns.map(({ name }) => name));
  const dropped = [...before.keys()]
    .filter((name) => !names.has(name))
    .map((name): Action => ({ kind: 'dropColumn', table, name, isRobust: false }));
  const changed = columns.flatMap((column): readonly Action[] => {
    const { name } = column;
    const old = before.get(name);
    if (old === undefined) return [{ kind: 'addColumn', table, column, isRobust: false }];
    const isSameType = old.type.toLowerCase() === column.type.toLowerCase();
    return [
      ...(isSameType
        ? []
        : [
            {
              kind: 'changeType' as const,
              table,
              name,
              type: column.type,
              isComputed: false,
              isCast: false,
            },
          ]),
      ...(old.isNullable === column.isNullable
        ? []
        : [{ kind: column.isNullable ? ('dropNotNull' as const) : ('setNotNull' as const), table, name }]),
    ];
  });
  return [...dropped, ...changed];
}
