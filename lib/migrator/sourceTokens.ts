import jsTokens, { type Token } from 'js-tokens';

/** Tokens that a program does not hear. */
export const BLANK: ReadonlySet<Token['type']> = new Set([
  'WhiteSpace',
  'LineTerminatorSequence',
  'MultiLineComment',
  'SingleLineComment',
  'HashbangComment',
]);

/** A migration's text as tokens, without white space and comments. */
export function tokensOf(text: string): readonly Token[] {
  return [...jsTokens(text)].filter(({ type }) => !BLANK.has(type));
}

/** What a token that is a plain string says. */
export function stringOf(token: Token | undefined): string | undefined {
  return token?.type === 'StringLiteral' || token?.type === 'NoSubstitutionTemplate'
    ? token.value.slice(1, -1).replace(/\\(['"`\\])/g, '$1')
    : undefined;
}
