import { closest } from 'fastest-levenshtein';
import { KnexMetaError } from '../errors.js';

function invalid(what: string, expected: string): KnexMetaError {
  return new KnexMetaError('MODEL_INVALID', `${what} must be ${expected}.`, { details: { what } });
}

/** Throws MODEL_INVALID for a name that is none, for options that there are not, and for wrong values of common ones. */
export function checkDefinition(
  define: string,
  name: unknown,
  options: unknown,
  known: readonly string[],
): void {
  if (typeof name !== 'string' || name.trim() === '') throw invalid(`The name in ${define}()`, 'a text');
  const call = `${define}('${name}')`;
  if (typeof options !== 'object' || options === null) throw invalid(`The options of ${call}`, 'an object');
  for (const [key, value] of Object.entries(options)) {
    if (!known.includes(key)) {
      throw new KnexMetaError('MODEL_INVALID', `${call} has no option \`${key}\`.`, {
        remedy: `Did you mean \`${closest(key, [...known])}\`? The options there are: ${known.join(', ')}.`,
        details: { option: key, known },
      });
    }
    const isText = ['schema', 'renamedFrom', 'comment', 'version'].includes(key);
    if (isText && value !== undefined && (typeof value !== 'string' || value === ''))
      throw invalid(`The option \`${key}\` of ${call}`, 'a text');
    const isList = ['dependsOn', 'columns', 'options', 'indexes', 'sql'].includes(key);
    if (isList && value !== undefined) checkTexts(`The option \`${key}\` of ${call}`, value);
  }
}

export function checkTexts(what: string, value: unknown): void {
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (!isTexts) throw invalid(what, 'an array of texts');
}

function checkText(what: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '') throw invalid(what, 'a text');
}

/** A text before which `create`, the kind and the name are put: a whole CREATE statement is none. */
export function checkWithoutCreate(what: string, value: unknown): void {
  checkText(what, value);
  if (/^\s*create\s/i.test(String(value)))
    throw invalid(what, 'without `create …`: that and the name are put before it');
}

export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') throw invalid(what, 'a function');
}

/** `app.users` in one text is schema and name, as Knex reads it; the option wins. */
export function splitName(
  name: string,
  schema: string | undefined,
): { readonly name: string; readonly schema: string | undefined } {
  const at = name.indexOf('.');
  return at < 1 || schema !== undefined
    ? { name, schema }
    : { schema: name.slice(0, at), name: name.slice(at + 1) };
}
