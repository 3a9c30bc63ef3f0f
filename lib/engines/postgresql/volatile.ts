import { significant, tokenize } from '../tokens.js';

/** Functions that give each row of a statement the same value. Any other may not. */
export const SAME_FOR_ALL: ReadonlySet<string> = new Set(
  'now transaction_timestamp statement_timestamp timezone date_trunc to_char to_date to_timestamp make_date make_interval lower upper trim btrim ltrim rtrim md5 concat format length replace substring coalesce nullif current_setting current_schema jsonb_build_object jsonb_build_array json_build_object json_build_array to_jsonb to_json array_fill set_config int4range daterange tsrange tstzrange to_tsvector extract date_part age'.split(
    ' ',
  ),
);

/** Words that stand before a parenthesis and call nothing. */
const NO_CALL =
  /^(array|in|any|all|and|or|not|case|when|then|else|numeric|decimal|varchar|varying|character|char|bit|timestamp|timestamptz|time|interval|values|row|cast|overlay|position)$/i;

/** Whether the text of a default calls a function that may give each row another value. */
export function isVolatileText(expression: string): boolean {
  const tokens = significant(tokenize(expression));
  return tokens.some(
    ({ kind, text }, at) =>
      (kind === 'word' || kind === 'name') &&
      tokens[at + 1]?.text === '(' &&
      !NO_CALL.test(text) &&
      !SAME_FOR_ALL.has(text.replaceAll('"', '').toLowerCase()),
  );
}
