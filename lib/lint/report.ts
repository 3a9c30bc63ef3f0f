import type { Finding } from '../checks/finding.js';
import { countText } from '../operations/hazards/counted.js';
import { textOf } from '../operations/hazards/hazard.js';
import type { ObjectName } from '../schema/names.js';
import type { Witness } from './engine.js';
import { type IgnoreComment, ignoreComments, ignoredBy } from './ignore.js';
import type { Found } from './lint.js';
import type { Harm, Severity } from './rule.js';
import type { LintSettings } from './settings.js';

/** Something that `lint` found in a migration. */
export interface LintFinding extends Finding {
  readonly severity: Severity;
  readonly harm: Harm;
  readonly migration: string;
  /** The file, as the configuration names it, and the line where the statement is asked for. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly statement: string | undefined;
  /** What the database says; undefined where it was not asked, or gave no answer in time. */
  readonly evidence: string | undefined;
}

/** One that a comment switched off. */
export interface IgnoredFinding {
  readonly code: string;
  readonly migration: string;
  readonly line: number | undefined;
  readonly reason: string;
}

/** Where findings are. */
export interface LintedFile {
  readonly migration: string;
  readonly file: string | undefined;
  /** Undefined for a source of the project's own. */
  readonly text: string | undefined;
  /** The lines where its statements begin. */
  readonly begins: readonly number[];
}

const countOf = (counts: string, count: number): string =>
  countText({ evidence: { sql: '', counts } }, count)
    .replace(/\.$/, '')
    .replace(/^No /, 'no ');

interface Weighed {
  readonly severity: Severity;
  readonly evidence: string | undefined;
}

const number = (count: number, limit: number): string =>
  count > limit ? `more than ${limit} rows` : `${count} row${count === 1 ? '' : 's'}`;

/** Counts what the harm would be done to: nothing or little makes a note, and what will fail an error. */
async function weigh(
  found: Found,
  own: Severity,
  settings: LintSettings,
  witness: Witness,
): Promise<Weighed> {
  const { rule, evidence, table, breaks } = found;
  const { smallTable } = settings;
  if (rule.harm === 'practice' || rule.harm === 'incompatible') return { severity: own, evidence: undefined };
  const counted = evidence === undefined ? undefined : await witness.count(evidence.sql);
  const rows = table === undefined ? undefined : await witness.rows(table, smallTable);
  if (rows === undefined && counted === undefined) return { severity: own, evidence: undefined };
  const said = [
    ...(rows === undefined ? [] : [`${textOf(table as ObjectName)} has ${number(rows, smallTable)}`]),
    ...(counted === undefined || evidence === undefined ? [] : [countOf(evidence.counts, counted)]),
  ].join('; ');
  if (breaks === true && counted !== undefined && counted > 0) return { severity: 'error', evidence: said };
  const isSmall = rows !== undefined && rows <= smallTable;
  const isHarmless =
    rule.harm === 'data loss'
      ? counted === 0
      : rule.harm === 'long lock'
        ? isSmall
        : isSmall && counted === 0;
  return { severity: isHarmless ? 'note' : own, evidence: said };
}

/** What was found in one file, with severities, and without what its comments switch off. */
export async function reportOf(
  { migration, file, text, begins }: LintedFile,
  found: readonly Found[],
  settings: LintSettings,
  witness: Witness | undefined,
): Promise<{
  readonly findings: readonly LintFinding[];
  readonly ignored: readonly IgnoredFinding[];
  readonly unused: readonly { readonly comment: IgnoreComment; readonly code: string }[];
}> {
  const comments = text === undefined ? [] : ignoreComments(text);
  const findings: LintFinding[] = [];
  const ignored: IgnoredFinding[] = [];
  const used = new Set<string>();
  for (const each of found) {
    const { rule, line, message, table, statement } = each;
    const severity = settings.severityOf(rule);
    const comment = ignoredBy(comments, rule.code, line, begins);
    if (comment !== undefined) {
      used.add(`${comment.line} ${rule.code}`);
      ignored.push({ code: rule.code, migration, line, reason: comment.reason });
      continue;
    }
    if (severity === 'off') continue;
    const weighed =
      witness === undefined
        ? { severity, evidence: undefined }
        : await weigh(each, severity, settings, witness);
    findings.push({
      code: rule.code,
      severity: weighed.severity,
      harm: rule.harm,
      ...(table === undefined ? {} : { table: textOf(table) }),
      migration,
      file,
      line,
      statement,
      message,
      remedy: each.remedy ?? rule.remedy,
      evidence: weighed.evidence,
    });
  }
  const unused = comments.flatMap((comment) =>
    comment.codes.filter((code) => !used.has(`${comment.line} ${code}`)).map((code) => ({ comment, code })),
  );
  return { findings, ignored, unused };
}
