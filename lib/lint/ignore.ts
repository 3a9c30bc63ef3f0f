/** A comment that switches rules off. */
export interface IgnoreComment {
  readonly codes: readonly string[];
  readonly reason: string;
  /** The comment's own line, from 1. */
  readonly line: number;
  readonly isWholeFile: boolean;
  /** The first line from here on that is no comment. */
  readonly codeLine: number;
}

const COMMENT =
  /(?:\/\/|\/\*|--|^\s*\*)\s*knex-meta-lint-ignore(-file)?[ \t:]+([A-Z_]+(?:[ \t]*,[ \t]*[A-Z_]+)*)[ \t:]*(.*?)(?:\*\/)?\s*$/;
const ONLY_COMMENT = /^\s*(?:\/\/|\/\*|\*|--|$)/;

/** The comments in a migration's text that switch rules off. */
export function ignoreComments(text: string): readonly IgnoreComment[] {
  const lines = text.split(/\r?\n/);
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
      },
    ];
  });
}

/**
 * The comment that a finding is switched off by: one of its file, or one of its neighbourhood. That is the line of
 * code behind the comment; where no statement begins there, the statement in whose call the comment stands.
 *
 * @param begins - the lines where statements begin
 */
export function ignoredBy(
  comments: readonly IgnoreComment[],
  code: string,
  line: number | undefined,
  begins: readonly number[],
): IgnoreComment | undefined {
  return comments.find((comment) => {
    if (!comment.codes.includes(code)) return false;
    if (comment.isWholeFile) return true;
    const own = begins.includes(comment.codeLine)
      ? comment.codeLine
      : Math.max(...begins.filter((each) => each < comment.codeLine));
    return line === own;
  });
}
