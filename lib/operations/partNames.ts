import { asideName } from './aside.js';
import { type Operation, type PartRename, sameObject } from './operation.js';

/** Whether a part is an index too: then its name is one of its schema's, not of its table's alone. */
function isRelation({ parts }: PartRename): boolean {
  return parts.kind !== 'check' && parts.kind !== 'foreignKey';
}

/** Whether one still has the name that the other is to get. */
function isInTheWay(holder: PartRename, rename: PartRename): boolean {
  if (holder === rename || holder.from !== rename.to) return false;
  const isShared = isRelation(holder) && isRelation(rename) && holder.table.schema === rename.table.schema;
  return isShared || sameObject(holder.table, rename.table);
}

/** Constraints and indexes get their names when these are free: of those that exchange names one moves aside. */
function settle(renames: readonly PartRename[]): readonly PartRename[] {
  const taken = new Set(renames.flatMap(({ from, to }) => [from, to]));
  const made: PartRename[] = [];
  let left = renames;
  const holderOf = (rename: PartRename) => left.find((each) => isInTheWay(each, rename));
  while (left.length > 0) {
    const free = left.find((each) => holderOf(each) === undefined);
    if (free !== undefined) {
      made.push(free);
      left = left.filter((each) => each !== free);
      continue;
    }
    const holder = holderOf(left[0] as PartRename) as PartRename;
    const aside = asideName(holder.from, taken);
    const part = { ...holder.parts.from, name: aside };
    taken.add(aside);
    made.push({ ...holder, to: aside, parts: { ...holder.parts, to: part } });
    left = left.map((each) =>
      each === holder ? { ...each, from: aside, parts: { ...each.parts, from: part } } : each,
    );
  }
  return made;
}

/** The operations with the renames of constraints and indexes in an order in which each name is free. */
export function settlePartNames(operations: readonly Operation[]): readonly Operation[] {
  const isRename = (each: Operation): each is PartRename => each.kind === 'renamePart';
  const renames = operations.filter(isRename);
  if (renames.length < 2) return operations;
  return [...operations.filter((each) => !isRename(each)), ...settle(renames)];
}
