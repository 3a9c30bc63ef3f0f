import type { Deferral, ForeignKey, ReferentialAction } from '../../../schema/constraints.js';
import {
  closingOf,
  identifierOf,
  isWord,
  significant,
  splitAtCommas,
  type Token,
  tokenize,
} from '../../tokens.js';
import type { TableDefinition } from '../ddl/createTable.js';
import type { KnownColumns } from './keys.js';
import { fold } from './read.js';
import { afterList } from './text.js';

/** The action after ON DELETE or ON UPDATE. */
function actionAfter(tokens: readonly Token[], event: string): ReferentialAction {
  const at = tokens.findIndex((token, place) => isWord(token, event) && isWord(tokens[place - 1], 'ON'));
  if (at < 0) return 'no action';
  const next = tokens[at + 1];
  if (isWord(next, 'CASCADE')) return 'cascade';
  if (isWord(next, 'RESTRICT')) return 'restrict';
  if (!isWord(next, 'SET')) return 'no action';
  return isWord(tokens[at + 2], 'NULL') ? 'set null' : 'set default';
}

/** This engine defers only what says INITIALLY DEFERRED; all else it checks at the end of the statement. */
function deferralOf(tokens: readonly Token[]): Deferral {
  const at = tokens.findIndex((token) => isWord(token, 'DEFERRABLE'));
  if (at < 0 || isWord(tokens[at - 1], 'NOT')) return 'not deferrable';
  return isWord(tokens[at + 2], 'DEFERRED') ? 'initially deferred' : 'initially immediate';
}

/** Reads a REFERENCES clause; `behind` is what may still say when it is checked. */
function foreignKey(
  name: string | undefined,
  text: string,
  columns: readonly string[],
  behind = '',
): ForeignKey {
  const all = significant(tokenize(text));
  const tokens = all.slice(all.findIndex((token) => isWord(token, 'REFERENCES')) + 1);
  const [target] = tokens;
  const end = afterList(tokens, 1);
  const rest = tokens.slice(end);
  return {
    name,
    comment: undefined,
    columns,
    target: { schema: undefined, name: target === undefined ? '' : identifierOf(target) },
    targetColumns:
      end === 1
        ? undefined
        : splitAtCommas(tokens.slice(2, closingOf(tokens, 1))).flatMap(([first]) =>
            first === undefined ? [] : [identifierOf(first)],
          ),
    onUpdate: actionAfter(rest, 'UPDATE'),
    onDelete: actionAfter(rest, 'DELETE'),
    onDeleteColumns: [],
    // MATCH is parsed and has no effect.
    match: 'simple',
    deferral: deferralOf([...rest, ...significant(tokenize(behind))]),
    isValid: true,
    isEnforced: true,
    withPeriod: false,
  };
}

/** The foreign keys in their order: those in columns' definitions, then those of the table. */
export function foreignKeysOf(table: TableDefinition, columns: KnownColumns): readonly ForeignKey[] {
  const inColumns = table.columns.flatMap(({ name: column, constraints }) =>
    constraints.flatMap(({ kind, name, text }, place) => {
      if (kind !== 'references') return [];
      // DEFERRABLE is a constraint of its own: others may stand between.
      const next = constraints.findIndex((each, at) => at > place && each.kind === 'references');
      const behind = constraints.slice(place + 1, next < 0 ? undefined : next);
      return [foreignKey(name, text, [column], behind.map((each) => each.text).join(' '))];
    }),
  );
  const ofTable = table.constraints
    .filter(({ kind }) => kind === 'foreign')
    .map(({ name, text, columns: own }) =>
      foreignKey(
        name,
        text,
        own.map((each) => columns.get(fold(each))?.name ?? each),
      ),
    );
  return [...inColumns, ...ofTable];
}
