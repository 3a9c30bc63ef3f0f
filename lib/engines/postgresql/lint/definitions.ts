import type { ColumnDef, Constraint, Node, RangeVar } from 'libpg-query';
import type { ColumnWords, ConstraintWords } from '../../../lint/action.js';
import type { ObjectName } from '../../../schema/names.js';
import { isVolatile, neverNullColumn } from './expressions.js';
import { isSerial, lastName, typeText } from './types.js';

export const tableOf = (relation: RangeVar | undefined): ObjectName => ({
  schema: relation?.schemaname,
  name: relation?.relname ?? '',
});

/** A name of one or more parts. */
export function nameOf(names: readonly Node[] | undefined): ObjectName {
  const parts = (names ?? []).map((part) => lastName([part]));
  return { schema: parts.at(-2), name: parts.at(-1) ?? '' };
}

const listOf = (names: readonly Node[] | undefined): readonly string[] =>
  (names ?? []).map((name) => lastName([name]));

const KINDS: Readonly<Record<string, ConstraintWords['kind']>> = {
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'foreign key',
  CONSTR_UNIQUE: 'unique',
  CONSTR_PRIMARY: 'primary key',
  CONSTR_EXCLUSION: 'exclusion',
};

/** A constraint of a table; undefined for what is none of them. */
export function constraintWords(constraint: Constraint): ConstraintWords | undefined {
  const kind = KINDS[constraint.contype ?? ''];
  if (kind === undefined) return undefined;
  return {
    kind,
    name: constraint.conname,
    columns: listOf(kind === 'foreign key' ? constraint.fk_attrs : constraint.keys),
    isNotValid: constraint.skip_validation === true,
    usesIndex: constraint.indexname !== undefined,
    nullsNotDistinct: constraint.nulls_not_distinct === true,
    target: constraint.pktable === undefined ? undefined : tableOf(constraint.pktable),
    targetColumns: listOf(constraint.pk_attrs),
    notNull: kind === 'check' ? neverNullColumn(constraint.raw_expr) : undefined,
  };
}

/** A column as a CREATE TABLE or ADD COLUMN has it. */
export function columnWords({ colname, typeName, constraints = [] }: ColumnDef): ColumnWords {
  const own = constraints.flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
  const of = (type: string): Constraint | undefined => own.find(({ contype }) => contype === type);
  const isKey = of('CONSTR_PRIMARY') !== undefined;
  const given = of('CONSTR_DEFAULT');
  const isNumbered = of('CONSTR_IDENTITY') !== undefined;
  const foreign = of('CONSTR_FOREIGN');
  const generated = of('CONSTR_GENERATED');
  return {
    name: colname ?? '',
    type: typeText(typeName),
    isNullable: !isKey && of('CONSTR_NOTNULL') === undefined,
    defaultTo:
      given === undefined || isNull(given.raw_expr)
        ? 'none'
        : isVolatile(given.raw_expr)
          ? 'volatile'
          : 'constant',
    numbering: isNumbered ? 'identity' : isSerial(typeName) ? 'serial' : 'none',
    isStored: generated !== undefined && generated.generated_kind !== 'v',
    isKey,
    isUnique: of('CONSTR_UNIQUE') !== undefined,
    hasCheck: of('CONSTR_CHECK') !== undefined,
    references: foreign?.pktable === undefined ? undefined : tableOf(foreign.pktable),
  };
}

const isNull = (expression: Node | undefined): boolean =>
  expression !== undefined && 'A_Const' in expression && expression.A_Const.isnull === true;
