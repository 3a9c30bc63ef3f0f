import type { RecomputedPart } from '../../../operations/hazards/index.js';
import { type Operation, sameObject } from '../../../operations/operation.js';
import type { DatabaseFunction, DatabaseSchema, View } from '../../../schema/database.js';
import type { Table } from '../../../schema/table.js';
import { calls, mentions } from '../../tokens.js';
import { computedNaming, once, partsNaming } from './dependents.js';

type FunctionChange = Extract<Operation, { readonly kind: 'function' }>;

/** What says nothing of the result. */
const OPTIONS =
  /\b(?:(?:COST|ROWS) [\d.]+|PARALLEL \w+|LEAKPROOF|SECURITY DEFINER|IMMUTABLE|STABLE|VOLATILE)\b/g;

/** What a function computes, without its options. */
function computation({ declaration }: DatabaseFunction): string {
  const body = declaration.search(/\n(?:AS |RETURN |BEGIN ATOMIC)/);
  const head = body < 0 ? declaration : declaration.slice(0, body);
  return `${head.replace(OPTIONS, '').replace(/\s+/g, ' ').trim()}${body < 0 ? '' : declaration.slice(body)}`;
}

const isImmutable = ({ declaration }: DatabaseFunction): boolean => /\bIMMUTABLE\b/.test(declaration);

/** The names of immutable functions that give another result when these do. */
function dependentNames(first: DatabaseFunction, { functions }: DatabaseSchema): ReadonlySet<string> {
  const names = new Set([first.name]);
  let size = 0;
  while (size !== names.size) {
    size = names.size;
    for (const each of functions)
      if (isImmutable(each) && [...names].some((name) => calls(each.declaration, name))) names.add(each.name);
  }
  return names;
}

/** The columns that are made again, and those that cannot be because a view has them. */
function isSeen(table: Table, column: string, views: readonly View[]): boolean {
  return views.some(({ definition }) => mentions(definition, table.name) && mentions(definition, column));
}

function partsOf(
  table: Table,
  isNamed: (text: string) => boolean,
  views: readonly View[],
): readonly Operation[] {
  const stored = computedNaming(table, isNamed);
  const isBlocked = stored.some(
    ({ kind, to }) => kind === 'column' && to !== undefined && isSeen(table, to.name, views),
  );
  const kept = partsNaming(table, isNamed).filter(({ kind }) => kind !== 'trigger');
  return once([...(isBlocked ? [] : stored), ...kept]);
}

/** Whether another body makes what was computed by the old one stale. */
function isStale({ from, to }: FunctionChange): boolean {
  return (
    from?.kind === 'function' &&
    to?.kind === 'function' &&
    (isImmutable(from) || isImmutable(to)) &&
    computation(from) !== computation(to)
  );
}

/**
 * The indexes, stored columns and checks that a function computes, directly or by way of another: they hold what its old
 * body gave, and are made again around the change.
 */
export function recomputedParts(change: FunctionChange, now: DatabaseSchema): readonly Operation[] {
  if (change.from === undefined || !isStale(change)) return [];
  const names = [...dependentNames(change.from, now)];
  const isNamed = (text: string) => names.some((name) => calls(text, name));
  return now.tables.flatMap((table) => partsOf(table, isNamed, now.views));
}

/** See `HazardFacts.recomputed`. */
export function recomputed(change: FunctionChange, now: DatabaseSchema): readonly RecomputedPart[] {
  if (change.from === undefined || !isStale(change)) return [];
  const names = [...dependentNames(change.from, now)];
  const isNamed = (text: string) => names.some((name) => calls(text, name));
  const parts = recomputedParts(change, now);
  return now.tables.flatMap((table) => {
    const own = parts.filter((part) => 'table' in part && sameObject(part.table, table));
    const made = own.flatMap(({ kind, to }) => {
      const name = (to as { readonly name?: string } | undefined)?.name;
      return name === undefined ? [] : [`the ${kind === 'column' ? 'stored column' : kind} ${name}`];
    });
    const stored = table.columns.filter(
      ({ generated }) => generated?.kind === 'stored' && isNamed(generated.expression),
    );
    const isMade = (name: string) =>
      own.some(({ kind, to }) => kind === 'column' && (to as { name: string }).name === name);
    const stale = stored.filter(({ name }) => !isMade(name)).map(({ name }) => name);
    const canFail = own.some(
      ({ kind, to }) =>
        kind === 'check' ||
        kind === 'exclusion' ||
        kind === 'unique' ||
        (kind === 'index' && to?.unique === true),
    );
    return made.length === 0 && stale.length === 0 ? [] : [{ table, made, stale, canFail }];
  });
}
