import type { AdoptionEngine, TableSurvey } from '../../adoption.js';
import type { Session, TableFacts } from '../../contract.js';
import { quoteName, quoteText } from '../identifiers.js';
import { TRIGGER_MARK } from '../trigger.js';
import { adopt } from './adopt.js';
import { losses, release } from './release.js';
import { adopted } from './state.js';

/** Nothing stands in the way of any table. */
const unread = (facts: TableFacts): TableSurvey => ({
  facts,
  rows: 0,
  isCounted: false,
  obstacles: [],
  remarks: [],
  inheritsFrom: [],
});

async function surveyOne(session: Session, facts: TableFacts): Promise<TableSurvey> {
  const [counted] = await session.rows(`select count(*) as n from ${quoteName(facts.name)}`);
  const triggers = await session.rows(
    `select name from sqlite_master where type = 'trigger' and lower(tbl_name) = lower(?)
      and instr(sql, ${quoteText(TRIGGER_MARK)}) = 0 order by name`,
    [facts.name],
  );
  const names = triggers.map(({ name }) => String(name)).join(', ');
  return {
    ...unread(facts),
    rows: Number(counted?.n),
    isCounted: true,
    remarks: names === '' ? [] : [`has triggers of its own (${names}), which see nothing of it`],
  };
}

export const adoption: AdoptionEngine = {
  // One writer at a time in any case: a table is rebuilt in one transaction.
  stepsAbove: undefined,
  survey: async (session, tables, counting = 'counted') => {
    if (counting === 'uncounted') return tables.map(unread);
    const surveys: TableSurvey[] = [];
    for (const facts of tables) surveys.push(await surveyOne(session, facts));
    return surveys;
  },
  // A column holds what it is given, whatever its type: each value is looked at.
  sourceProblem: () => undefined,
  lacksZone: () => false,
  adopt,
  release,
  adopted,
  losses,
};
