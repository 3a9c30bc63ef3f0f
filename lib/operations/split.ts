import type { Trigger } from '../schema/table.js';
import { type Operation, sameObject } from './operation.js';

/** A trigger that is not knex-meta's own. */
function ownTrigger({ stamps }: Trigger): boolean {
  return stamps === undefined;
}

function triggersOf(
  table:
    | { readonly schema: string | undefined; readonly name: string; readonly triggers: readonly Trigger[] }
    | undefined,
  isDrop: boolean,
): readonly Operation[] {
  if (table === undefined) return [];
  const { schema, name } = table;
  return table.triggers.filter(ownTrigger).map((trigger) => ({
    kind: 'trigger',
    table: { schema, name },
    from: isDrop ? trigger : undefined,
    to: isDrop ? undefined : trigger,
  }));
}

/** Whether CREATE OR REPLACE can make one function the other. */
function isReplaceable(operation: Extract<Operation, { kind: 'function' }>): boolean {
  const { from, to } = operation;
  return from?.result === to?.result && from?.kind === to?.kind;
}

/** A sequence is there before the table of the column that owns it, and is nobody's before that goes. */
function splitOwner(operation: Extract<Operation, { kind: 'sequence' }>): readonly Operation[] {
  const { from, to } = operation;
  const free = <Of extends object>(sequence: Of | undefined) =>
    sequence === undefined ? undefined : { ...sequence, ownedBy: undefined };
  const had = from?.ownedBy;
  const has = to?.ownedBy;
  if (had?.column === has?.column && sameObject(had?.table, has?.table)) return [operation];
  const name = to ?? from;
  const change = (before: typeof had, after: typeof has): readonly Operation[] =>
    name === undefined || (before === undefined && after === undefined)
      ? []
      : [
          {
            kind: 'sequenceOwner',
            sequence: { schema: name.schema, name: name.name },
            from: before,
            to: after,
          },
        ];
  const rest = { ...operation, from: free(from), to: free(to) };
  const isSame = JSON.stringify(rest.from) === JSON.stringify(rest.to);
  return [...change(had, undefined), ...(isSame ? [] : [rest]), ...change(undefined, has)];
}

/** What has to be done in more than one step: something goes early, and something comes late. */
export function split(operation: Operation): readonly Operation[] {
  const { from, to } = operation;
  switch (operation.kind) {
    case 'table': {
      const bare = <Of extends { readonly triggers: readonly Trigger[] }>(table: Of | undefined) =>
        table === undefined
          ? undefined
          : { ...table, triggers: table.triggers.filter((each) => !ownTrigger(each)) };
      return [
        ...triggersOf(operation.from, true),
        { ...operation, from: bare(operation.from), to: bare(operation.to) },
        ...triggersOf(operation.to, false),
      ];
    }
    case 'view': {
      const drop: readonly Operation[] =
        operation.from === undefined ? [] : [{ ...operation, to: undefined }];
      const create: readonly Operation[] =
        operation.to === undefined ? [] : [{ ...operation, from: undefined }];
      return [...triggersOf(operation.from, true), ...drop, ...create, ...triggersOf(operation.to, false)];
    }
    case 'sequence':
      return splitOwner(operation);
    case 'function':
      return from !== undefined && to !== undefined && !isReplaceable(operation)
        ? [
            { ...operation, to: undefined },
            { ...operation, from: undefined },
          ]
        : [operation];
    case 'other':
    case 'trigger':
      return from !== undefined && to !== undefined
        ? [
            { ...operation, to: undefined },
            { ...operation, from: undefined },
          ]
        : [operation];
    default:
      return [operation];
  }
}
