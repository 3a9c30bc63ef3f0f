import jsTokens from 'js-tokens';

/** A comment that switches rules off. */
export interface IgnoreComment {
  readonly codes: readonly string[];
  readonly reason: string;
  /** The comment's own line, from 1. */
  readonly line: number;
  readonly isWholeFile: boolean;
  /** The first line from here on that is no comment. */
  readonly codeLine: number;
  /** How many parentheses are open at the beginning of a line. */
  readonly depthAt: (line: number) => number;
}

const COMMENT =
  /(?:\/\/|\/\*|--|^\s*\*)\s*knex-meta-lint-ignore(-file)?[ \t:]+([A-Z_]+(?:[ \t]*,[ \t]*[A-Z_]+)*)[ \t:]*(.*?)(?:\*\/)?\s*$/;
const ONLY_COMMENT = /^\s*(?:\/\/|\/\*|\*|--|$)/;

function depths(text: string): readonly number[] {
  const found = [0, 0];
  let depth = 0;
  for (const { type, value } of jsTokens(text)) {
    if (type === 'Punctuator' && value === '(') depth += 1;
    if (type === 'Punctuator' && value === ')') depth -= 1;
    for (const _end of value.matchAll(/\r?\n/g)) found.push(depth);
  }
  return found;
}

/** The comments in a migration's text that switch rules off. */
export function ignoreComments(text: string): readonly IgnoreComment[] {
  const lines = text.split(/\r?\n/);
  let known: readonly number[] | undefined;
  const depthAt = (line: number): number => {
    known ??= depths(text);
    return known[line] ?? 0;
  };
  return lines.flatMap((content, index): readonly IgnoreComment[] => {
    const [whole, file, codes, reason = ''] = COMMENT.exec(content) ?? [];
    if (whole === undefined || codes === undefined) return [];
    const below = lines.findIndex((each, at) => at >= index && !ONLY_COMMENT.test(each));
    return [
      {
        codes: codes.split(',').map((code) => code.trim()),
        reason: reason.trim(),
        line: index + 1,
        isWholeFile: file !== undefined,
        codeLine: (below === -1 ? index : below) + 1,
        depthAt,
      },
    ];
  });
}

/** The line where the statement begins that a comment is about: one behind it, or the one in whose call it stands. */
function statementOf(
  { line, codeLine, depthAt }: IgnoreComment,
  begins: readonly number[],
): number | undefined {
  if (begins.includes(codeLine)) return codeLine;
  const before = begins
    .filter((each) => each < codeLine)
    .sort((a, b) => a - b)
    .at(-1);
  if (before !== undefined && depthAt(line) > depthAt(before)) return before;
  return begins.filter((each) => each > codeLine).sort((a, b) => a - b)[0];
}

/**
 * The comment that a finding is switched off by: one of its file, or one of its statement.
 *
 * @param begins - the lines where statements begin
 */
export function ignoredBy(
  comments: readonly IgnoreComment[],
  code: string,
  line: number | undefined,
  begins: readonly number[],
): IgnoreComment | undefined {
  return comments.find(
    (comment) =>
      comment.codes.includes(code) &&
      (comment.isWholeFile || (line !== undefined && line === statementOf(comment, begins))),
  );
}
