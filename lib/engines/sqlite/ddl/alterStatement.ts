import type { Session } from '../../contract.js';
import {
  closingOf,
  identifierOf,
  isWord,
  sameName,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import {
  type Constraint,
  type ConstraintKind,
  changed,
  keepConstraints,
  parseColumn,
} from './columnDefinition.js';
import type { TableDefinition } from './createTable.js';
import { columnNamed } from './createTable.js';
import { rebuildTable } from './rebuild.js';
import { refuse } from './schema.js';
import { parseConstraints } from './tableConstraint.js';

/** `alter table t add constraint c check (...), drop constraint d`: actions that SQLite itself has not. */
interface AlterStatement {
  readonly table: string;
  readonly actions: readonly string[];
}

const STARTS = /^\s*alter\s+table\s/i;

const KINDS: Readonly<Record<string, ConstraintKind>> = {
  CHECK: 'check',
  UNIQUE: 'unique',
  PRIMARY: 'primary',
  FOREIGN: 'foreign',
};

/** Whether an action is one of those that are made by a rebuild. */
function isOurs(tokens: readonly Token[]): boolean {
  const [verb, what] = tokens;
  if (isWord(verb, 'ADD') || isWord(verb, 'DROP')) return isWord(what, 'CONSTRAINT', ...Object.keys(KINDS));
  return isWord(verb, 'MODIFY') || (isWord(verb, 'SET') && isWord(what, 'STRICT', 'WITHOUT'));
}

/** Reads the statement; undefined: it is one for SQLite itself. */
export function parseAlter(sql: string): AlterStatement | undefined {
  if (!STARTS.test(sql)) return undefined;
  const tokens = tokenize(sql);
  const words = significant(tokens);
  const isQualified = words[3]?.text === '.';
  const name = words[isQualified ? 4 : 2];
  if (name === undefined || (isQualified && !isWord(words[2], 'MAIN'))) return undefined;
  const parts = splitAtCommas(tokens.filter(({ start, text }) => start >= name.end && text !== ';'));
  if (!parts.every((part) => isOurs(significant(part)))) return undefined;
  const actions = parts.map((part) =>
    part
      .map(({ text }) => text)
      .join('')
      .trim(),
  );
  return { table: identifierOf(name), actions };
}

/** What two spellings of an expression or list have in common. */
function folded(tokens: readonly Token[]): string {
  return significant(tokens)
    .map((token) =>
      token.kind === 'word' || token.kind === 'name' ? identifierOf(token).toLowerCase() : token.text,
    )
    .join(' ');
}

/** What is in the first parentheses. */
function inside(sql: string): string {
  const tokens = significant(tokenize(sql));
  const open = tokens.findIndex(({ text }) => text === '(');
  return open < 0 ? '' : folded(tokens.slice(open + 1, closingOf(tokens, open)));
}

function isCalled(constraint: { readonly name: string | undefined }, name: string): boolean {
  return constraint.name !== undefined && sameName(constraint.name, name);
}

function dropNamed(table: TableDefinition, name: string): TableDefinition {
  return {
    ...table,
    columns: table.columns.map((column) => keepConstraints(column, (each) => !isCalled(each, name))),
    constraints: table.constraints.filter((each) => !isCalled(each, name)),
  };
}

/** A constraint without a name goes by what it says. */
function dropAlike(
  table: TableDefinition,
  kind: ConstraintKind,
  wanted: string,
  loose: (text: string) => string = (text) => text,
): TableDefinition {
  let left = 1;
  const isAlike = (each: { kind: ConstraintKind; text: string }, said: string) =>
    each.kind === kind && (loose(said) === loose(wanted) || kind === 'primary') && left-- > 0;
  const constraints = table.constraints.filter((each) => !isAlike(each, inside(each.text)));
  const columns = table.columns.map((column) =>
    keepConstraints(
      column,
      (each) =>
        !isAlike(
          each.kind === 'references' ? { ...each, kind: 'foreign' } : each,
          each.kind === 'check' ? inside(each.text) : column.name.toLowerCase(),
        ),
    ),
  );
  return { ...table, columns, constraints };
}

/** What a definition says besides a column's type, collation, default and NULLs: MODIFY leaves it as it is. */
const KEPT: readonly ConstraintKind[] = ['primary', 'unique', 'check', 'references'];

/** AUTOINCREMENT is for the type INTEGER alone. */
function fitting(constraint: Constraint, type: string): Constraint {
  if (constraint.kind !== 'primary' || /^integer$/i.test(type)) return constraint;
  return { ...constraint, text: constraint.text.replace(/\s+autoincrement\b/i, '') };
}

function modify(table: TableDefinition, action: string): TableDefinition | undefined {
  const fresh = parseColumn(action.replace(/^modify\s+(?:column\s+)?/i, ' '));
  const old = columnNamed(table, fresh.name);
  if (old === undefined) return undefined;
  const isKey = fresh.constraints.some(({ kind }) => kind === 'primary');
  const kept = old.constraints
    .filter(({ kind }) => KEPT.includes(kind) && !(isKey && kind === 'primary'))
    .map((constraint) => fitting(constraint, fresh.type));
  const column = changed(old, { type: fresh.type, constraints: [...fresh.constraints, ...kept] });
  return {
    ...table,
    columns: table.columns.map((each) => (each === old ? column : each)),
    constraints: table.constraints.filter(({ kind }) => !(isKey && kind === 'primary')),
  };
}

/** One action as an edit of the definition; undefined: what it names is not there. */
function edit(table: TableDefinition, action: string): TableDefinition | undefined {
  const tokens = significant(tokenize(action));
  const [verb, what, named] = tokens;
  if (isWord(verb, 'ADD')) {
    const added = parseConstraints(` ${action.slice(what?.start ?? 0)}`, '');
    return { ...table, constraints: [...table.constraints, ...added] };
  }
  if (isWord(verb, 'MODIFY')) return modify(table, action);
  if (isWord(verb, 'SET')) {
    const option = action.slice(what?.start ?? 0);
    const hasOptions = significant(tokenize(table.tail)).length > 1;
    return { ...table, tail: `${table.tail}${hasOptions ? ',' : ''} ${option}` };
  }
  const to =
    isWord(what, 'CONSTRAINT') && named !== undefined
      ? dropNamed(table, identifierOf(named))
      : dropAlike(table, KINDS[what?.text.toUpperCase() ?? ''] ?? 'check', inside(action));
  const size = (each: TableDefinition) =>
    each.constraints.length + each.columns.reduce((sum, { constraints }) => sum + constraints.length, 0);
  if (size(to) !== size(table)) return to;
  if (!isWord(what, 'UNIQUE')) return undefined;
  // A collation that is the column's own needs no saying.
  const without = (text: string) => text.replace(/ collate \S+/g, '');
  const alike = dropAlike(table, 'unique', inside(action), without);
  return size(alike) === size(table) ? undefined : alike;
}

/**
 * Runs the actions of one statement in one rebuild.
 *
 * @throws KnexMetaError ALTER_REFUSED
 */
export async function runAlter(session: Session, { table, actions }: AlterStatement): Promise<void> {
  await rebuildTable(session, { name: table }, (from) => {
    let { definition } = from;
    for (const action of actions) {
      const next = edit(definition, action);
      if (next === undefined)
        throw refuse(from.name, `it has nothing that \`${action}\` could change`, 'Check the name.');
      definition = next;
    }
    return { definition, indexes: from.indexes };
  });
}
