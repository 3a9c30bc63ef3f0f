import { textOf } from '../../operations/hazards/hazard.js';
import { SAFE_WAYS } from '../../operations/hazards/safeWays.js';
import { failingEvidence, losingEvidence } from '../../operations/hazards/types.js';
import type { LintRule } from '../rule.js';
import { quotingOf, rowsWhere } from './words.js';

/** Columns of tables that have rows. */
export const COLUMNS: readonly LintRule[] = [
  {
    code: 'ADD_REQUIRED_COLUMN',
    harm: 'can fail',
    severity: 'error',
    finds: 'a NOT NULL column without a default is added',
    reason: 'A table with rows refuses it; an empty one lets INSERTs of the running code fail.',
    remedy: SAFE_WAYS.required,
    on: {
      addColumn: ({ table, column }, around) => {
        const { isNullable, defaultTo, numbering, isStored } = column;
        if (isNullable || defaultTo !== 'none' || numbering !== 'none' || isStored) return undefined;
        if (around.known.isNew(table)) return undefined;
        return {
          table,
          message: `${textOf(table)}.${column.name} is NOT NULL without a default.`,
          evidence: rowsWhere(around, table, undefined, 'rows in the table'),
          breaks: true,
        };
      },
    },
  },
  {
    code: 'VOLATILE_DEFAULT',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a column is added whose default gives each row another value',
    reason: 'The table is rewritten, and nobody reads or writes it meanwhile.',
    remedy: 'Add the column without a default, set the default, and fill the old rows in batches.',
    on: {
      addColumn: ({ table, column }, { known }) =>
        column.defaultTo === 'volatile' && !known.isNew(table)
          ? { table, message: `The default of ${textOf(table)}.${column.name} rewrites the table.` }
          : undefined,
    },
  },
  {
    code: 'ADD_SERIAL_COLUMN',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a column that numbers itself is added',
    reason: 'The table is rewritten, and nobody reads or writes it meanwhile.',
    remedy: 'Add a plain column, fill it in batches, and give it the sequence then.',
    on: {
      addColumn: ({ table, column }, { known }) =>
        column.numbering !== 'none' && !known.isNew(table)
          ? { table, message: `${textOf(table)}.${column.name} numbers the rows that are there: a rewrite.` }
          : undefined,
    },
  },
  {
    code: 'ADD_STORED_COLUMN',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a stored generated column is added',
    reason: 'The table is rewritten, and nobody reads or writes it meanwhile.',
    remedy: 'A plain column that a trigger keeps, filled in batches; or a virtual one.',
    on: {
      addColumn: ({ table, column }, { known }) =>
        column.isStored && !known.isNew(table)
          ? {
              table,
              message: `${textOf(table)}.${column.name} is computed and stored for each row: a rewrite.`,
            }
          : undefined,
    },
  },
  {
    code: 'SET_NOT_NULL',
    harm: 'can fail',
    severity: 'warning',
    finds: 'a column becomes NOT NULL',
    reason: 'A NULL stops it, and every row is read while nobody reads or writes the table.',
    remedy: `${SAFE_WAYS.notNull} On a large table: CHECK (column IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT, then SET NOT NULL, then drop the check.`,
    on: {
      setNotNull: ({ table, name }, around) => {
        const { known } = around;
        if (known.isNew(table) || known.isNeverNull(table, name)) return undefined;
        if (known.column(table, name)?.isNullable === false) return undefined;
        return {
          table,
          message: `${textOf(table)}.${name} becomes NOT NULL.`,
          evidence: rowsWhere(around, table, `${around.quote(name)} is null`, 'rows with NULL in it'),
          breaks: true,
        };
      },
    },
  },
  {
    code: 'CHANGE_TYPE',
    harm: 'long lock',
    severity: 'warning',
    finds: 'a column changes its type, and the table is rewritten',
    reason: 'Nobody reads or writes the table meanwhile; code that knows the old type may fail.',
    remedy: SAFE_WAYS.rewrite,
    on: {
      changeType: ({ table, name, type, isComputed }, { known, convert }) => {
        const before = known.column(table, name)?.type;
        if (known.isNew(table)) return undefined;
        if (
          before !== undefined &&
          (before === type || (!isComputed && convert(name, before, type).isInPlace))
        )
          return undefined;
        const from = before === undefined ? '' : ` from ${before}`;
        return { table, message: `${textOf(table)}.${name} changes${from} to ${type}.` };
      },
    },
  },
  {
    code: 'CAST',
    harm: 'can fail',
    severity: 'warning',
    finds: 'a column gets a type that cannot hold every value of the old one',
    reason: 'A value that does not fit stops the migration.',
    remedy: SAFE_WAYS.cast,
    on: {
      changeType: ({ table, name, type, isComputed, isCast }, around) => {
        const before = around.known.column(table, name)?.type;
        if (around.known.isNew(table) || before === undefined || before === type) return undefined;
        const conversion = around.convert(name, before, type);
        const isCut = isCast && !isComputed && conversion.isAssigned;
        if (conversion.fails === undefined || isCut) return undefined;
        const target = quotingOf(around).table(table);
        return {
          table,
          message: `${textOf(table)}.${name}: not every ${before} is a ${type}.`,
          evidence: isComputed
            ? rowsWhere(around, table, `${around.quote(name)} is not null`, 'rows with a value to convert')
            : failingEvidence(target, around.quote(name), conversion),
          breaks: !isComputed,
        };
      },
    },
  },
  {
    code: 'CHANGES_VALUES',
    harm: 'data loss',
    severity: 'warning',
    finds: 'a column gets a type that changes values without an error',
    reason:
      'Digits are rounded off, and an explicit cast cuts a string. A rollback does not bring them back.',
    remedy: `${SAFE_WAYS.keepValues} Without USING, a string that is too long stops it.`,
    on: {
      changeType: ({ table, name, type, isComputed, isCast }, around) => {
        const before = around.known.column(table, name)?.type;
        if (around.known.isNew(table) || before === undefined || before === type || isComputed)
          return undefined;
        const { fails, loses, value, isAssigned } = around.convert(name, before, type);
        const old = around.quote(name);
        const isCut = isCast && isAssigned && (fails !== undefined || loses !== undefined);
        const condition = isCut ? `(${value})::text is distinct from ${old}::text` : loses;
        return condition === undefined
          ? undefined
          : {
              table,
              message: `${textOf(table)}.${name}: a value can be another one as ${type} than as ${before}.`,
              evidence: losingEvidence(quotingOf(around).table(table), condition),
              breaks: true,
            };
      },
    },
  },
  {
    code: 'RENAME_TABLE',
    harm: 'incompatible',
    severity: 'warning',
    finds: 'a table is renamed',
    reason: 'Code that runs with the old name fails as soon as this has run.',
    remedy: `${SAFE_WAYS.rename} Or leave a view with the old name.`,
    on: {
      renameTable: ({ table, to }, { known }) =>
        known.isNew(table) ? undefined : { table, message: `${textOf(table)} is renamed to ${to}.` },
    },
  },
  {
    code: 'RENAME_COLUMN',
    harm: 'incompatible',
    severity: 'warning',
    finds: 'a column is renamed',
    reason: 'Code that runs with the old name fails as soon as this has run.',
    remedy: `${SAFE_WAYS.rename} Or add the new column, write both, move the code, and drop the old one.`,
    on: {
      renameColumn: ({ table, name, to }, { known }) =>
        known.isNew(table) ? undefined : { table, message: `${textOf(table)}.${name} is renamed to ${to}.` },
    },
  },
  {
    code: 'RENAME_OBJECT',
    harm: 'incompatible',
    severity: 'warning',
    finds: 'a schema, type or enum value is renamed',
    reason: 'Code that runs with the old name fails as soon as this has run.',
    remedy: SAFE_WAYS.rename,
    on: {
      renameObject: ({ what, name }) => ({ message: `The ${what} ${name} gets another name.` }),
    },
  },
];
