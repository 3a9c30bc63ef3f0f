import type { Block, Inline } from './block.js';

/** Words as words: none is a mark of Markdown's or HTML's. An underscore inside a word is none. */
const escapeText = (text: string): string =>
  text
    .replace(/[\\`*{}[\]|~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

/** At its beginning a line could be a heading, a list, a rule. */
const escapeStart = (text: string): string =>
  text.replace(/^(?:[-+#=]|\d+(?=[.)]))/, (mark) => (/^\d/.test(mark) ? `${mark}\\` : `\\${mark}`));

/** A code span whose fence no run of backticks inside it ends. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$/.test(text) ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

const line = (parts: readonly Inline[]): string =>
  parts
    .map((part) => (typeof part === 'string' ? escapeText(part) : code(part.code)))
    .join('')
    .replace(/\s+/g, ' ');

/** In a table a bar ends the cell, in a code span too. */
const cell = (parts: readonly Inline[]): string =>
  parts
    .map((part) => (typeof part === 'string' ? escapeText(part) : code(part.code).replaceAll('|', '\\|')))
    .join('')
    .replace(/\s+/g, ' ');

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${line([block.text])}\n`;
    case 'paragraph':
      return `${escapeStart(line(block.text))}\n`;
    case 'list':
      return block.items.map((item) => `- ${line(item)}\n`).join('');
    case 'table':
      return [
        block.head.map((text) => escapeText(text)),
        block.head.map(() => '---'),
        ...block.rows.map((row) => row.map(cell)),
      ]
        .map((cells) => `| ${cells.join(' | ')} |\n`)
        .join('');
    case 'diagram':
      return `\`\`\`mermaid\n${block.text}\n\`\`\`\n`;
  }
}

/** The document as Markdown. */
export function markdown(blocks: readonly Block[]): string {
  return blocks.map(blockText).join('\n');
}
