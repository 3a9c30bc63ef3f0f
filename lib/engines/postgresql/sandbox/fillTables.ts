import type { ObjectName } from '../../../schema/names.js';
import type { Table, Trigger } from '../../../schema/table.js';
import { quoteName, quoteText } from '../identifiers.js';
import type { Connection } from './connection.js';
import { sendInHalves } from './halves.js';

/** Letters of rows, and tables, that are sent in one turn. */
const MOST_BYTES = 1024 * 1024;
const GROUP = 100;

export const quoted = ({ schema, name }: ObjectName): string =>
  [...(schema === undefined ? [] : [schema]), name].map(quoteName).join('.');
export const keyOf = ({ schema, name }: ObjectName): string => `${schema ?? ''}\n${name}`;

/** Tables that hold rows by themselves, in an order in which each comes after those that its keys refer to. */
export function fillable(tables: readonly Table[]): readonly Table[] {
  const open = new Map(
    tables
      .filter(({ partitionedBy, inherits, rowSecurity }) => {
        return partitionedBy === undefined && inherits.length === 0 && rowSecurity !== 'forced';
      })
      .map((table) => [keyOf(table), table] as const),
  );
  const ordered: Table[] = [];
  const done = new Set<string>();
  for (let found = true; found; ) {
    found = false;
    for (const [key, table] of open) {
      const isReady = table.foreignKeys.every(
        ({ target }) => keyOf(target) === key || done.has(keyOf(target)),
      );
      if (!isReady) continue;
      ordered.push(table);
      done.add(key);
      open.delete(key);
      found = true;
    }
  }
  return ordered;
}

/** The statements that fill a table. Its triggers stay silent: what they did is in the rows of the others. */
function fillSql(table: Table, lines: readonly string[]): string {
  const name = quoted(table);
  const columns = table.columns
    .filter(({ generated }) => generated === undefined)
    .map((each) => quoteName(each.name));
  const values = columns.map((column) => `(line).${column}`).join(', ');
  const firing = table.triggers.filter(({ enabled, stamps }) => enabled !== 'no' && stamps === undefined);
  const word = { yes: 'enable', replica: 'enable replica', always: 'enable always', no: 'disable' } as const;
  const all = (verb: (trigger: Trigger) => string): readonly string[] =>
    firing.map((each) => `alter table ${name} ${verb(each)} trigger ${quoteName(each.name)}`);
  const texts = lines.map(quoteText).join(', ');
  const fill = `insert into ${name} (${columns.join(', ')}) overriding system value
      select ${values} from (select pg_catalog.unnest(array[${texts}]::pg_catalog.text[])::${name} as line offset 0) knex_meta_rows`;
  return [...all(() => 'disable'), fill, ...all(({ enabled }) => word[enabled])].join(';\n');
}

/** Fills tables of the copy in as few turns as can be; gives back the keys of those that are as they are in the live one. */
export async function fillTables(
  connection: Connection,
  tables: readonly Table[],
  texts: ReadonlyMap<Table, readonly string[]>,
): Promise<ReadonlySet<string>> {
  const whole = new Set<string>();
  const fill = async (some: readonly Table[]): Promise<void> => {
    const now = new Set(whole);
    const statements: string[] = [];
    for (const table of some) {
      const lines = texts.get(table);
      const isWhole = table.foreignKeys.every(
        ({ target }) => keyOf(target) === keyOf(table) || now.has(keyOf(target)),
      );
      if (lines === undefined || !isWhole) continue;
      now.add(keyOf(table));
      if (lines.length > 0 && table.columns.length > 0) statements.push(fillSql(table, lines));
    }
    if (statements.length > 0) await connection.query(statements.join(';\n'));
    for (const key of now) whole.add(key);
  };
  const sizeOf = (table: Table): number =>
    (texts.get(table) ?? []).reduce((size, line) => size + line.length, 0) + MOST_BYTES / GROUP;
  await sendInHalves(tables, MOST_BYTES, fill, { sizeOf });
  return whole;
}
