import { engineOf, missingFile } from '../cli/project.js';
import { EXIT, KnexMetaError } from '../errors.js';
import type { LintFinding } from '../lint/report.js';
import type { Severity } from '../lint/rule.js';
import { withMeta } from '../metadata/withMeta.js';
import { createMigrator } from '../migrator/createMigrator.js';
import type { Scope } from '../migrator/written.js';
import { type Command, type Context, type Outcome, textsOf } from './command.js';
import { githubLine, placeOf } from './lintFormat.js';
import { allRules, fileFinding, lintScope, settingsOf } from './lintRun.js';
import { sarifOf } from './lintSarif.js';
import { readFiles } from './migrateHistory.js';
import { SHADOW_FLAG, shadowOf } from './rehearsal.js';
import { readMode, TRANSACTION_FLAG } from './transactionFlag.js';

const ORDER: readonly Severity[] = ['note', 'warning', 'error'];
const COLORS = { error: 'red', warning: 'yellow', note: 'dim' } as const;

/** Which migrations are meant. Throws USAGE when two ways to say it are mixed. */
function scopeOf({ args }: Context): Scope {
  const files = textsOf(args.files);
  const said = [args.all === true, args.since !== undefined, files.length > 0].filter(Boolean);
  if (said.length > 1) {
    throw new KnexMetaError(
      'USAGE',
      'Files, --all and --since are three ways to say which migrations: give one.',
    );
  }
  if (args.all === true) return { kind: 'all' };
  if (args.since !== undefined) return { kind: 'since', revision: String(args.since) };
  return files.length > 0 ? { kind: 'files', files } : { kind: 'pending' };
}

/** A value of a flag that has few. Throws USAGE. */
function oneOf<T extends string>(flag: string, value: unknown, words: readonly T[], first: T): T {
  if (value === undefined) return first;
  const word = words.find((each) => each === String(value));
  if (word !== undefined) return word;
  throw new KnexMetaError('USAGE', `--${flag} takes ${words.join(', ')}, not "${value}".`);
}

/** What the record says of the files, where there is a database to ask. */
async function findingsOfRecord(context: Context): Promise<readonly LintFinding[]> {
  const { config } = await context.project();
  const settings = settingsOf(config);
  const migrator = createMigrator((await context.database()).db);
  const { edited, applied, pending } = await migrator.status();
  const newest = applied
    .map(({ name }) => name)
    .sort()
    .at(-1);
  const older = pending.filter((name) => newest !== undefined && name < newest);
  const { heads } = await migrator.heads();
  const names = heads.map(({ name }) => name).join(', ');
  const { history } = await readFiles(context);
  const fileOf = (name: string): string | undefined =>
    history.revisions.find((entry) => entry.name === name)?.path?.replace(/^\.\//, '');
  return [
    ...edited.flatMap((name) =>
      fileFinding('EDITED', name, fileOf(name), `${name} was edited after it was applied.`, settings),
    ),
    ...older.flatMap((name) =>
      fileFinding(
        'OUT_OF_ORDER',
        name,
        fileOf(name),
        `${name} is older than ${newest}, which is applied.`,
        settings,
      ),
    ),
    ...(heads.length > 1
      ? fileFinding(
          'SEVERAL_HEADS',
          heads[0]?.name ?? '',
          fileOf(heads[0]?.name ?? ''),
          `The history has ${heads.length} heads: ${names}.`,
          settings,
        )
      : []),
  ];
}

function listRules({ output }: Context): Outcome {
  const rules = allRules().map(({ rule, engines }) => {
    const { code, harm, severity, finds, reason, remedy } = rule;
    return { code, severity, harm, engines, finds, reason, remedy };
  });
  for (const { code, severity, finds, engines } of rules) {
    output.line(`${output.style('cyan', code)} ${severity} (${engines.join(', ')}): ${finds}`);
  }
  return { data: { ok: true, rules } };
}

function tell({ output }: Context, finding: LintFinding): void {
  const { severity, code, message, evidence, remedy } = finding;
  output.line(
    `${placeOf(finding)}: ${output.style(COLORS[severity], severity)} ${code}: ${message}${evidence === undefined ? '' : ` (${evidence})`}`,
  );
  output.line(`  ${remedy}`);
}

const counted = (findings: readonly LintFinding[], severity: Severity): string => {
  const count = findings.filter((each) => each.severity === severity).length;
  return `${count} ${severity}${count === 1 ? '' : 's'}`;
};

export const lint: Command = {
  command: 'lint [files..]',
  describe:
    'Look for what is dangerous or unwise in the SQL that pending migrations would run; the database is only read',
  flags: {
    all: {
      type: 'boolean',
      describe:
        'every migration, each as if those before it ran long ago; the configured database is not read',
    },
    since: {
      type: 'string',
      describe: 'every migration behind this revision; the configured database is not read',
    },
    format: {
      type: 'string',
      describe:
        'text (default), github: annotations of a pull request, or sarif: a document for code scanning',
    },
    'fail-on': {
      type: 'string',
      describe: 'exit code 3 from this severity on: error, warning (default), note, never',
    },
    list: { type: 'boolean', describe: 'list the rules, and do nothing else' },
    ...SHADOW_FLAG,
    ...TRANSACTION_FLAG,
  },
  examples: [
    ['knex-meta lint', 'what is pending, with the numbers of rows that the database says'],
    ['knex-meta lint --since 20240102 --format github', 'in CI, with nothing but the repository'],
    ['knex-meta lint --all --format sarif > lint.sarif', 'for code scanning'],
    ['knex-meta lint migrations/20240103_add_index.ts', 'one file'],
  ],
  run: async (context) => {
    const { args, output, project, database } = context;
    if (args.list === true) return listRules(context);
    const scope = scopeOf(context);
    const format = oneOf('format', args.format, ['text', 'github', 'sarif'], 'text');
    const failOn = oneOf('fail-on', args['fail-on'], ['error', 'warning', 'note', 'never'], 'warning');
    const transaction = readMode(args.transaction);
    const { config, extension } = await project();
    const engine = engineOf(config);
    const whole = withMeta({ ...config, migrations: { ...config.migrations, extension } });
    const isLive = scope.kind === 'pending' && missingFile(config) === undefined;
    const live = isLive ? (await database()).db : undefined;
    const result = await lintScope(engine, whole, live, scope, {
      transaction,
      ...shadowOf(context, config),
      signal: context.signal(),
    });
    const findings = [...(isLive ? await findingsOfRecord(context) : []), ...result.findings];
    const [directory = './migrations'] = [config.migrations?.directory ?? []].flat();
    if (format === 'sarif') output.sql(sarifOf(findings, directory));
    for (const finding of format === 'sarif' ? [] : findings) {
      if (format === 'github') output.line(githubLine(finding));
      else tell(context, finding);
    }
    const looked = `${result.migrations.length} migration${result.migrations.length === 1 ? '' : 's'} looked at`;
    const numbers = [...ORDER].reverse().map((severity) => counted(findings, severity));
    if (format === 'text') {
      const off = result.ignored.length === 0 ? '' : `, ${result.ignored.length} switched off by comments`;
      output.line(
        findings.length === 0 ? `${looked}: nothing found${off}` : `${looked}: ${numbers.join(', ')}${off}`,
      );
    }
    const isBad =
      failOn !== 'never' && findings.some(({ severity }) => ORDER.indexOf(severity) >= ORDER.indexOf(failOn));
    const data = { ok: !isBad, ...result, findings };
    return { data, ...(isBad ? { exitCode: EXIT.found } : {}) };
  },
};
