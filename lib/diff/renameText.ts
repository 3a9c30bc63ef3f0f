import { identifierOf, type Token, tokenize } from '../engines/tokens.js';

/** A name as it can stand in SQL: quoted where it has to be. */
function spelled(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'name';
}

/** An expression after a rename: the server rewrites those that it keeps. */
export function renameInText(sql: string, from: string, to: string, fold: (name: string) => string): string {
  return tokenize(sql)
    .map((token) => (isName(token) && fold(identifierOf(token)) === fold(from) ? spelled(to) : token.text))
    .join('');
}
