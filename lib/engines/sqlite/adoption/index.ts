import type { AdoptionEngine, TableSurvey } from '../../adoption.js';
import type { Session, TableFacts } from '../../contract.js';
import { quoteName, quoteText } from '../identifiers.js';
import { TRIGGER_MARK } from '../trigger.js';
import { adopt } from './adopt.js';
import { losses, release } from './release.js';
import { adopted } from './state.js';

async function surveyOne(session: Session, facts: TableFacts): Promise<TableSurvey> {
  const [counted] = await session.rows(`select count(*) as n from ${quoteName(facts.name)}`);
  const triggers = await session.rows(
    `select name from sqlite_master where type = 'trigger' and lower(tbl_name) = lower(?)
      and instr(sql, ${quoteText(TRIGGER_MARK)}) = 0 order by name`,
    [facts.name],
  );
  const names = triggers.map(({ name }) => String(name)).join(', ');
  return {
    facts,
    rows: Number(counted?.n),
    isCounted: true,
    obstacles: [],
    remarks: names === '' ? [] : [`has triggers of its own (${names}), which see nothing of it`],
    inheritsFrom: [],
  };
}

export const adoption: AdoptionEngine = {
  // One writer at a time in any case: a table is rebuilt in one transaction.
  stepsAbove: undefined,
  survey: async (session, tables) => {
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
