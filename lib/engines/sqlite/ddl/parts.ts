import { splitAtCommas, type Token } from '../../tokens.js';

/** One column or constraint of a CREATE TABLE, as its author wrote it. */
interface Part {
  readonly text: string;
  /** A comment behind the comma that follows, on the same line. */
  readonly after: string;
}

/** A comment that ends its line: it speaks of what stands before it, though the comma is between. */
const COMMENT_OF_LINE = /^[^\S\n]*(?:--[^\n]*|\/\*(?:(?!\*\/)[^\n])*\*\/(?=[^\S\n]*\n))/;

/** The parts between the commas of a CREATE TABLE, each with the comment of its line. */
export function splitParts(body: readonly Token[]): readonly Part[] {
  const texts = splitAtCommas(body).map((part) => part.map(({ text }) => text).join(''));
  const comments = texts.map((text, index) => (index === 0 ? '' : (COMMENT_OF_LINE.exec(text)?.[0] ?? '')));
  return texts.map((text, index) => ({
    text: text.slice(comments[index]?.length),
    after: comments[index + 1] ?? '',
  }));
}
