import type { LintFinding } from '../lint/report.js';

/** Text in a command of GitHub Actions. */
const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Where a finding is, as editors and terminals open it. */
export const placeOf = ({ file, migration, line }: LintFinding): string =>
  `${file ?? migration}${line === undefined ? '' : `:${line}`}`;

/** A finding as an annotation of a pull request. */
export function githubLine(finding: LintFinding): string {
  const { severity, code, file, line, message, remedy, evidence } = finding;
  const command = severity === 'note' ? 'notice' : severity;
  const where = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    `title=${property(code)}`,
  ].join(',');
  const said = evidence === undefined ? message : `${message} (${evidence})`;
  return `::${command} ${where}::${data(`${said}\n${remedy}`)}`;
}
