import { type Operation, sameObject } from '../operations/operation.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Table, Trigger } from '../schema/table.js';
import { type Comparison, fingerprint } from './comparison.js';
import { type Leaving, pair } from './objects.js';
import { nameOf } from './scope.js';

/** The operations that make a table's triggers what they are to be. */
export function diffTriggers(
  before: Table,
  after: Table,
  how: Comparison,
  leaving: Leaving,
): readonly Operation[] {
  const table = { schema: after.schema, name: after.name };
  const own = ({ triggers }: Table) => triggers.filter(({ stamps }) => stamps === undefined);
  const change = (from: Trigger | undefined, to: Trigger | undefined): Operation => ({
    kind: 'trigger',
    table,
    from,
    to,
  });
  const named = (triggers: readonly Trigger[]) => triggers.map((each) => ({ ...each, schema: undefined }));
  const { both, dropped, added } = pair(named(own(before)), named(own(after)), how);
  const needsGone = ({ calls }: Trigger) => leaving.gone.some((each) => sameObject(each, calls));
  const going = leaving.leaves('trigger') ? dropped.filter(needsGone) : dropped;
  for (const { name } of dropped.filter((each) => !going.includes(each)))
    leaving.unmanaged.push({
      kind: 'trigger',
      name: `${nameOf(table)}.${name}`,
      reason: 'no model has it: it was left alone',
    });
  return [
    ...both.flatMap(([from, to]) =>
      fingerprint(from, how, ['comment']) === fingerprint(to, how, ['comment']) ? [] : [change(from, to)],
    ),
    ...going.map((from) => change(from, undefined)),
    ...added.map((to) => change(undefined, to)),
  ];
}

/**
 * A trigger with statements of its own may name any table: it goes before all renames and comes back, on the way back,
 * after they are undone. So it comes back as it was before them.
 */
export function withOwnTexts(
  operations: readonly Operation[],
  { tables }: DatabaseSchema,
): readonly Operation[] {
  const texts = new Map(
    tables.flatMap(({ triggers }) =>
      triggers
        .filter(({ calls }) => calls === undefined)
        .map(({ name, definition }) => [name, definition] as const),
    ),
  );
  const own = (trigger: Trigger): Trigger => ({
    ...trigger,
    definition: (trigger.calls === undefined ? texts.get(trigger.name) : undefined) ?? trigger.definition,
  });
  if (texts.size === 0) return operations;
  return operations.map((operation): Operation => {
    if (operation.kind === 'trigger')
      return operation.from === undefined ? operation : { ...operation, from: own(operation.from) };
    if (operation.kind !== 'table' || operation.from === undefined) return operation;
    return { ...operation, from: { ...operation.from, triggers: operation.from.triggers.map(own) } };
  });
}
