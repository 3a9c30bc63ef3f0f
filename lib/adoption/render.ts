import type { TableId } from '../engines/contract.js';
import { type Losses, lossesText } from '../engines/losses.js';
import { lineComments } from '../render/comments.js';
import { type MigrationForm, wrapFunction } from '../render/file.js';
import { literal } from '../render/text.js';
import { type AdoptionPlan, idOf, type PlannedSource, type PlannedTable } from './plan.js';

/** How the file is written. */
export interface RenderSettings {
  readonly form: MigrationForm;
  /** The schema that a name without one means. */
  readonly home: string | undefined;
  /** In steps, each in a transaction of its own. */
  readonly inSteps: boolean;
}

const number = (value: number): string => Math.round(value).toLocaleString('en-US');
const rowsOf = ({ rows, isCounted }: Pick<PlannedTable, 'rows' | 'isCounted'>): string =>
  `${isCounted ? '' : 'about '}${number(rows)} ${rows === 1 ? 'row' : 'rows'}`;

/** A table as messages name it. */
export function titleOf(table: TableId, home: string | undefined): string {
  return table.schema === home ? table.name : idOf(table);
}

const sourceText = ({ column, timeZone }: PlannedSource): string =>
  timeZone === undefined ? literal(column) : literal({ column, timeZone });

/** A call of the package with its options, one on a line. */
function call(name: string, options: readonly (readonly [key: string, text: string | undefined])[]): string {
  const lines = options.flatMap(([key, text]) => (text === undefined ? [] : [`    ${key}: ${text},`]));
  return [`  await ${name}(knex, {`, ...lines, '  });'].join('\n');
}

type Named = Pick<PlannedTable, 'table' | 'columns' | 'trigger'>;

function names({ table, columns, trigger }: Named, home: string | undefined) {
  return [
    ['table', literal(table.name)],
    ['schema', table.schema === home || table.schema === undefined ? undefined : literal(table.schema)],
    ['columns', literal(columns)],
    ['trigger', trigger ? undefined : 'false'],
  ] as const;
}

function adoptCall(planned: PlannedTable, home: string | undefined): string {
  const { createdAt, updatedAt } = planned;
  return call('adoptTable', [
    ...names(planned, home),
    ['createdAt', createdAt && sourceText(createdAt)],
    ['updatedAt', updatedAt && sourceText(updatedAt)],
  ]);
}

/** The whole file: the package's functions, the configuration, both directions. */
function fileOf(
  header: readonly string[],
  up: string,
  down: string,
  { form, inSteps }: RenderSettings,
): string {
  const functions = ['adoptTable', 'releaseTable']
    .filter((name) => `${up}${down}`.includes(`${name}(`))
    .join(', ');
  const imports =
    form === 'commonjs'
      ? [`const { ${functions} } = require('knex-meta');`]
      : [
          ...(form === 'typescript' ? ["import type { Knex } from 'knex';"] : []),
          `import { ${functions} } from 'knex-meta';`,
        ];
  const config = `${form === 'commonjs' ? 'exports.config' : 'export const config'} = { transaction: false, resumable: true };`;
  return [
    ...header.flatMap((line) => lineComments(line)),
    ...imports,
    '',
    ...(inSteps ? [config, ''] : []),
    wrapFunction(form, 'up', up),
    '',
    wrapFunction(form, 'down', down),
    '',
  ].join('\n');
}

const STEPS =
  'It runs in steps, each in a transaction of its own, and none holds a lock while rows are read or written. Each step does what is not done yet: after a kill the same command goes on.';

function headerOf(
  { tables, refused, whole }: AdoptionPlan,
  { home, inSteps }: RenderSettings,
): readonly string[] {
  const isDefault = tables.some(
    ({ columns, createdAt, updatedAt }) =>
      columns.length > 0 && (createdAt === undefined || updatedAt === undefined),
  );
  return [
    'Written by knex-meta meta:adopt: tables from before get their metadata. Read it before you run it. Found:',
    ...tables.flatMap((each) => {
      const gets = [...each.columns, ...(each.trigger ? ['the update trigger'] : [])].join(', ');
      return [
        `- ${titleOf(each.table, home)}: ${rowsOf(each)}; gets ${gets}`,
        ...each.remarks.map((remark) => `- ${titleOf(each.table, home)}: ${remark}`),
      ];
    }),
    ...refused.map(({ table, reasons }) => `- ${titleOf(table, home)} is left out: ${reasons.join('; ')}`),
    ...(whole.length === 0
      ? []
      : [`- has all already: ${whole.map((table) => titleOf(table, home)).join(', ')}`]),
    ...(isDefault
      ? [
          'Rows from before get the instant of the adoption where no column says when they were made or changed.',
        ]
      : []),
    ...(inSteps ? [STEPS] : []),
  ];
}

const LOSS =
  'DATA LOSS: what was written since into these columns (notes, flags, instants) is gone, also after another up.';

/** The migration that adopts. */
export function renderAdoption(plan: AdoptionPlan, settings: RenderSettings): string {
  const { home } = settings;
  const up = plan.tables.map((each) => adoptCall(each, home)).join('\n');
  const released = plan.tables.toReversed().map((each) => call('releaseTable', names(each, home)));
  const kept = 'Takes away what this migration added, where it added it; columns of your own stay.';
  const down = [...lineComments(LOSS, '  '), ...lineComments(kept, '  '), ...released].join('\n');
  return fileOf(headerOf(plan, settings), up, down, settings);
}

/** A table whose metadata go. */
export interface RemovedTable extends Named {
  readonly rows: number;
  readonly isCounted: boolean;
  readonly losses: Losses;
  /** Metadata names that the table has as columns of its own. */
  readonly kept: readonly string[];
}

/** The migration that removes the metadata of tables. */
export function renderRemoval(tables: readonly RemovedTable[], settings: RenderSettings): string {
  const { home } = settings;
  const header = [
    'Written by knex-meta meta:remove: tables lose their metadata. Read it before you run it. Found:',
    ...tables.flatMap((each) => {
      const lost = lossesText(each.losses);
      return [
        `- ${titleOf(each.table, home)}: ${rowsOf(each)}${lost === '' ? '' : `, of which ${lost}`}; loses ${each.columns.join(', ')}`,
        ...(each.kept.length === 0
          ? []
          : [`- ${titleOf(each.table, home)}: keeps its own ${each.kept.join(', ')}`]),
      ];
    }),
    'DATA LOSS: the values of these columns are gone, also after a rollback.',
    ...(settings.inSteps ? [STEPS] : []),
  ];
  const up = tables
    .map((each) => call('releaseTable', [...names(each, home), ['only', "'metadata'"]]))
    .join('\n');
  const back = tables.toReversed().map((each) => call('adoptTable', names(each, home)));
  const down = [
    ...lineComments('The columns come back with their defaults, not with their values.', '  '),
    ...back,
  ].join('\n');
  return fileOf(header, up, down, settings);
}
