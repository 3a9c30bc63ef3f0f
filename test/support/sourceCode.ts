import { transformSync } from 'esbuild';
import jsTokens from 'js-tokens';

/** Where a word stands in a source file as code: in a text or a comment it is none. */
export function codeWith(word: string, text: string): readonly string[] {
  return [...jsTokens(text)]
    .filter(({ type, value }) => !/Comment|String|Template/.test(type) && value === word)
    .map(({ type, value }) => `${type} ${value}`);
}

/** Parses a source file. Throws where it is not valid. */
export function parse(text: string, extension = 'ts'): void {
  transformSync(text, { loader: /ts$/.test(extension) ? 'ts' : 'js' });
}
