import { resolve } from 'node:path';
import { type RemovedTable, renderRemoval, titleOf } from '../adoption/render.js';
import type { TableSurvey } from '../engines/adoption.js';
import type { Session } from '../engines/contract.js';
import { type LossNames, lossesText } from '../engines/losses.js';
import type { ClientInternals } from '../metadata/knexInternals.js';
import { asking } from '../metadata/session.js';
import { type Chosen, chooseTables, isInSteps, TABLE_FLAGS } from './adoptedTables.js';
import type { Command, Context, Outcome } from './command.js';
import { newMigration, parentsOfNew, withParents } from './migrateMake.js';
import { fileNameOf } from './newFile.js';

/** What of a table goes, with what that loses; undefined when it has nothing of knex-meta's. */
async function readRemoved(
  session: Session,
  { facts, rows, isCounted }: TableSurvey,
  { engine, wanted, db }: Chosen,
): Promise<RemovedTable | undefined> {
  const { foldName } = engine.metadata;
  const client = db.client as unknown as ClientInternals;
  const found = wanted.flatMap((column) => {
    const own = facts.columns.find(({ name }) => foldName(name) === foldName(column.name));
    return own === undefined ? [] : [{ ...column, isMetadata: own.isMetadata }];
  });
  const going = found.filter(({ isMetadata }) => isMetadata);
  if (going.length === 0 && facts.trigger === undefined) return undefined;
  const nameOf = (key: string) => going.find((column) => column.key === key)?.name;
  const names: LossNames = {
    notes: nameOf('notes'),
    is_active: nameOf('is_active'),
    is_flagged: nameOf('is_flagged'),
  };
  const quoted = [facts.schema, facts.name]
    .flatMap((part) => (part === undefined ? [] : [client.wrapIdentifierImpl(part)]))
    .join('.');
  return {
    table: facts,
    columns: going.map(({ name }) => name),
    trigger: facts.trigger !== undefined,
    rows,
    isCounted,
    losses: await engine.adoption.losses(session, quoted, names),
    kept: found.filter(({ isMetadata }) => !isMetadata).map(({ name }) => name),
  };
}

async function remove(context: Context): Promise<Outcome> {
  const { output, args } = context;
  const chosen = await chooseTables(context);
  const { engine, db, home } = chosen;
  const removed = await asking(db, async (session) => {
    const found: RemovedTable[] = [];
    for (const survey of await engine.adoption.survey(session, chosen.tables)) {
      const one = survey.obstacles.length === 0 ? await readRemoved(session, survey, chosen) : undefined;
      if (one !== undefined) found.push(one);
      for (const obstacle of survey.obstacles)
        output.warn(`${titleOf(survey.facts, home)} is left out: ${obstacle}`);
    }
    return found;
  });
  const data = removed.map(({ table: { schema, name }, ...rest }) => ({ schema, name, ...rest }));
  if (removed.length === 0) {
    output.line(output.style('cyan', 'No table has metadata of knex-meta: nothing to remove'));
    return { data: { ok: true, tables: data } };
  }
  for (const { table, columns, losses } of removed) {
    output.line(`${output.style('yellow', 'Removes')} ${titleOf(table, home)}: ${columns.join(', ')}`);
    const lost = lossesText(losses);
    if (lost !== '') output.warn(`${titleOf(table, home)} would lose what was written: rows ${lost}`);
  }
  const inSteps = isInSteps(
    chosen,
    args,
    removed.map(({ rows }) => rows),
  );
  const parents = (await parentsOfNew(context)).slice(-1);
  const name = fileNameOf(String(args.name ?? 'remove_metadata')) || 'remove_metadata';
  const { path, file } = await newMigration(context, name, parents, (form) =>
    withParents(renderRemoval(removed, { form, home, inSteps }), form, parents),
  );
  output.line(output.style('green', `Created Migration: ${path}`));
  output.line(
    'Read it before you apply it. Then leave these tables out by meta.tables.exclude, or check:migration misses their columns.',
  );
  return { data: { ok: true, path: resolve(path), file, revises: parents, inSteps, tables: data } };
}

export const metaRemove: Command = {
  command: 'meta:remove [name]',
  describe:
    'Write a migration that takes the metadata of tables away, saying what that loses; the database is only read',
  flags: TABLE_FLAGS,
  examples: [
    ['knex-meta meta:remove --table orders', 'the columns and the trigger of one table; own columns stay'],
  ],
  run: remove,
};
