import type { Finding } from '../checks/finding.js';
import { engineOf } from '../cli/project.js';
import type { Traits } from '../engines/meaning.js';
import { engines } from '../engines/registry.js';
import { KnexMetaError } from '../errors.js';
import type { KnexMetaConfig } from '../metadata/options.js';
import { ownTables } from '../migrator/journal.js';
import { recordTables } from '../migrator/settings.js';
import { type Candidate, runChains } from '../parity/chain.js';
import { compareSides } from '../parity/compare.js';
import { ADVICE, type Difference, type Side } from '../parity/difference.js';
import { ACCEPT_FLAG, withoutAccepted } from './accept.js';
import { reportCheck } from './checkReport.js';
import type { Command, Context } from './command.js';
import { many } from './modelReport.js';

/** The project on each engine: as it is configured on its own, and as it would be on the others. */
async function candidates(context: Context): Promise<readonly Candidate[]> {
  const { config: configured, extension } = await context.project();
  const { shadow: named = configured.meta?.shadow } = context.args;
  const shadow = named === undefined ? undefined : String(named);
  if (shadow !== undefined && !engines.some((engine) => engine.fromUrl(shadow) !== undefined)) {
    throw new KnexMetaError(
      'USAGE',
      '--shadow takes the URL of a database, of an engine that knex-meta has.',
      {
        remedy: '--shadow postgres://me@localhost/any',
      },
    );
  }
  const own = engineOf(configured);
  const migrations = { ...configured.migrations, extension };
  return engines.map((engine): Candidate => {
    const server = shadow !== undefined && engine.fromUrl(shadow) !== undefined ? shadow : undefined;
    if (engine === own) return { engine, config: { ...configured, migrations }, server };
    const { connection: _other, pool: _ofOther, ...shared } = configured;
    // The expression is one of the other engine's, also where the environment names it: this one has its own.
    const meta = { ...configured.meta, timestampUtc: '' };
    const config = {
      ...engine.defaults,
      ...shared,
      client: engine.clients[0] ?? '',
      migrations,
      meta,
    } as KnexMetaConfig;
    engineOf(config);
    return { engine, config, server };
  });
}

/** What the engines do differently whatever the tables are. */
function ofTraits(
  titles: readonly string[],
  traits: readonly Traits[],
): { readonly notes: readonly string[]; readonly differences: readonly Difference[] } {
  const shown = (of: (each: Traits) => string): string =>
    traits.map((each, index) => `${titles[index]}: ${of(each)}`).join(', ');
  const isOne = (of: (each: Traits) => string): boolean => new Set(traits.map(of)).size === 1;
  const like = (each: Traits): string => (each.likeIgnoresCase ? 'case does not count' : 'case counts');
  const order = (each: Traits): string => each.textOrder;
  const off = titles.filter((_title, index) => traits[index]?.enforcesKeys === false);
  return {
    notes: [
      ...(isOne(like)
        ? []
        : [`LIKE_CASE: LIKE (${shown(like)}). Use \`whereILike\`, which means the same on both.`]),
      ...(isOne(order)
        ? []
        : [
            `TEXT_ORDER: texts are in the order of (${shown(order)}). Sort in the application where people see it.`,
          ]),
    ],
    differences: off.map((title) => ({
      code: 'KEYS_OFF',
      severity: 'differs',
      message: `foreign keys are not enforced on ${title}`,
      remedy: ADVICE.KEYS_OFF,
    })),
  };
}

export const checkEngines: Command = {
  command: 'check:engines',
  describe:
    'Run the migrations on every engine, in throwaway databases, and say what would be different there',
  flags: {
    shadow: {
      type: 'string',
      describe: 'a database on a server of the other engine, where a throwaway one is made',
    },
    ...ACCEPT_FLAG,
  },
  examples: [
    [
      'knex-meta check:engines',
      'exit code 3 when a table, a key or a type means something else on one engine',
    ],
    ['knex-meta check:engines --accept DECIMAL:orders.total', 'that one is known'],
  ],
  run: async (context) => {
    const { output } = context;
    const { config, extension } = await context.project();
    const settings = { ...config.migrations, extension };
    const { chains, failures, migrations } = await runChains(
      await candidates(context),
      settings,
      context.signal(),
    );
    const [first, second] = chains.map(({ side }) => side);
    const { differences, habits, tables } = compareSides(
      [first as Side, second as Side],
      ownTables(recordTables(settings)),
    );
    const { notes, differences: ofEngines } = ofTraits(
      chains.map(({ side }) => side.title),
      chains.map(({ traits }) => traits),
    );
    const findings: readonly (Finding & Difference)[] = [...failures, ...ofEngines, ...differences];
    for (const { code, message, columns, remedy } of habits) {
      output.line(`${output.style('yellow', '·')} ${code}: ${message}: ${columns.join(', ')}`);
      output.line(`  ${remedy}`);
    }
    const report = withoutAccepted(context, config.meta, { findings, notes });
    const titles = chains.map(({ side }) => side.title).join(' and ');
    return reportCheck(context, {
      report,
      allIsWell: `${many(migrations.length, 'migration')} ${migrations.length === 1 ? 'makes' : 'make'} ${many(tables, 'table')} that mean${tables === 1 ? 's' : ''} the same on ${titles}`,
      data: { migrations, habits },
    });
  },
};
