import { closingOf, identifierOf, isWord, significant, type Token, tokenize } from '../../tokens.js';

export type ConstraintKind =
  | 'primary'
  | 'not null'
  | 'null'
  | 'unique'
  | 'check'
  | 'default'
  | 'collate'
  | 'references'
  | 'generated'
  | 'foreign';

/** One constraint of a column or table, with its exact text. */
export interface Constraint {
  readonly kind: ConstraintKind;
  readonly name: string | undefined;
  readonly text: string;
}

/** One column of a CREATE TABLE. */
export interface ColumnDefinition {
  readonly name: string;
  /** The text of its author; undefined once the column was changed. */
  readonly source: string | undefined;
  /** A comment behind the comma, on the column's line. */
  readonly after: string;
  /** White space and comments before the column's name. */
  readonly before: string;
  readonly nameText: string;
  readonly type: string;
  readonly constraints: readonly Constraint[];
}

const STARTS: Readonly<Record<string, ConstraintKind>> = {
  PRIMARY: 'primary',
  NOT: 'not null',
  NULL: 'null',
  UNIQUE: 'unique',
  CHECK: 'check',
  DEFAULT: 'default',
  COLLATE: 'collate',
  REFERENCES: 'references',
  GENERATED: 'generated',
  AS: 'generated',
};

/** Whether the token at this position begins a constraint, seen from the one before it. */
function startsConstraint(tokens: readonly Token[], position: number): boolean {
  const token = tokens[position];
  const before = tokens[position - 1];
  if (token?.kind !== 'word') return false;
  const word = token.text.toUpperCase();
  if (word === 'CONSTRAINT') return true;
  if (!(word in STARTS)) return false;
  if (isWord(before, 'SET', 'DEFAULT', 'COLLATE', 'CONSTRAINT')) return false;
  if (word === 'NULL') return !isWord(before, 'NOT');
  if (word === 'NOT') return isWord(tokens[position + 1], 'NULL');
  if (word === 'AS') return !isWord(before, 'ALWAYS');
  return true;
}

/** The kind of a constraint that begins here, past its name. */
function kindAt(tokens: readonly Token[], position: number): ConstraintKind {
  return STARTS[tokens[position]?.text.toUpperCase() ?? ''] ?? 'check';
}

/** Positions in `tokens` at which a constraint of the column begins. */
function constraintStarts(tokens: readonly Token[]): readonly number[] {
  const starts: number[] = [];
  for (let position = 1; position < tokens.length; position += 1) {
    if (tokens[position]?.text === '(') {
      position = closingOf(tokens, position);
      continue;
    }
    const isNamed = isWord(tokens[position - 2], 'CONSTRAINT') && starts.at(-1) === position - 2;
    if (startsConstraint(tokens, position) && !isNamed) starts.push(position);
  }
  return starts;
}

/** Reads one column definition. */
export function parseColumn(text: string, after = ''): ColumnDefinition {
  const tokens = significant(tokenize(text));
  const [nameToken] = tokens;
  if (nameToken === undefined) throw new Error(`not a column: ${text}`);
  const starts = constraintStarts(tokens);
  const offset = (position: number | undefined): number =>
    position === undefined ? text.length : (tokens[position]?.start ?? text.length);
  const constraints = starts.map((start, index): Constraint => {
    const isNamed = isWord(tokens[start], 'CONSTRAINT');
    const named = tokens[start + 1];
    return {
      kind: kindAt(tokens, isNamed ? start + 2 : start),
      name: isNamed && named !== undefined ? identifierOf(named) : undefined,
      text: text.slice(offset(start), offset(starts[index + 1])).trimEnd(),
    };
  });
  return {
    name: identifierOf(nameToken),
    source: text,
    after,
    before: text.slice(0, nameToken.start),
    nameText: nameToken.text,
    type: text.slice(nameToken.end, offset(starts[0])).trim(),
    constraints,
  };
}

/** The column with other parts than its author gave it. */
export function changed(
  column: ColumnDefinition,
  parts: Partial<Pick<ColumnDefinition, 'type' | 'constraints'>>,
): ColumnDefinition {
  return { ...column, ...parts, source: undefined };
}

/** The column without the constraints that `isKept` rejects; the same column when it rejects none. */
export function keepConstraints(
  column: ColumnDefinition,
  isKept: (constraint: Constraint) => boolean,
): ColumnDefinition {
  const constraints = column.constraints.filter(isKept);
  return constraints.length === column.constraints.length ? column : changed(column, { constraints });
}

/** A text that a comma or parenthesis may follow: a line comment at its end would swallow it. */
export function closeComment(text: string): string {
  const last = tokenize(text).at(-1);
  return last?.kind === 'blank' && /^--[^\n]*$/.test(last.text) ? `${text}\n` : text;
}

/** The text of a column definition: its author's, or made of its parts once it was changed. */
export function printColumn({ source, before, nameText, type, constraints }: ColumnDefinition): string {
  if (source !== undefined) return source;
  const parts = [
    nameText,
    ...(type === '' ? [] : [type]),
    ...constraints.map((constraint) => constraint.text),
  ];
  return `${before}${parts.map(closeComment).join(' ')}`;
}
