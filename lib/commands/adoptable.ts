import { isFromBefore } from '../checks/columns.js';
import { type CheckedDatabase, nameOf } from '../checks/migration.js';
import { shellWord } from '../checks/quote.js';
import { engineOf } from '../cli/project.js';
import type { TableSurvey } from '../engines/adoption.js';
import { asking } from '../metadata/session.js';
import { factsOf } from './adoptedTables.js';
import type { Context } from './command.js';
import { readPending } from './migrateInspect.js';

const LATEST = 'npx knex-meta migrate:latest';

/** The tables that it has its columns from, nearest last, and itself; undefined where one of them is not adopted. */
function family(
  survey: TableSurvey,
  surveys: ReadonlyMap<string, TableSurvey>,
): readonly string[] | undefined {
  if (survey.obstacles.length > 0) return undefined;
  const names: string[] = [];
  for (const parent of survey.inheritsFrom) {
    const known = surveys.get(nameOf(parent));
    const above = known === undefined ? [] : family(known, surveys);
    if (above === undefined) return undefined;
    names.push(...above);
  }
  return [...names, nameOf(survey.facts)];
}

/** For each table that has none of the metadata and can be adopted, by its name: the commands that do it. */
export async function adoptingCommands(
  context: Context,
  { tables, fold }: Pick<CheckedDatabase, 'tables' | 'fold'>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const lacking = tables.filter((checked) => checked.optedOut === undefined && isFromBefore(checked, fold));
  if (lacking.length === 0) return new Map();
  const { config } = await context.project();
  const { db } = await context.database();
  const { survey } = engineOf(config).adoption;
  const facts = lacking.map(({ table }) => factsOf(table));
  const found = await asking(db, (session) => survey(session, facts, 'uncounted'));
  const surveys = new Map(found.map((each) => [nameOf(each.facts), each]));
  // An adoption is written for a database that is at its head.
  const before = (await readPending(context)).pending.length > 0 ? [LATEST] : [];
  return new Map(
    found.flatMap((each) => {
      const named = family(each, surveys);
      if (named === undefined) return [];
      const flags = named.map((name) => `--table ${shellWord(name)}`).join(' ');
      return [[nameOf(each.facts), [...before, `npx knex-meta meta:adopt ${flags}`, LATEST]] as const];
    }),
  );
}
