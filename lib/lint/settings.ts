import { closest } from 'fastest-levenshtein';
import { KnexMetaError } from '../errors.js';
import type { LintOptions } from '../metadata/options.js';
import type { LintRule, Severity } from './rule.js';

/** `meta.lint`, with every default in place. */
export interface LintSettings {
  readonly severityOf: (rule: LintRule) => Severity | 'off';
  /** A table of at most this many rows is small: nobody waits long for it. */
  readonly smallTable: number;
}

const SMALL_TABLE = 1000;

/**
 * Reads `meta.lint`.
 *
 * @param codes - every rule's code, of all engines: a configuration may serve two
 * @throws KnexMetaError META_OPTION_INVALID for a code that no rule has
 */
export function lintSettings(options: LintOptions | undefined, codes: readonly string[]): LintSettings {
  const { ignore = [], severity = {}, smallTable = SMALL_TABLE } = options ?? {};
  for (const code of [...ignore, ...Object.keys(severity)]) {
    if (codes.includes(code)) continue;
    throw new KnexMetaError(
      'META_OPTION_INVALID',
      `\`meta.lint\` names the rule ${code}, which there is not.`,
      {
        remedy: `Did you mean ${closest(code, [...codes])}? \`npx knex-meta lint --list\` shows them all.`,
        details: { option: 'meta.lint', code },
      },
    );
  }
  return {
    severityOf: ({ code, severity: own }) => (ignore.includes(code) ? 'off' : (severity[code] ?? own)),
    smallTable,
  };
}
