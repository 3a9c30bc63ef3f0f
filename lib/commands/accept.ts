import type { CheckReport, Finding } from '../checks/finding.js';
import { KnexMetaError } from '../errors.js';
import type { MetaOptions } from '../metadata/options.js';
import { type Context, type Flag, textsOf } from './command.js';

/** The flag of checks whose findings a project may have good reasons for. */
export const ACCEPT_FLAG: Readonly<Record<'accept', Flag>> = {
  accept: {
    type: 'string',
    describe:
      'what is known and meant, as CODE or CODE:<where>; several times; `meta.accept` in the knexfile',
  },
};

/** A pattern of accepted findings: `CODE`, or `CODE:where` with `*` for any text. */
function matches(pattern: string, { code, table, migration }: Finding): boolean {
  const [wanted, ...rest] = pattern.split(':');
  if (wanted !== code) return false;
  if (rest.length === 0) return true;
  const escaped = rest
    .join(':')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*');
  const place = new RegExp(`^${escaped}$`);
  const revision = migration?.replace(/\.[cm]?[jt]s$/, '');
  return [table, migration, revision].some((name) => name !== undefined && place.test(name));
}

/** The report without what the project knows and accepts, which becomes a note. */
export function withoutAccepted(
  { args }: Pick<Context, 'args'>,
  meta: MetaOptions | undefined,
  report: CheckReport,
): CheckReport {
  const patterns = [meta?.accept ?? [], textsOf(args.accept)].flat();
  const wrong = patterns.find((pattern) => !/^[A-Z_]+(:.+)?$/.test(pattern));
  if (wrong !== undefined) {
    throw new KnexMetaError('USAGE', `--accept takes CODE or CODE:<where>, not "${wrong}".`);
  }
  const isAccepted = (finding: Finding): boolean => patterns.some((pattern) => matches(pattern, finding));
  const accepted = report.findings.filter(isAccepted);
  return {
    findings: report.findings.filter((finding) => !isAccepted(finding)),
    notes: [...report.notes, ...accepted.map(({ code, message }) => `accepted: ${code}: ${message}`)],
  };
}
