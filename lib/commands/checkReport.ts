import type { CheckReport } from '../checks/finding.js';
import { EXIT } from '../errors.js';
import type { Context, Outcome } from './command.js';

/** What one check told. */
export interface Checked {
  readonly report: CheckReport;
  /** The line that closes a check which found nothing; undefined where there was nothing to find it in. */
  readonly allIsWell: string | undefined;
  /** What `--json` says beside the report. */
  readonly data: object;
}

/** A mend of more lines is printed with --verbose only. */
const SHOWN_LINES = 12;

/** Prints findings and notes, and what mends them. */
function tellReport({ output }: Pick<Context, 'output'>, { findings, notes }: CheckReport): void {
  for (const { code, message, remedy, mend = [] } of findings) {
    output.line(`${output.style('red', '✗')} ${code}: ${message}`);
    output.line(`  ${remedy}`);
    const lines = mend.flatMap((command) => command.split('\n')).length;
    if (lines > SHOWN_LINES && !output.isVerbose) {
      const statements = mend.length === 1 ? '1 statement' : `${mend.length} statements`;
      output.line(`    The SQL for it (${statements}, ${lines} lines) is printed with --verbose.`);
      continue;
    }
    for (const command of mend) {
      const [first = '', ...rest] = `${command}${/^np[xm] /.test(command) ? '' : ';'}`.split('\n');
      output.line(`    ${output.style('cyan', first)}`);
      for (const line of rest) output.line(`    ${output.style('cyan', line)}`);
    }
  }
  for (const note of notes) output.line(`${output.style('yellow', '·')} ${note}`);
}

/** Prints what a check found; exit code 3 when that is anything. */
export function reportCheck(context: Context, { report, allIsWell, data }: Checked): Outcome {
  const { output } = context;
  tellReport(context, report);
  const isGood = report.findings.length === 0;
  if (!isGood) output.line(`${report.findings.length} found`);
  else if (allIsWell !== undefined) output.line(`${output.style('green', '✓')} ${allIsWell}`);
  return { data: { ok: isGood, ...data, ...report }, ...(isGood ? {} : { exitCode: EXIT.found }) };
}
