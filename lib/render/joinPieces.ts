import { sameObject } from '../operations/operation.js';
import type { Note } from './notes.js';
import type { RenderContext } from './parts.js';
import type { Piece } from './piece.js';

type Builder = Extract<Piece, { form: 'builder' }>;
type Alter = Extract<Piece, { form: 'alter' }>;

/** Knex runs what one alterTable says in this order: new columns, changed columns, all else. */
function rank(line: string): number {
  if (/\.alter\(/.test(line)) return 1;
  return /^t\.(drop|rename|set|unique|index|primary|foreign|check)/.test(line) ? 2 : 0;
}

/** Whether lines behind others of one alterTable run behind them too. */
function runsBehind(lines: readonly string[], others: readonly string[]): boolean {
  const last = Math.max(...others.map(rank));
  return lines.every((line) => rank(line) >= last);
}

/** Actions that one ALTER TABLE runs in an order of its own. */
const TOGETHER =
  /^(?:(?:add|drop|modify) (?:constraint|check|unique|primary|foreign|column)\b|alter column (?:"(?:[^"]|"")*"|\S+) (?:set default|drop default|set not null|drop not null|type)\b)/;

/** What an action is done to, by the kind of what it changes, and whether it adds or takes away. */
const EFFECTS: readonly (readonly [RegExp, isAdded: (word: string) => boolean])[] = [
  [/^(add|drop) constraint ("(?:[^"]|"")*"|\S+)/, (word) => word === 'add'],
  [/^alter column ("(?:[^"]|"")*"|\S+) (type)\b/, () => true],
  [/^alter column ("(?:[^"]|"")*"|\S+) (set|drop) (default|not null)\b/, (word) => word === 'set'],
];

interface Effect {
  readonly subject: string;
  readonly isAdded: boolean;
}

function effectOf(action: string): Effect | undefined {
  for (const [pattern, isAdded] of EFFECTS) {
    const groups = pattern.exec(action)?.slice(1);
    if (groups === undefined) continue;
    const word = groups.find((group) => /^(add|drop|set|type)$/.test(group)) ?? '';
    return { subject: groups.filter((group) => group !== word).join(' '), isAdded: isAdded(word) };
  }
  return undefined;
}

/** Whether later actions take away, or set again, what these add: one ALTER TABLE drops first. */
function isTakenBack(actions: readonly string[], later: readonly string[]): boolean {
  const effects = (all: readonly string[]) => all.flatMap((action) => effectOf(action) ?? []);
  const after = effects(later);
  return effects(actions).some(
    ({ subject, isAdded }) => isAdded && after.some((each) => each.subject === subject),
  );
}

const notesBy = ({ lines, lineNotes, notes = [] }: Builder): readonly (readonly Note[])[] =>
  lineNotes ?? lines.map((_, at) => (at === 0 ? notes : []));

/** Each line keeps its own comments: they stand where the change is. */
function joinBuilders(first: Builder, second: Builder): Piece {
  const { table } = first;
  const lineNotes = [...notesBy(first), ...notesBy(second)];
  return { form: 'builder', table, lines: [...first.lines, ...second.lines], lineNotes };
}

function joinAlters(first: Alter, second: Alter): Piece {
  const notes = [...(first.notes ?? []), ...(second.notes ?? [])];
  return { ...first, actions: [...first.actions, ...second.actions], notes };
}

function joined(last: Piece | undefined, piece: Piece): Piece | undefined {
  if (last?.form === 'builder' && piece.form === 'builder')
    return sameObject(last.table, piece.table) && runsBehind(piece.lines, last.lines)
      ? joinBuilders(last, piece)
      : undefined;
  if (last?.form !== 'alter' || piece.form !== 'alter' || !sameObject(last.table, piece.table))
    return undefined;
  const isAnyOrder = [...last.actions, ...piece.actions].every((action) => TOGETHER.test(action));
  return isAnyOrder && !isTakenBack(last.actions, piece.actions) ? joinAlters(last, piece) : undefined;
}

/** Joins neighbours of one form on one table: a table is altered by one statement where that can be. */
export function joinNeighbours(pieces: readonly Piece[]): readonly Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const both = joined(all.at(-1), piece);
    if (both === undefined) all.push(piece);
    else all[all.length - 1] = both;
  }
  return all;
}

/** Says once, before the first of them, what statements are that the server itself does not know. */
export function explained(pieces: readonly Piece[], { wording }: RenderContext): readonly Piece[] {
  const { unknownActions } = wording;
  if (unknownActions === undefined) return pieces;
  const first = pieces.findIndex(
    (piece) => piece.form === 'alter' && piece.actions.some((action) => unknownActions.pattern.test(action)),
  );
  return pieces.map((piece, at) =>
    at === first
      ? { ...piece, notes: [...(piece.notes ?? []), { text: unknownActions.note, remedy: '' }] }
      : piece,
  );
}
