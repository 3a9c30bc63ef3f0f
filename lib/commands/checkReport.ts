import type { CheckReport } from '../checks/finding.js';
import { EXIT } from '../errors.js';
import type { Context, Outcome } from './command.js';

/** Prints what a check found; exit code 3 when that is anything. */
export function reportCheck(
  { output }: Context,
  report: CheckReport,
  allIsWell: string,
  data: object,
): Outcome {
  for (const { code, message, remedy } of report.findings) {
    output.line(`${output.style('red', '✗')} ${code}: ${message}`);
    output.line(`  ${remedy}`);
  }
  for (const note of report.notes) output.line(`${output.style('yellow', '·')} ${note}`);
  const isGood = report.findings.length === 0;
  output.line(isGood ? `${output.style('green', '✓')} ${allIsWell}` : `${report.findings.length} found`);
  return { data: { ok: isGood, ...data, ...report }, ...(isGood ? {} : { exitCode: EXIT.found }) };
}
