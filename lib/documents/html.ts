import type { Block, Inline } from './block.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const line = (parts: readonly Inline[]): string =>
  parts
    .map((part) => (typeof part === 'string' ? escapeHtml(part) : `<code>${escapeHtml(part.code)}</code>`))
    .join('');

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #ccc;padding:.25rem .6rem;text-align:left;vertical-align:top}
code,pre{background:#f4f4f4;font-size:.9em}pre{padding:1rem;overflow:auto}`;

function blockText(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escapeHtml(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${line(block.text)}</p>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${line(item)}</li>\n`).join('')}</ul>`;
    case 'table': {
      const head = block.head.map((text) => `<th>${escapeHtml(text)}</th>`).join('');
      const rows = block.rows.map(
        (row) => `<tr>${row.map((parts) => `<td>${line(parts)}</td>`).join('')}</tr>\n`,
      );
      return `<table>\n<tr>${head}</tr>\n${rows.join('')}</table>`;
    }
    // The page fetches nothing, so a diagram is its own text: Mermaid draws it where it is at hand.
    case 'diagram':
      return `<details><summary>As a Mermaid diagram</summary>\n<pre class="mermaid">${escapeHtml(block.text)}</pre></details>`;
  }
}

/** A part of a page. */
export function htmlFragment(blocks: readonly Block[]): string {
  return blocks.map(blockText).join('\n');
}

/** The document as one page of HTML that needs nothing beside itself. */
export function html(blocks: readonly Block[]): string {
  const title = blocks.find(({ kind }) => kind === 'heading');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title?.kind === 'heading' ? title.text : '')}</title>
<style>
${STYLE}
</style>
</head>
<body>
${htmlFragment(blocks)}
</body>
</html>
`;
}
