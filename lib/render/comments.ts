import { escapeUnsafe } from './escape.js';
import { LINE_WIDTH } from './text.js';

/**
 * A comment of one line. Whatever stands in the text, the comment ends where the line ends: a name, a default or a
 * comment of the database cannot become code.
 */
export function commentLine(text: string, indent = ''): string {
  return `${indent}// ${escapeUnsafe(text)}`;
}

/** A comment, broken at words. White space of any kind becomes one space. */
export function lineComments(text: string, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text
    .replace(/\s+/g, ' ')
    .split(' ')
    .map((each) => escapeUnsafe(each))) {
    if (line !== '' && `${indent}// ${line} ${word}`.length > LINE_WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => commentLine(each, indent));
}

/** A documentation comment in front of a declaration; empty for a text that is undefined or blank. */
export function docComment(text: string | undefined, indent: string): string {
  const lines = (text ?? '')
    .trim()
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => escapeUnsafe(line, '\t').replaceAll('*/', '*\\/'));
  if (lines.every((line) => line === '')) return '';
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}
