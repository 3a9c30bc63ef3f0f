import { mentions } from '../../engines/tokens.js';
import type { Column } from '../../schema/column.js';
import type { ObjectName } from '../../schema/names.js';
import type { Table } from '../../schema/table.js';
import type { Conversion } from './conversion.js';
import { duplicatesOf } from './evidence.js';
import {
  type ColumnFacts,
  count,
  type Evidence,
  type Hazard,
  type HazardFacts,
  quoting,
  textOf,
} from './hazard.js';
import { SAFE_WAYS } from './safeWays.js';

/** How many values stop the change. */
export function failingEvidence(
  table: string,
  name: string,
  { fails, value }: Conversion,
): Evidence | undefined {
  if (fails === undefined) return undefined;
  // A value that cannot be converted makes the question fail with its name.
  const where = fails === 'unknown' ? `(${value}) is null and ${name} is not null` : fails;
  return count(table, where, 'rows with a value that it cannot hold');
}

export const losingEvidence = (table: string, loses: string): Evidence =>
  count(table, loses, 'rows whose value changes');

/** What is unique by a column: its new values are what is compared. */
function keysOn({ primaryKey, uniques, indexes }: Table, column: string) {
  const constraints = [...(primaryKey === undefined ? [] : [primaryKey]), ...uniques]
    .filter(({ columns, withoutOverlaps }) => columns.includes(column) && !withoutOverlaps)
    .map(({ name, columns, nullsNotDistinct }) => ({
      name,
      columns,
      nullsNotDistinct,
      predicate: undefined,
    }));
  const unique = indexes
    .filter(({ unique: isUnique, keys }) => isUnique && keys.some((key) => key.column === column))
    .filter(({ keys }) => keys.every((key) => key.column !== undefined))
    .map(({ name, keys, nullsNotDistinct, predicate }) => ({
      name,
      columns: keys.flatMap((key) => key.column ?? []),
      nullsNotDistinct,
      predicate,
    }));
  return [...constraints, ...unique];
}

interface Subject {
  readonly table: ObjectName;
  readonly from: Column;
  readonly to: Column;
  /** The table as it is. */
  readonly now: Table | undefined;
  readonly types: ColumnFacts;
}

/** A hazard of a change of type. */
function ofType(
  { table, from, to }: Subject,
  kind: Hazard['kind'],
  text: string,
  rest: Pick<Hazard, 'remedy' | 'evidence'>,
): Hazard {
  const owner = textOf(table);
  return {
    kind,
    message: `${kind.toUpperCase()}: ${owner}.${to.name} changes from ${from.type} to ${to.type}: ${text}`,
    ...rest,
  };
}

/** Values that differ now, and are the same of the new type or by the new collation. */
function collisions(
  { table, from, to, now }: Subject,
  facts: HazardFacts,
  conversion: Conversion,
): readonly Hazard[] {
  const q = quoting(facts);
  const { comparedBy, fails } = conversion;
  if (now === undefined || comparedBy === undefined) return [];
  const guard = fails === undefined || fails === 'unknown' ? undefined : `not coalesce((${fails}), false)`;
  return keysOn(now, from.name).map(({ name, columns, nullsNotDistinct, predicate }) => ({
    kind: 'can fail',
    message: `CAN FAIL: ${textOf(table)}.${to.name}: values that differ now can be the same then, and ${name ?? 'its key'} (${columns.join(', ')}) is unique.`,
    remedy: SAFE_WAYS.duplicates,
    evidence: duplicatesOf(q, {
      table,
      keys: columns.map((column) => (column === from.name ? comparedBy : q.name(column))),
      where: [predicate, guard],
      nullsNotDistinct,
    }),
  }));
}

function locks(subject: Subject, facts: HazardFacts, conversion: Conversion | undefined): readonly Hazard[] {
  const { table, from, to, now } = subject;
  if (!facts.isConcurrent) return [];
  const q = quoting(facts);
  const name = `${textOf(table)}.${to.name}`;
  const isComputedFrom = now?.columns.some(
    ({ generated }) => generated?.kind === 'stored' && mentions(generated.expression, from.name),
  );
  if (conversion !== undefined && (!conversion.isInPlace || isComputedFrom === true))
    return [
      ofType(subject, 'long lock', 'the table is rewritten, and nobody reads or writes it meanwhile.', {
        remedy: SAFE_WAYS.rewrite,
        evidence: count(q.table(table), undefined, 'rows to rewrite'),
      }),
    ];
  const isIndexed =
    (now !== undefined && [now.primaryKey, ...now.uniques].some((key) => key?.columns.includes(from.name))) ||
    now?.indexes.some(({ keys }) =>
      keys.some(({ column, expression }) => column === from.name || mentions(expression ?? '', from.name)),
    );
  if (isIndexed !== true || !(conversion?.rebuildsIndexes ?? true)) return [];
  return [
    {
      kind: 'long lock',
      message: `LONG LOCK: the indexes on ${name} are made again, and nobody reads or writes ${textOf(table)} meanwhile.`,
      remedy: SAFE_WAYS.rewrite,
      evidence: count(q.table(table), undefined, 'rows to index'),
    },
  ];
}

/** What can go wrong with a column that gets another type or collation. */
export function typeHazards(subject: Subject, facts: HazardFacts): readonly Hazard[] {
  const { table, from, to, types } = subject;
  if (from.type === to.type && from.collation === to.collation) return [];
  const q = quoting(facts);
  const target = q.table(table);
  const name = q.name(from.name);
  const conversion = facts.convert(name, from, to, types);
  if (from.type === to.type)
    return [...collisions(subject, facts, conversion), ...locks(subject, facts, undefined)];
  const { guess, using, fails, loses, lossText, usesTimeZone } = conversion;
  const zone = types.timeZone === undefined ? '' : ` (here ${types.timeZone})`;
  const values = count(target, `${name} is not null`, 'rows with a value to convert');
  const hazards: Hazard[] = [];
  if (loses !== undefined)
    hazards.push(
      ofType(subject, 'data loss', `${lossText}, and stays so after a rollback.`, {
        remedy: SAFE_WAYS.keepValues,
        evidence: losingEvidence(target, loses),
      }),
    );
  if (fails !== undefined)
    hazards.push(
      ofType(subject, 'can fail', 'a value that the new type cannot hold stops the migration.', {
        remedy: SAFE_WAYS.cast,
        evidence: failingEvidence(target, name, conversion),
      }),
    );
  const source = using === undefined ? '' : 'the database has no such cast. This is a guess: ';
  if (guess !== undefined)
    hazards.push(
      ofType(subject, 'review', `${source}${guess}.`, { remedy: SAFE_WAYS.guess, evidence: values }),
    );
  if (usesTimeZone)
    hazards.push(
      ofType(
        subject,
        'review',
        `local times are those of the database's time zone${zone}, unless the connection sets another one.`,
        { remedy: SAFE_WAYS.timeZone, evidence: values },
      ),
    );
  return [...hazards, ...collisions(subject, facts, conversion), ...locks(subject, facts, conversion)];
}
