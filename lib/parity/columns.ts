import type { Meaning } from '../engines/meaning.js';
import type { Column } from '../schema/column.js';
import type { Table } from '../schema/table.js';
import { ADVICE, type Difference, type HABITS, type Side } from './difference.js';

/** A column on both engines. */
export interface Pair {
  readonly name: string;
  readonly tables: readonly [Table, Table];
  readonly columns: readonly [Column, Column];
  readonly sides: readonly [Side, Side];
}

/** A habit of one column; those of all columns are put together. */
export interface ColumnHabit {
  readonly code: keyof typeof HABITS;
  readonly column: string;
  readonly message: string;
}

const found = (code: keyof typeof ADVICE, { name }: Pair, message: string): Difference => ({
  code,
  severity: 'differs',
  table: name,
  message: `${name} ${message}`,
  remedy: ADVICE[code],
});

type Meanings = readonly [Meaning, Meaning];

function onBoth({ sides }: Pair, [a, b]: readonly [string, string]): string {
  return `${a} on ${sides[0].title} and ${b} on ${sides[1].title}`;
}

/** Kinds that mean the same where one engine has no type of its own. */
function isSameKind(a: Meaning, b: Meaning): boolean {
  if (a.kind === b.kind) return a.kind !== 'other' || a.word === b.word;
  const kinds = [a.kind, b.kind];
  // A uuid or an enumeration is kept as text where there is no type for it.
  return kinds.includes('text') && kinds.includes('uuid');
}

function ofType(pair: Pair, [a, b]: Meanings): readonly Difference[] {
  const kinds = [a.kind, b.kind];
  if (kinds.includes('time without zone') && kinds.includes('instant')) {
    return [
      found(
        'NO_ZONE',
        pair,
        `is ${onBoth(pair, [a.word, b.word])}: without a zone it is read as local time, and shifts with the zone of the process`,
      ),
    ];
  }
  const likeness = kinds.includes('text without case')
    ? 'CASE'
    : kinds.includes('text without its last blanks')
      ? 'BLANKS'
      : undefined;
  if (likeness !== undefined && a.kind !== b.kind) {
    return [
      found(likeness, pair, `is ${onBoth(pair, [a.kind, b.kind])}: what is equal and unique is not the same`),
    ];
  }
  // Exact digits on one, a floating-point number on the other: where an engine has no decimals, it keeps a float.
  const isDecimal =
    kinds.includes('decimal') && kinds.every((kind) => kind === 'decimal' || kind === 'float');
  if (isDecimal && a.comesAs !== b.comesAs) {
    return [
      found(
        'DECIMAL',
        pair,
        `comes as ${onBoth(pair, [a.comesAs, b.comesAs])}, and one of them computes with floating-point numbers: sums of amounts differ`,
      ),
    ];
  }
  if (isSameKind(a, b)) return [];
  const words = [a.word || 'without a type', b.word || 'without a type'] as const;
  return [
    found(
      'TYPE',
      pair,
      `is ${onBoth(pair, words)}: operators, comparisons and what the driver gives are others`,
    ),
  ];
}

/** The values of a list: texts, and numbers of a column of numbers, which one engine writes as texts too. */
function listed(expression: string): readonly string[] {
  const list = expression.slice(expression.search(/\bin\s*\(|\[/i));
  return [...list.matchAll(/'((?:[^']|'')*)'|(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])/g)].map(
    ([number, text]) => text ?? number,
  );
}

/** The values that checks on a column allow; undefined where no check is about it alone. */
function checkedValues(table: Table, column: string): readonly string[] | undefined {
  for (const { expression } of table.checks) {
    const isList = /\bin\s*\(|=\s*any\s*\(/i.test(expression);
    const [first] = /[\w]+/.exec(expression.replace(/["`()[\]]/g, '')) ?? [];
    if (isList && first === column) return listed(expression);
  }
  return undefined;
}

function ofValues(pair: Pair, meanings: Meanings): readonly Difference[] {
  const [a, b] = meanings.map(
    ({ values }, index) =>
      values ?? checkedValues(pair.tables[index] as Table, (pair.columns[index] as Column).name),
  );
  if (a === undefined && b === undefined) return [];
  const shown = (values: readonly string[] | undefined): string =>
    values === undefined ? 'any' : [...values].sort().join(', ');
  return shown(a) === shown(b) ? [] : [found('VALUES', pair, `takes ${onBoth(pair, [shown(a), shown(b)])}`)];
}

/** A text and a number of the same value are one default. */
const sameDefault = (a: string | undefined, b: string | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a !== '' && b !== '' && Number(a) === Number(b));

function ofColumn(pair: Pair, [a, b]: Meanings): readonly Difference[] {
  const [one, other] = pair.columns;
  const isKey = pair.tables.some(({ primaryKey }) => primaryKey?.columns.includes(one.name) === true);
  const differences: Difference[] = [];
  if (one.nullable !== other.nullable) {
    const word = (column: Column): string => (column.nullable ? 'takes NULL' : 'takes no NULL');
    differences.push(
      found(isKey ? 'PRIMARY_KEY_NULL' : 'NULLABLE', pair, onBoth(pair, [word(one), word(other)])),
    );
  }
  const isComputed = (column: Column): boolean => column.generated !== undefined;
  if (isComputed(one) !== isComputed(other)) {
    const word = (column: Column): string => (isComputed(column) ? 'is computed' : 'is not computed');
    differences.push(found('GENERATED', pair, onBoth(pair, [word(one), word(other)])));
  }
  if ((one.numbering === undefined) !== (other.numbering === undefined)) {
    const word = (column: Column): string =>
      column.numbering === undefined ? 'has to be given a number' : 'numbers itself';
    differences.push(found('NUMBERING', pair, onBoth(pair, [word(one), word(other)])));
  } else if (!sameDefault(a.defaultTo, b.defaultTo)) {
    const word = (text: string | undefined): string => (text === undefined ? 'none' : `\`${text}\``);
    differences.push(
      found('DEFAULT', pair, `has the default ${onBoth(pair, [word(a.defaultTo), word(b.defaultTo)])}`),
    );
  }
  return differences;
}

/** The habit of a type's form, or of what its engine takes. */
function formOf(pair: Pair, [a, b]: Meanings): Omit<ColumnHabit, 'column'> | undefined {
  const habit = (code: ColumnHabit['code'], message: string) => ({ code, message });
  const forms = onBoth(pair, [a.comesAs, b.comesAs]);
  const [loose] = [a, b].flatMap((each, index) =>
    each.isEnforced ? [] : [(pair.sides[index] as Side).title],
  );
  if (a.kind === 'boolean') return habit('BOOLEAN_FORM', `a boolean comes as ${forms}`);
  if (a.kind === 'instant') return habit('INSTANT_FORM', `an instant comes as ${forms}`);
  if (a.kind === 'date') return habit('DATE_FORM', `a date comes as ${forms}`);
  if (a.kind === 'json') return habit('JSON_FORM', `JSON comes as ${forms}`);
  if (a.kind === 'integer' && a.comesAs !== b.comesAs)
    return habit('BIGINT_FORM', `a big integer comes as ${forms}`);
  const [one, other] = pair.columns;
  const reuses = [one, other].some(({ numbering }) => numbering?.kind === 'rowid' && numbering.reuses);
  if (reuses) return habit('NUMBER_REUSE', 'a number may be given again after its row was deleted');
  if (loose === undefined) return undefined;
  if (a.kind === 'uuid' || b.kind === 'uuid')
    return habit('UUID_CHECK', `${loose} takes any text for a uuid`);
  if (a.kind === 'integer')
    return habit('INTEGER_SIZE', `${loose} takes integers of any size, up to 64 bits`);
  if (a.kind === 'text' && (a.length ?? b.length) !== undefined)
    return habit('LENGTH', `${loose} takes texts that are longer than declared`);
  return a.kind === 'float' || a.kind === 'binary'
    ? habit('TYPE_CHECK', `${loose} stores values of other types too`)
    : undefined;
}

/** What one knows of a column whose meaning is the same. */
function habitsOf(pair: Pair, meanings: Meanings): readonly ColumnHabit[] {
  const [a, b] = meanings;
  const { sides, name } = pair;
  const titles = (is: (each: Meaning) => boolean): string =>
    meanings.flatMap((each, index) => (is(each) ? [(sides[index] as Side).title] : [])).join(' and ');
  const [first, ...more] = meanings.flatMap(({ values }) => (values === undefined ? [] : [values]));
  const isSorted = first === undefined || more.length > 0 || String([...first].sort()) === String(first);
  const form = formOf(pair, meanings);
  return [
    ...(form === undefined ? [] : [form]),
    ...(a.lacksZone === b.lacksZone
      ? []
      : [
          {
            code: 'INSTANT_DEFAULT' as const,
            message: `on ${titles(({ lacksZone }) => lacksZone)} the default is a text without a zone, which JavaScript takes for local time`,
          },
        ]),
    ...(a.isSingle === b.isSingle
      ? []
      : [
          {
            code: 'FLOAT_DIGITS' as const,
            message: `a number holds 7 digits on ${titles(({ isSingle }) => isSingle)}, and 15 on the other engine`,
          },
        ]),
    ...(isSorted
      ? []
      : [
          {
            code: 'ENUM_ORDER' as const,
            message: `on ${titles(({ values }) => values !== undefined)} values are in the order of their declaration, on the other engine in that of texts`,
          },
        ]),
  ].map((habit) => ({ ...habit, column: name }));
}

/** What of one column differs, and what its type always does. */
export function compareColumn(pair: Pair): {
  readonly differences: readonly Difference[];
  readonly habits: readonly ColumnHabit[];
} {
  const [one, other] = pair.sides.map(({ meaningOf, schema }, index) =>
    meaningOf(pair.columns[index] as Column, schema),
  );
  const meanings: Meanings = [one as Meaning, other as Meaning];
  const ofKind = ofType(pair, meanings);
  const differences = [...ofKind, ...ofValues(pair, meanings), ...ofColumn(pair, meanings)];
  return { differences, habits: ofKind.length > 0 ? [] : habitsOf(pair, meanings) };
}
