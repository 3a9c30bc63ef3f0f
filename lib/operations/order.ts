import type { DatabaseFunction } from '../schema/database.js';
import type { ObjectName } from '../schema/names.js';
import { calledBy } from './calledFunctions.js';
import { type EnumChange, type Operation, sameObject, subjectOf } from './operation.js';
import { settlePartNames } from './partNames.js';
import { split } from './split.js';
import { byKeys, byNeeds } from './topology.js';

/** Steps of a migration, in their order. A step may rest on all before it, and taken back on all behind it. */
const STEPS = [
  'drop triggers before all',
  'drop views',
  'schemas and extensions',
  'renames',
  'drop owners of sequences',
  'drop settings and rules',
  'drop triggers',
  'drop foreign keys',
  'drop constraints and indexes',
  'drop computed columns',
  'drop tables',
  'drop replaced functions',
  'types and sequences',
  'other types',
  'functions that tables need',
  'rename parts',
  'create tables',
  'alter tables',
  'foreign keys',
  'drop values of types',
  'functions and views',
  'owners of sequences',
  'settings and rules',
  'triggers',
  'comments',
  'drop functions',
  'drop other types',
  'drop types and sequences',
  'drop schemas and extensions',
] as const;

type Step = (typeof STEPS)[number];

/** In these, one after the other, only what an object needs says whether it comes before or after another. */
const OF_TYPES: readonly (readonly Step[])[] = [
  ['types and sequences', 'other types', 'functions that tables need'],
  ['drop functions', 'drop other types', 'drop types and sequences'],
];

/** In these what is done to one table stays together. */
const OF_TABLES: readonly Step[] = ['drop constraints and indexes', 'drop computed columns', 'alter tables'];

/** Whether values go, or change their order: then columns have to be ready for it. */
function isShrinking({ from, to, renamedValues }: EnumChange): boolean {
  return (
    from !== undefined &&
    to !== undefined &&
    renamedValues.length === 0 &&
    to.values.length <= from.values.length
  );
}

/** Only a view's triggers fire in place of what they are for; and one with statements of its own may name anything. */
function isBeforeAll({ from }: Extract<Operation, { kind: 'trigger' }>): boolean {
  return from?.calls === undefined || /\binstead\s+of\b/i.test(from.definition);
}

/** It needs its function. */
function isOperator({ from, to }: Extract<Operation, { kind: 'other' }>): boolean {
  return (to ?? from)?.kind === 'operator';
}

function stepOf(operation: Operation, isNeeded: (operation: Operation) => boolean): Step {
  const isDrop = operation.to === undefined;
  switch (operation.kind) {
    case 'schema':
    case 'extension':
      return isDrop ? 'drop schemas and extensions' : 'schemas and extensions';
    case 'renameType':
    case 'renameTable':
    case 'renameColumn':
    case 'renameRelation':
      return 'renames';
    case 'renamePart':
      return 'rename parts';
    case 'enum':
      // What is dropped later knows the values by their new names, and is made again by them.
      if (operation.renamedValues.length > 0) return 'renames';
      if (isShrinking(operation)) return 'drop values of types';
      return isDrop ? 'drop types and sequences' : 'types and sequences';
    case 'domain':
    case 'sequence':
      return isDrop ? 'drop types and sequences' : 'types and sequences';
    case 'other':
      if (operation.to?.table !== undefined || operation.from?.table !== undefined || isOperator(operation))
        return isDrop ? 'drop settings and rules' : 'settings and rules';
      return isDrop ? 'drop other types' : 'other types';
    case 'sequenceOwner':
      return isDrop ? 'drop owners of sequences' : 'owners of sequences';
    case 'view':
      return isDrop ? 'drop views' : 'functions and views';
    case 'function':
      if (operation.isWithViews) return isDrop ? 'drop views' : 'functions and views';
      if (isDrop) return isNeeded(operation) ? 'drop replaced functions' : 'drop functions';
      return isNeeded(operation) ? 'functions that tables need' : 'functions and views';
    case 'trigger':
      if (!isDrop) return 'triggers';
      return isBeforeAll(operation) ? 'drop triggers before all' : 'drop triggers';
    case 'table':
      return isDrop ? 'drop tables' : 'create tables';
    case 'foreignKey':
      return isDrop ? 'drop foreign keys' : 'foreign keys';
    case 'column':
      // The types of what it reads change only without it.
      return isDrop && operation.from?.generated !== undefined ? 'drop computed columns' : 'alter tables';
    case 'comment':
      return 'comments';
    default:
      return isDrop ? 'drop constraints and indexes' : 'alter tables';
  }
}

/**
 * Within the alterations of one table: what is computed goes first and comes last of the columns, since those that it
 * reads may change in between.
 */
function place(operation: Operation): number {
  if (operation.kind !== 'column') return operation.kind === 'index' ? 7 : 6;
  const { from, to } = operation;
  if (from === undefined) return to?.generated === undefined ? 1 : 4;
  if (to === undefined) return from.generated === undefined ? 5 : 0;
  return to.generated === undefined ? 2 : 3;
}

/** What comes to a table that is there already. */
const PARTS: readonly Operation['kind'][] = ['column', 'check', 'index', 'exclusion'];

/** Whether a function is one that tables name in columns, checks or indexes, or types. */
function neededByTables(operations: readonly Operation[]): (operation: Operation) => boolean {
  const needed = operations.flatMap((operation) =>
    operation.kind === 'table' || operation.kind === 'domain' || operation.kind === 'other'
      ? ((operation.to ?? operation.from)?.dependsOn ?? [])
      : [],
  );
  const of = (isMade: boolean) =>
    operations.flatMap((operation) => {
      const [subject, other] = isMade ? [operation.to, operation.from] : [operation.from, operation.to];
      return operation.kind === 'function' && subject && other === undefined ? [subject as ObjectName] : [];
    });
  const [replaced, gone] = [of(true), of(false)];
  const made = operations.flatMap(({ kind, to }) =>
    (kind === 'table' || kind === 'view') && to ? [to] : [],
  );
  const texts = operations.flatMap(({ kind, to }) =>
    PARTS.includes(kind) && to !== undefined ? [JSON.stringify(to)] : [],
  );
  // A word in a text may be another's name: then the function is only early.
  const isNamed = ({ name }: ObjectName) =>
    texts.some((text) => text.includes(JSON.stringify(name).slice(1, -1)));
  // What takes a table's rows comes behind the table.
  const isOfMade = ({ to }: Operation) =>
    (to as DatabaseFunction | undefined)?.dependsOn.some((each) => made.some((one) => sameObject(one, each)));
  const isForTables = (operation: Operation): boolean => {
    if (operation.kind !== 'function') return false;
    const subject = operation.to ?? operation.from;
    // A function that is dropped and made anew in one migration has to go before it comes.
    if (operation.to === undefined) return replaced.some((each) => sameObject(each, subject));
    if (needed.some((each) => each.kind === 'function' && sameObject(each, subject))) return true;
    return (gone.some((each) => sameObject(each, subject)) || isNamed(operation.to)) && !isOfMade(operation);
  };
  const early = new Set(operations.filter(isForTables));
  const coming = operations.filter(({ kind, to }) => kind === 'function' && to !== undefined);
  // A function that a table calls is called at once where there are rows, and calls others.
  for (const operation of early)
    for (const name of operation.to === undefined ? [] : calledBy(operation))
      for (const each of coming)
        if ((each.to as DatabaseFunction).name === name && !isOfMade(each)) early.add(each);
  return (operation) => early.has(operation);
}

/** The operations in an order in which each finds what it needs; run backwards, so does each reverse. */
export function order(operations: readonly Operation[]): readonly Operation[] {
  const parts = byKeys(settlePartNames(operations).flatMap(split));
  const isNeeded = neededByTables(parts);
  const tables = new Map<string, number>();
  const numberOf = (operation: Operation): number => {
    const subject = subjectOf(operation);
    const name = `${subject?.schema ?? ''}\n${subject?.name ?? ''}`;
    const number = tables.get(name) ?? tables.size;
    tables.set(name, number);
    return number;
  };
  const sorted = parts
    .map((operation, index) => {
      const step = stepOf(operation, isNeeded);
      const isOfTable = OF_TABLES.includes(step);
      return {
        operation,
        keys: [
          STEPS.indexOf(step),
          isOfTable ? numberOf(operation) : 0,
          isOfTable ? place(operation) : 0,
          index,
        ],
      };
    })
    .sort((a, b) => a.keys.reduce((found, key, at) => found || key - (b.keys[at] ?? 0), 0))
    .map(({ operation }) => operation);
  return byNeeds(sorted, (operation) => {
    const step = stepOf(operation, isNeeded);
    return OF_TYPES.find((steps) => steps.includes(step))?.[0] ?? step;
  });
}
