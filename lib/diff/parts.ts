import type { Operation } from '../operations/operation.js';
import type { ObjectName } from '../schema/names.js';
import { type Comparison, fingerprint } from './comparison.js';

/** What constraints and indexes have in common. */
interface Part {
  readonly name: string | undefined;
  readonly comment: string | undefined;
}

/** The parts of one kind that a table had and is to have, put side by side. */
interface Matched<Of> {
  readonly same: readonly (readonly [Of, Of])[];
  readonly renamed: readonly (readonly [Of, Of])[];
  readonly dropped: readonly Of[];
  readonly added: readonly Of[];
}

/** `isValid` is how far the rows were checked, not what the table is to be. */
const NOT_COMPARED = ['name', 'comment', 'isValid'];

/** Pairs parts by name first, then by what they are. */
function matchParts<Of extends Part>(
  before: readonly Of[],
  after: readonly Of[],
  how: Comparison,
): Matched<Of> {
  const printOf = new Map([...before, ...after].map((part) => [part, fingerprint(part, how, NOT_COMPARED)]));
  const isSame = (a: Of, b: Of) => printOf.get(a) === printOf.get(b);
  const left = new Set(before);
  const same: [Of, Of][] = [];
  const renamed: [Of, Of][] = [];
  const take = (wanted: Of, isMatch: (candidate: Of) => boolean, into: [Of, Of][]): boolean => {
    const found = [...left].find((candidate) => isMatch(candidate) && isSame(candidate, wanted));
    if (found === undefined) return false;
    left.delete(found);
    into.push([found, wanted]);
    return true;
  };
  const fold = (name: string | undefined) => (name === undefined ? undefined : how.foldName(name));
  const rest = after.filter((part) => !take(part, ({ name }) => fold(name) === fold(part.name), same));
  const added = rest.filter((part) => !take(part, () => true, renamed));
  return { same, renamed, dropped: [...left], added };
}

type PartKind = 'unique' | 'foreignKey' | 'check' | 'exclusion' | 'index' | 'primaryKey';

/** The operations that make a table's parts of one kind what they are to be. */
export function diffParts<Of extends Part>(
  kind: PartKind,
  table: ObjectName,
  before: readonly Of[],
  after: readonly Of[],
  how: Comparison,
): readonly Operation[] {
  const { same, renamed, dropped, added } = matchParts(before, after, how);
  const change = (from: Of | undefined, to: Of | undefined) =>
    ({ kind, table, from, to }) as unknown as Operation;
  const what = kind === 'index' ? ('index' as const) : ('constraint' as const);
  return [
    ...renamed.flatMap(([from, to]): readonly Operation[] =>
      // What has no name on one side cannot be renamed.
      from.name === undefined || to.name === undefined
        ? [change(from, undefined), change(undefined, to)]
        : [{ kind: 'renamePart', table, what, from: from.name, to: to.name, parts: { kind, from, to } }],
    ),
    ...dropped.map((from) => change(from, undefined)),
    ...added.map((to) => change(undefined, to)),
    ...[...same, ...renamed].flatMap(([from, to]): readonly Operation[] => {
      if (from.comment === to.comment || to.name === undefined) return [];
      const name = { schema: table.schema, name: to.name };
      return [{ kind: 'comment', on: what, name, table, from: from.comment, to: to.comment }];
    }),
  ];
}
