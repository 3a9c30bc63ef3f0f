import { resolve } from 'node:path';
import { type AdoptionPlan, type NamedSource, planAdoption } from '../adoption/plan.js';
import { renderAdoption, titleOf } from '../adoption/render.js';
import { viewFindings } from '../checks/joins.js';
import { nameOf } from '../checks/migration.js';
import { KnexMetaError } from '../errors.js';
import { asking } from '../metadata/session.js';
import { plainView } from '../migrator/views.js';
import type { ObjectName } from '../schema/names.js';
import { type Chosen, chooseTables, isInSteps, TABLE_FLAGS } from './adoptedTables.js';
import { type Command, type Context, type Outcome, textsOf } from './command.js';
import { viewsBrokenByGains } from './joins.js';
import { newMigration, parentsOfNew, withParents } from './migrateMake.js';
import { fileNameOf } from './newFile.js';

/** `inserted_on`, `orders.inserted_on`, `shop.orders.inserted_on`. */
function readSource(key: NamedSource['key'], text: string): NamedSource {
  const [column = '', table, ...schema] = text.split('.').reverse();
  return { key, column, table, schema: schema.length === 0 ? undefined : schema.reverse().join('.') };
}

function readSources({ args }: Context): readonly NamedSource[] {
  return [
    ...textsOf(args['created-at-from']).map((text) => readSource('created_at', text)),
    ...textsOf(args['updated-at-from']).map((text) => readSource('updated_at', text)),
  ];
}

/** A source that no table has is a slip of the pen. Throws USAGE. */
function checkSources(sources: readonly NamedSource[], { tables, engine }: Chosen): void {
  const { foldName } = engine.metadata;
  for (const { key, schema, table, column } of sources) {
    const isThere = tables.some(
      (facts) =>
        (table === undefined ||
          (facts.name === table && (schema === undefined || facts.schema === schema))) &&
        facts.columns.some(({ name }) => foldName(name) === foldName(column)),
    );
    if (isThere) continue;
    const text = [schema, table, column].filter((part) => part !== undefined).join('.');
    throw new KnexMetaError(
      'USAGE',
      `--${key.replace('_', '-')}-from ${text}: no chosen table has that column.`,
      {
        remedy: 'Give a column (of each table that has it), or table.column. Nothing was written.',
        details: { source: text },
      },
    );
  }
}

/** A table that was asked for by name is not left out in silence. Throws ADOPT_REFUSED. */
function refuseNamed({ refused }: AdoptionPlan, { tables, isNamed, home }: Chosen): void {
  for (const { table, reasons } of refused) {
    const facts = tables.find(({ schema, name }) => schema === table.schema && name === table.name);
    if (facts === undefined || !isNamed(facts)) continue;
    throw new KnexMetaError(
      'ADOPT_REFUSED',
      `${titleOf(table, home)} cannot be adopted: ${reasons.join('; ')}.`,
      {
        remedy: 'Mend that, or leave the table out. Nothing was written.',
        details: { table: table.name, reasons },
      },
    );
  }
}

function dataOf(plan: AdoptionPlan) {
  return {
    tables: plan.tables.map(({ table: { schema, name }, ...rest }) => ({ schema, name, ...rest })),
    refused: plan.refused.map(({ table: { schema, name }, reasons }) => ({ schema, name, reasons })),
    whole: plan.whole.map(({ schema, name }) => ({ schema, name })),
  };
}

/** Names the views that the adoption breaks, before it is written. */
async function warnOfJoins(
  { output }: Context,
  { engine, config, db }: Chosen,
  { tables }: AdoptionPlan,
): Promise<void> {
  if (engine.checks.joins.ambiguousViews === undefined) return;
  const gained = new Map(tables.map(({ table, columns }) => [nameOf(table), columns]));
  const schema = await engine.introspect(plainView(db));
  const gains = (table: ObjectName) => gained.get(nameOf(table)) ?? [];
  const { later } = await viewsBrokenByGains(engine, config, schema, gains);
  for (const { message, remedy } of viewFindings([], later)) output.warn(`${message}. ${remedy}`);
}

async function adopt(context: Context): Promise<Outcome> {
  const { output, args } = context;
  const chosen = await chooseTables(context);
  const { engine, db, home, wanted, custom } = chosen;
  const sources = readSources(context);
  checkSources(sources, chosen);
  const surveys = await asking(db, (session) => engine.adoption.survey(session, chosen.tables));
  const plan = planAdoption(surveys, {
    wanted,
    foldName: engine.metadata.foldName,
    canStamp: engine.metadata.canStamp,
    sourceProblem: engine.adoption.sourceProblem,
    lacksZone: engine.adoption.lacksZone,
    sources,
  });
  refuseNamed(plan, chosen);
  for (const { table, reasons } of plan.refused)
    output.warn(`${titleOf(table, home)} is left out: ${reasons.join('; ')}`);
  if (custom.length > 0) {
    output.warn(
      `${custom.join(', ')}: a column of your own making (meta.columns) is not added to tables from before; write that migration yourself`,
    );
  }
  if (plan.tables.length === 0) {
    output.line(output.style('cyan', 'Every table has its metadata: nothing to adopt'));
    return { data: { ok: true, ...dataOf(plan) } };
  }
  const inSteps = isInSteps(
    chosen,
    args,
    plan.tables.map(({ rows }) => rows),
  );
  for (const { table, columns, trigger } of plan.tables) {
    const gets = [...columns, ...(trigger ? ['the update trigger'] : [])].join(', ');
    output.line(`${output.style('green', 'Adopts')} ${titleOf(table, home)}: ${gets}`);
  }
  await warnOfJoins(context, chosen, plan);
  const [only, second] = plan.tables;
  const alone = second === undefined ? only?.table.name : undefined;
  const fallback = `adopt_${alone?.replace(/[^\p{L}\p{N}_.-]+/gu, '_') ?? 'tables'}`;
  const name = fileNameOf(String(args.name ?? fallback)) || fallback;
  const parents = (await parentsOfNew(context)).slice(-1);
  const { path, file } = await newMigration(context, name, parents, (form) =>
    withParents(renderAdoption(plan, { form, home, inSteps }), form, parents),
  );
  output.line(output.style('green', `Created Migration: ${path}`));
  output.line('Read it before you apply it.');
  return { data: { ok: true, path: resolve(path), file, revises: parents, inSteps, ...dataOf(plan) } };
}

export const metaAdopt: Command = {
  command: 'meta:adopt [name]',
  describe:
    'Write a migration that gives tables from before the metadata they lack; the database is only read',
  flags: {
    ...TABLE_FLAGS,
    'created-at-from': {
      type: 'string',
      describe:
        'the column that says when rows were made: inserted_on, orders.inserted_on; may be given again',
    },
    'updated-at-from': {
      type: 'string',
      describe: 'the column that says when rows were last changed; may be given again',
    },
  },
  examples: [
    ['knex-meta meta:adopt', 'every table that lacks something'],
    ['knex-meta meta:adopt --table orders --created-at-from inserted_on', 'one table, with its own instants'],
  ],
  run: adopt,
};
