/** Ends a line, hides text, changes its direction, or is no character at all: it would make source code mislead or break. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be found.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The text with every such character as an escape sequence of JavaScript. Its backslashes stay as they are. */
export function escapeUnsafe(text: string, kept = ''): string {
  return text.replace(UNSAFE, (character) =>
    kept.includes(character) ? character : escapeCharacter(character),
  );
}
