import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import type { Constraint, ConstraintKind } from './columnDefinition.js';

/** A constraint of the table, with the columns that it names and the table that it refers to. */
export interface TableConstraint extends Constraint {
  readonly before: string;
  /** A comment behind the comma, on the constraint's line. */
  readonly after: string;
  readonly columns: readonly string[];
  readonly references: string | undefined;
  readonly referencedColumns: readonly string[];
}

const KINDS: Readonly<Record<string, ConstraintKind>> = {
  PRIMARY: 'primary',
  UNIQUE: 'unique',
  CHECK: 'check',
  FOREIGN: 'foreign',
};

const WORDS = ['CONSTRAINT', ...Object.keys(KINDS)];

/** Whether a part of a CREATE TABLE is a constraint: its first word cannot be a column's name unquoted. */
export function isTableConstraint(text: string): boolean {
  return isWord(significant(tokenize(text))[0], ...WORDS);
}

/** The names in the parenthesis that opens at this position: the first word of each part. */
function namesIn(tokens: readonly Token[], open: number): readonly string[] {
  if (tokens[open]?.text !== '(') return [];
  return splitAtCommas(tokens.slice(open + 1, closingOf(tokens, open))).flatMap(([first]) =>
    first === undefined ? [] : [identifierOf(first)],
  );
}

function parseConstraint(text: string, after: string): TableConstraint {
  const tokens = significant(tokenize(text));
  const isNamed = isWord(tokens[0], 'CONSTRAINT');
  const start = isNamed ? 2 : 0;
  const kind = KINDS[tokens[start]?.text.toUpperCase() ?? ''] ?? 'check';
  const open = tokens.findIndex(({ text: symbol }) => symbol === '(');
  const refers = kind === 'foreign' ? tokens.findIndex((token) => isWord(token, 'REFERENCES')) : -1;
  const target = refers < 0 ? undefined : tokens[refers + 1];
  const named = tokens[1];
  return {
    kind,
    name: isNamed && named !== undefined ? identifierOf(named) : undefined,
    before: text.slice(0, tokens[0]?.start ?? 0),
    after,
    text: text.slice(tokens[0]?.start ?? 0),
    columns: kind === 'check' ? [] : namesIn(tokens, open),
    references: target === undefined ? undefined : identifierOf(target),
    referencedColumns: refers < 0 ? [] : namesIn(tokens, refers + 2),
  };
}

/** Offsets at which a constraint begins: SQLite lets the commas between them away. */
function startsOf(text: string): readonly number[] {
  const tokens = significant(tokenize(text));
  const starts: number[] = [];
  for (let position = 0; position < tokens.length; position += 1) {
    const token = tokens[position];
    if (token?.text === '(') position = closingOf(tokens, position);
    else if (token !== undefined && isWord(token, ...WORDS)) {
      starts.push(token.start);
      // The name, and the word that says what is so named.
      if (isWord(token, 'CONSTRAINT')) position += 2;
    }
  }
  return starts;
}

/** Reads a part of a CREATE TABLE that is a constraint, or several without commas between them. */
export function parseConstraints(text: string, after: string): readonly TableConstraint[] {
  const [, ...starts] = startsOf(text);
  const bounds = [0, ...starts, text.length];
  return bounds.slice(1).map((end, index) => {
    const isLast = end === text.length;
    const piece = text.slice(bounds[index], end);
    return parseConstraint(
      `${index === 0 ? '' : ' '}${isLast ? piece : piece.trimEnd()}`,
      isLast ? after : '',
    );
  });
}
