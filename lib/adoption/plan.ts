import type { TableSurvey } from '../engines/adoption.js';
import type { ColumnFacts, TableId } from '../engines/contract.js';

/** A metadata column as the configuration has it, with its name as the database writes it. */
interface WantedColumn {
  readonly key: string;
  readonly name: string;
}

/** A column that somebody named as the source of instants: for one table, or for each that has it. */
export interface NamedSource {
  readonly key: 'created_at' | 'updated_at';
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string;
}

/** Where instants of a table come from, as the migration says it. */
export interface PlannedSource {
  readonly column: string;
  /** Written down where the column has no time zone of its own, so that a reader sees which one is meant. */
  readonly timeZone: string | undefined;
}

export interface PlannedTable {
  readonly table: TableId;
  readonly rows: number;
  readonly isCounted: boolean;
  /** Names of the columns that it gets. */
  readonly columns: readonly string[];
  readonly trigger: boolean;
  readonly createdAt: PlannedSource | undefined;
  readonly updatedAt: PlannedSource | undefined;
  readonly remarks: readonly string[];
}

/** What an adoption will do. */
export interface AdoptionPlan {
  readonly tables: readonly PlannedTable[];
  readonly refused: readonly { readonly table: TableId; readonly reasons: readonly string[] }[];
  /** Tables that have all already. */
  readonly whole: readonly TableId[];
}

/** What the engine and the configuration have to say. */
export interface PlanRules {
  readonly wanted: readonly WantedColumn[];
  readonly foldName: (name: string) => string;
  readonly canStamp: (column: ColumnFacts) => boolean;
  readonly sourceProblem: (type: string) => string | undefined;
  readonly lacksZone: (type: string) => boolean;
  readonly sources: readonly NamedSource[];
}

export const idOf = ({ schema, name }: TableId): string =>
  schema === undefined ? name : `${schema}.${name}`;

/** Whether a source is meant for this table; `named`: for it alone. */
function isFor({ schema, table }: NamedSource, of: TableId): 'named' | 'each' | 'no' {
  if (table === undefined) return 'each';
  return table === of.name && (schema === undefined || schema === of.schema) ? 'named' : 'no';
}

interface Chosen {
  readonly source: PlannedSource | undefined;
  readonly remarks: readonly string[];
  readonly reasons: readonly string[];
}

const NO_SOURCE: Chosen = { source: undefined, remarks: [], reasons: [] };

function choose(
  key: NamedSource['key'],
  { facts }: TableSurvey,
  added: readonly WantedColumn[],
  { sources, foldName, sourceProblem, lacksZone }: PlanRules,
): Chosen {
  const meant = sources.filter((source) => source.key === key && isFor(source, facts) !== 'no');
  // What names the table goes before what is said for all.
  const chosen = meant.find((source) => isFor(source, facts) === 'named') ?? meant[0];
  if (chosen === undefined) return NO_SOURCE;
  const isNamed = isFor(chosen, facts) === 'named';
  const column = facts.columns.find(({ name }) => foldName(name) === foldName(chosen.column));
  if (column === undefined) {
    return isNamed ? { ...NO_SOURCE, reasons: [`it has no column ${chosen.column}`] } : NO_SOURCE;
  }
  const target = added.find((each) => each.key === key);
  if (target === undefined) {
    const reason = `it gets no ${key}, so nothing comes from ${chosen.column}`;
    return isNamed ? { ...NO_SOURCE, reasons: [reason] } : NO_SOURCE;
  }
  const problem = sourceProblem(column.type);
  if (problem !== undefined) {
    return { ...NO_SOURCE, reasons: [`${target.name} cannot come from ${column.name}: ${problem}`] };
  }
  const isPlain = lacksZone(column.type);
  return {
    source: { column: column.name, timeZone: isPlain ? 'utc' : undefined },
    remarks: isPlain ? [`${column.name} (${column.type}) has no time zone: its values are read as UTC`] : [],
    reasons: [],
  };
}

function describeOwn({ type, nullable, defaultTo }: ColumnFacts): string {
  const parts = [
    type || 'no type',
    nullable ? 'nullable' : 'not null',
    defaultTo === undefined ? 'no default' : `default ${defaultTo}`,
  ];
  return parts.join(', ');
}

/** Columns that a table gets from parents which are adopted too, and theirs. */
function inherited(
  survey: TableSurvey,
  surveys: ReadonlyMap<string, TableSurvey>,
  missing: (survey: TableSurvey) => readonly WantedColumn[],
): ReadonlySet<string> {
  const names = survey.inheritsFrom.flatMap((parent) => {
    const found = surveys.get(idOf(parent));
    if (found === undefined || found.obstacles.length > 0) return [];
    return [...missing(found).map(({ name }) => name), ...inherited(found, surveys, missing)];
  });
  return new Set(names);
}

/** Parents before the tables that inherit from them. */
function parentsFirst(surveys: readonly TableSurvey[]): readonly TableSurvey[] {
  const byId = new Map(surveys.map((survey) => [idOf(survey.facts), survey]));
  const ordered = new Set<TableSurvey>();
  const visit = (survey: TableSurvey): void => {
    for (const parent of survey.inheritsFrom) {
      const found = byId.get(idOf(parent));
      if (found !== undefined && !ordered.has(found)) visit(found);
    }
    ordered.add(survey);
  };
  for (const survey of surveys) visit(survey);
  return [...ordered];
}

/** Decides what each table gets. Pure. */
export function planAdoption(surveys: readonly TableSurvey[], rules: PlanRules): AdoptionPlan {
  const { wanted, foldName, canStamp } = rules;
  const known = new Map(surveys.map((survey) => [idOf(survey.facts), survey]));
  const ownOf = ({ facts }: TableSurvey, name: string) =>
    facts.columns.find((column) => foldName(column.name) === foldName(name));
  const missing = (survey: TableSurvey) => wanted.filter(({ name }) => ownOf(survey, name) === undefined);
  const plans = parentsFirst(surveys).map((survey) => {
    const { facts, obstacles } = survey;
    const lacking = missing(survey);
    const fromParents = inherited(survey, known, missing);
    const columns = lacking.filter(({ name }) => !fromParents.has(name));
    const updatedAt = wanted.find(({ key }) => key === 'updated_at');
    const own = updatedAt && ownOf(survey, updatedAt.name);
    const canHold = own === undefined ? lacking.some(({ key }) => key === 'updated_at') : canStamp(own);
    const created = choose('created_at', survey, columns, rules);
    const updated = choose('updated_at', survey, columns, rules);
    const kept = wanted.flatMap(({ name }) => {
      const column = ownOf(survey, name);
      return column === undefined || column.isMetadata
        ? []
        : [`keeps its own ${column.name} (${describeOwn(column)})`];
    });
    const noTrigger =
      own !== undefined && !canHold
        ? [`no trigger: ${own.name} (${own.type}) cannot hold the time stamp`]
        : [];
    const planned: PlannedTable = {
      table: facts,
      rows: survey.rows,
      isCounted: survey.isCounted,
      columns: columns.map(({ name }) => name),
      trigger: facts.trigger === undefined && canHold,
      createdAt: created.source,
      updatedAt: updated.source,
      remarks: [...kept, ...noTrigger, ...created.remarks, ...updated.remarks, ...survey.remarks],
    };
    return { planned, reasons: [...obstacles, ...created.reasons, ...updated.reasons] };
  });
  const isNeeded = ({ columns, trigger }: PlannedTable): boolean => columns.length > 0 || trigger;
  const needed = plans.filter(({ planned }) => isNeeded(planned));
  return {
    tables: needed.filter(({ reasons }) => reasons.length === 0).map(({ planned }) => planned),
    refused: needed
      .filter(({ reasons }) => reasons.length > 0)
      .map(({ planned, reasons }) => ({ table: planned.table, reasons })),
    whole: plans.filter(({ planned }) => !isNeeded(planned)).map(({ planned }) => planned.table),
  };
}
