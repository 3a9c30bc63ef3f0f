import type { HazardFacts } from '../operations/hazards/hazard.js';
import type { Column } from '../schema/column.js';
import type { ObjectName } from '../schema/names.js';
import type { Action } from './action.js';
import type { LintEngine, ReadStatement } from './engine.js';
import type { Account } from './known.js';
import { changesOf } from './rebuild.js';
import type { Around, Hit, LintRule } from './rule.js';

/** One statement of a migration with where it was asked for. */
export interface LintedStatement {
  readonly sql: string;
  readonly isOwn: boolean;
  readonly isRaw: boolean;
  readonly hookColumns: readonly string[];
  /** The line of the migration's file; undefined where it cannot be told. */
  readonly line: number | undefined;
}

export interface LintedMigration {
  readonly isTransaction: boolean;
  readonly statements: readonly LintedStatement[];
}

/** What a rule found, and where. */
export interface Found extends Hit {
  readonly rule: LintRule;
  readonly line: number | undefined;
  readonly statement: string | undefined;
}

const COLUMN: Omit<Column, 'name' | 'type'> = {
  userType: undefined,
  nullable: true,
  notNullConflict: undefined,
  defaultTo: undefined,
  numbering: undefined,
  generated: undefined,
  collation: undefined,
  comment: undefined,
  isMetadata: false,
  isInherited: false,
};

function aroundOf(
  { isTransaction }: LintedMigration,
  { isRaw, hookColumns }: LintedStatement,
  known: Account,
  facts: HazardFacts,
): Around {
  const column = (type: string): Column => ({ ...COLUMN, name: '', type });
  return {
    known,
    isTransaction,
    isRaw,
    hookColumns,
    quote: facts.quote,
    convert: (name, from, to) => facts.convert(facts.quote(name), column(from), column(to)),
  };
}

function hitsOf(rule: LintRule, action: Action, around: Around): readonly Hit[] {
  const look = rule.on?.[action.kind] as
    | ((a: Action, b: Around) => Hit | readonly Hit[] | undefined)
    | undefined;
  return [look?.(action, around) ?? []].flat() as readonly Hit[];
}

/** Kinds of actions that lock the table that they name. */
const LOCKING: ReadonlySet<Action['kind']> = new Set([
  'dropTable',
  'renameTable',
  'addColumn',
  'dropColumn',
  'renameColumn',
  'changeType',
  'setNotNull',
  'dropNotNull',
  'addConstraint',
  'dropConstraint',
  'createIndex',
  'rewrite',
  'truncate',
  'createTrigger',
]);

function lockedBy(action: Action, known: Account): ObjectName | undefined {
  if (!LOCKING.has(action.kind) || !('table' in action) || action.table === undefined) return undefined;
  const isBeside = action.kind === 'createIndex' && action.isConcurrent;
  return isBeside || known.isNew(action.table) ? undefined : action.table;
}

/** Whether Knex's own statements and ours say the same twice. */
const keyOf = ({ rule, message, line }: Found): string => JSON.stringify([rule.code, message, line]);

/**
 * What rules find in one migration. The account goes on to the next one.
 *
 * @param rules - those that are switched on
 */
export async function lintMigration(
  migration: LintedMigration,
  engine: LintEngine,
  facts: HazardFacts,
  rules: readonly LintRule[],
  known: Account,
): Promise<readonly Found[]> {
  const found = new Map<string, Found>();
  const add = (each: Found): void => {
    if (!found.has(keyOf(each))) found.set(keyOf(each), each);
  };
  const actions: Action[] = [];
  const touched = new Set<string>();
  for (const statement of migration.statements) {
    const around = aroundOf(migration, statement, known, facts);
    for (const { text, actions: read } of await engine.read(statement.sql, statement.isOwn)) {
      for (const action of wholeOf(read, known)) {
        for (const rule of rules) {
          for (const hit of hitsOf(rule, action, around))
            add({ ...hit, rule, line: statement.line, statement: text });
        }
        const locked = lockedBy(action, known);
        if (locked !== undefined) touched.add(locked.name);
        known.apply(action);
        actions.push(action);
      }
    }
  }
  const whole = { isTransaction: migration.isTransaction, actions, touched: [...touched] };
  for (const rule of rules) {
    const message = rule.atEnd?.(whole);
    if (message !== undefined) add({ rule, message, line: undefined, statement: undefined });
  }
  return [...found.values()];
}

/** A rebuild with what it changes, before it. */
function wholeOf(read: ReadStatement['actions'], known: Account): readonly Action[] {
  return read.flatMap((action) =>
    action.kind === 'rebuild' ? [...changesOf(action, known), action] : [action],
  );
}
