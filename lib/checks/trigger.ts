import type { CheckReport, Finding } from './finding.js';
import type { CheckedTable } from './migration.js';

const NOTHING: CheckReport = { findings: [], notes: [] };
const LOOK = 'Look at the other triggers of the table, and at their functions.';

/** What trying the trigger told. */
function tried(
  { table: { stamped, others, trigger, keptBy }, trial }: CheckedTable,
  table: string,
): CheckReport {
  const column = stamped?.name ?? '';
  const found = (code: string, message: string, remedy: string, mend?: readonly string[]): CheckReport => ({
    findings: [{ code, table, message, remedy, ...(mend === undefined ? {} : { mend }) }],
    notes: [],
  });
  const beside = others.map(({ name }) => name).join(', ');
  switch (trial?.outcome) {
    case undefined:
    case 'moved':
      return NOTHING;
    case 'still':
      return found(
        'TRIGGER_STILL',
        `an update of a row of ${table} does not move ${column}${beside === '' ? '' : ` (other triggers: ${beside})`}`,
        LOOK,
      );
    case 'wrong-time':
      return found(
        'TRIGGER_TIME',
        `the trigger ${trigger?.name ?? keptBy} sets ${column} of ${table} to ${trial.value}, which is not the present instant in UTC`,
        LOOK,
      );
    case 'failed':
      return found(
        'TRIGGER_FAILED',
        `an update of a row of ${table} fails: ${trial.message}`,
        'Look at the triggers and constraints of the table.',
      );
    case 'locked':
      return found(
        'NOT_CHECKED',
        `the trigger of ${table} was not tried: ${trial.reason}`,
        'Run the check again when the other session has ended its transaction.',
        ['npx knex-meta check:migration'],
      );
    case 'no-rows':
      return found('NOT_CHECKED', `the trigger of ${table} was not tried: it has no rows`, LOOK);
    case 'not-tried':
      return found(
        'NOT_CHECKED',
        `the trigger of ${table} was not tried: ${trial.reason}`,
        `${others.length === 0 ? '' : `${LOOK} `}Run the check as a role that may update the table, or make temporary tables.`,
      );
  }
}

/** Triggers that were left out of the trial, because no rollback undoes what they do. */
function leftOut({ table: { others }, trial }: CheckedTable, table: string): CheckReport {
  const aside = trial === undefined ? [] : others.filter(({ canBeUndone }) => !canBeUndone);
  const [setting] = aside.filter(({ setsStamp }) => setsStamp);
  if (setting !== undefined) {
    return {
      findings: [
        {
          code: 'TRIGGER_SHADOWED',
          table,
          message: `the trigger ${setting.name} of ${table} sets the same column, and was not tried: what it does cannot be undone`,
          remedy: LOOK,
        },
      ],
      notes: [],
    };
  }
  const names = aside.map(({ name }) => name).join(', ');
  return aside.length === 0
    ? NOTHING
    : {
        findings: [],
        notes: [`the trigger of ${table} was tried without ${names}: what they do cannot be undone`],
      };
}

function staticFindings({ table: { trigger }, mending }: CheckedTable, table: string): readonly Finding[] {
  if (trigger === undefined) return [];
  const silent = trigger.enabled === 'no' ? 'is disabled' : 'fires only in sessions that replicate';
  return [
    ...(trigger.enabled === 'yes'
      ? []
      : [
          {
            code: 'TRIGGER_DISABLED',
            table,
            message: `the trigger ${trigger.name} on ${table} ${silent}`,
            remedy: 'Enable it.',
            mend: mending.enableTrigger(),
          },
        ]),
    ...(trigger.difference === undefined
      ? []
      : [
          {
            code: 'TRIGGER_CHANGED',
            table,
            message: `the trigger ${trigger.name} on ${table} is not as it should be: ${trigger.difference}`,
            remedy: 'Make it anew.',
            mend: mending.makeTrigger(),
          },
        ]),
  ];
}

/** Of a trigger of the project's own: how and when it stamps is the project's to decide. */
function keptReport(checked: CheckedTable, table: string, keptBy: string): CheckReport {
  const { stamped } = checked.table;
  const { outcome } = checked.trial ?? {};
  const isFault = outcome === 'failed' || (outcome === 'wrong-time' && stamped?.isMetadata);
  const still = outcome === 'still' ? '; an update that changes nothing does not move it' : '';
  return {
    findings: isFault ? tried(checked, table).findings : [],
    notes: [`${table}.${stamped?.name} is kept by the project’s own trigger ${keptBy}${still}`],
  };
}

/** Whether the update trigger is there, enabled, as knex-meta makes it, and works. */
export function triggerReport(checked: CheckedTable, table: string): CheckReport {
  const { stamped, trigger, canStamp, keptBy, obstacle } = checked.table;
  if (stamped === undefined) return NOTHING;
  if (trigger === undefined && keptBy !== undefined) return keptReport(checked, table, keptBy);
  if (trigger === undefined && !canStamp) {
    // A column of the project's own may be of a type that no trigger keeps.
    const note = `${table} has a column ${stamped.name} of its own (${stamped.type}) and no update trigger`;
    return { findings: [], notes: [note] };
  }
  if (trigger === undefined) {
    return {
      findings: [
        {
          code: 'TRIGGER_MISSING',
          table,
          message: `${table} has no update trigger${obstacle === undefined ? '' : `: ${obstacle}`}`,
          remedy: obstacle === undefined ? 'Make it.' : 'Make it as a role that may create functions.',
          mend: checked.mending.makeTrigger(),
        },
      ],
      notes: [],
    };
  }
  const parts = [tried(checked, table), leftOut(checked, table)];
  return {
    findings: [...staticFindings(checked, table), ...parts.flatMap(({ findings }) => findings)],
    notes: parts.flatMap(({ notes }) => notes),
  };
}
