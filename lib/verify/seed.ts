import type { Knex } from 'knex';
import type { Engine } from '../engines/contract.js';
import type { Column } from '../schema/column.js';
import type { ForeignKey } from '../schema/constraints.js';
import type { DatabaseSchema } from '../schema/database.js';
import type { Table } from '../schema/table.js';
import { combinations, hintsOf, isConditional } from './hints.js';
import { nameOf } from './objects.js';
import { count, quoted, rawRows, run } from './statements.js';

/** A table that no row could be made up for. */
interface Unseeded {
  readonly table: string;
  readonly reason: string;
}

/** What one call of a seeder did. */
interface Seeded {
  readonly reasons: readonly Unseeded[];
  /** The tables that it tried to fill. */
  readonly tried: ReadonlySet<string>;
}

/** Fills tables of one throwaway database; it counts on, so that no two rows are alike. */
export interface Seeder {
  /**
   * Two rows for each of these tables: one with all values, one with as few as possible. A table with foreign keys gets
   * another one, whose parents no other row refers to.
   */
  readonly seed: (schema: DatabaseSchema, wanted: ReadonlySet<string>) => Promise<Seeded>;
}

const ATTEMPTS = 200;

/** Where numbers in keys of sample rows begin: the rows that migrations insert have the low ones. */
const KEY_OFFSET = 1_000_000;
const NUMBER = /^'?\d+'?$/;

/** All columns have a value, or all that can be without one are NULL. */
type Fullness = 'full' | 'sparse';

interface Row {
  readonly table: Table;
  readonly schema: DatabaseSchema;
  readonly fullness: Fullness;
  readonly number: number;
  /** Values that are settled already, by column. */
  readonly given: ReadonlyMap<string, string>;
  /** Whether its keys have high numbers; else the database numbers it. */
  readonly isApart: boolean;
}

const isNumbered = ({ numbering, generated }: Column): boolean =>
  numbering !== undefined || generated !== undefined;
const columnOf = (table: Table, name: string): Column | undefined =>
  table.columns.find((each) => each.name === name);
/** Whether a key of the table contains the column. */
const isInKey = ({ primaryKey, uniques, indexes }: Table, name: string): boolean =>
  [...(primaryKey === undefined ? [] : [primaryKey]), ...uniques].some(({ columns }) =>
    columns.includes(name),
  ) || indexes.some(({ unique, keys }) => unique && keys.some(({ column }) => column === name));
/** Numbered by the database, in a way that takes a number from outside too. */
const takesNumber = ({ numbering, generated }: Column): boolean =>
  numbering !== undefined && generated === undefined && !(numbering.kind === 'identity' && numbering.always);
const isRequired = (table: Table, { columns }: ForeignKey): boolean =>
  columns.every((name) => columnOf(table, name)?.nullable === false);

function targetOf({ target }: ForeignKey, schema: DatabaseSchema): Table | undefined {
  return schema.tables.find((each) => each.name === target.name && each.schema === target.schema);
}

function targetColumns(key: ForeignKey, target: Table): readonly string[] {
  return key.targetColumns ?? target.primaryKey?.columns ?? [];
}

export function newSeeder(db: Knex, engine: Engine): Seeder {
  const { samples, asLiteral, deferKeys } = engine.seeding;
  let counter = 0;
  /** Tables, as they were when no row could be made up: what has not changed is not tried again. */
  const hopeless = new Map<string, { readonly text: string; readonly reason: string }>();
  /** Parents that one row alone refers to: table and key. */
  const reserved = new Set<string>();

  /** The values to try for each column that gets one; undefined for a column that needs one and has none. */
  function choicesOf({ table, schema, fullness, number, given, isApart }: Row) {
    return table.columns.flatMap((column) => {
      const { name, nullable, defaultTo, isMetadata } = column;
      const settled = given.get(name);
      if (settled !== undefined) return [{ name, values: [settled] }];
      const high = isApart && isInKey(table, name) ? samples(column, KEY_OFFSET + number, schema)[0] : '';
      const key = high !== undefined && NUMBER.test(high) ? [high] : [];
      if (isNumbered(column)) return takesNumber(column) && key.length > 0 ? [{ name, values: key }] : [];
      if (isMetadata) return [];
      if (fullness === 'sparse' && nullable) return [{ name, values: ['null'] }];
      if (fullness === 'sparse' && defaultTo !== undefined) return [];
      const own = [...key, ...samples(column, number, schema)];
      const values = isConditional(table, name, schema)
        ? [...hintsOf(table, name, schema), ...own]
        : own.slice(0, 1);
      if (values.length > 0) return [{ name, values }];
      if (nullable || defaultTo !== undefined) return [];
      throw new Error(`nobody knows a value of the type ${column.type} for ${name}`);
    });
  }

  /** Inserts one row; says why where none of the values will do. */
  async function insert(on: Knex, row: Omit<Row, 'isApart'>): Promise<string | undefined> {
    const reason = await insertAs(on, { ...row, isApart: true });
    const hasKey = row.table.columns.some(({ name }) => isInKey(row.table, name));
    return reason === undefined || !hasKey ? reason : insertAs(on, { ...row, isApart: false });
  }

  async function insertAs(on: Knex, row: Row): Promise<string | undefined> {
    let reason = '';
    try {
      const choices = choicesOf(row);
      const columns = choices.map(({ name }) => quoted(db, { name })).join(', ');
      for (const values of combinations(
        choices.map((each) => each.values),
        ATTEMPTS,
      )) {
        const what = choices.length === 0 ? 'default values' : `(${columns}) values (${values.join(', ')})`;
        try {
          await on.transaction((trx) => run(trx, `insert into ${quoted(db, row.table)} ${what}`));
          return undefined;
        } catch (error) {
          reason ||= (error as Error).message.split(' - ').at(-1) ?? '';
        }
      }
    } catch (error) {
      reason = (error as Error).message;
    }
    return reason;
  }

  /** The values of these columns in all rows of a table, as literals, in the order of the values. */
  async function keysOf(table: Table, names: readonly string[]): Promise<readonly (readonly string[])[]> {
    const list = names.map((name, index) => `${asLiteral(quoted(db, { name }))} as v${index}`).join(', ');
    const order = names.map((name) => quoted(db, { name })).join(', ');
    const rows = await rawRows(db, `select ${list} from ${quoted(db, table)} order by ${order}`);
    return rows.map((row) => names.map((_name, index) => String(row[`v${index}`])));
  }

  const reservation = (table: Table, key: readonly string[]): string =>
    JSON.stringify([nameOf(table), ...key]);

  /** An existing parent: each row of a table gets another one as far as there are others. */
  async function existingParent(target: Table, names: readonly string[], number: number) {
    const keys = await keysOf(target, names);
    const shared = keys.filter((key) => !reserved.has(reservation(target, key)));
    const from = shared.length > 0 ? shared : keys;
    return from[from.length - 1 - (number % Math.min(from.length, 2))];
  }

  /** Inserts a parent for one row alone; undefined where that cannot be. */
  async function reservedParent(target: Table, names: readonly string[], schema: DatabaseSchema) {
    counter += 1;
    const given = await parentsOf(target, schema, 'full', counter);
    if (typeof given === 'string') return undefined;
    const before = new Set((await keysOf(target, names)).map((key) => reservation(target, key)));
    const row = { table: target, schema, fullness: 'full', number: counter, given } as const;
    if ((await insert(db, row)) !== undefined) return undefined;
    const made = (await keysOf(target, names)).find((key) => !before.has(reservation(target, key)));
    if (made !== undefined) reserved.add(reservation(target, made));
    return made;
  }

  /** The columns that foreign keys settle; a text says why a row cannot have its parents. */
  async function parentsOf(
    table: Table,
    schema: DatabaseSchema,
    fullness: Fullness,
    number: number,
    parentOf: typeof existingParent = existingParent,
  ): Promise<Map<string, string> | string> {
    const given = new Map<string, string>();
    for (const key of table.foreignKeys) {
      const target = targetOf(key, schema);
      const names = target === undefined ? [] : targetColumns(key, target);
      const canBeNull = key.columns.some((name) => columnOf(table, name)?.nullable === true);
      const hasParents = target !== undefined && (await count(db, target)) > 0;
      if (target !== undefined && hasParents && !(fullness === 'sparse' && canBeNull)) {
        const parent = await parentOf(target, names, number);
        if (parent === undefined) return `no other row of ${nameOf(key.target)} could be made up`;
        key.columns.forEach((name, index) => {
          if (!given.has(name)) given.set(name, parent[index] ?? 'null');
        });
      } else if (canBeNull) {
        for (const name of key.columns) if (columnOf(table, name)?.nullable) given.set(name, 'null');
      } else return `it needs a row of ${nameOf(key.target)}, which has none`;
    }
    return given;
  }

  /**
   * A row whose parents have no other children: a migration that moves a foreign key to another child of the same parent
   * meets an orphan.
   */
  async function seedOnlyChild(table: Table, schema: DatabaseSchema): Promise<void> {
    const others = table.foreignKeys.filter((key) => targetOf(key, schema) !== table);
    if (others.length === 0) return;
    counter += 1;
    const number = counter;
    const given = await parentsOf(table, schema, 'full', number, (target, names) =>
      target === table ? existingParent(target, names, number) : reservedParent(target, names, schema),
    );
    if (typeof given !== 'string') await insert(db, { table, schema, fullness: 'full', number, given });
  }

  async function seedTable(table: Table, schema: DatabaseSchema): Promise<string | undefined> {
    let reason: string | undefined;
    let made = 0;
    for (const fullness of ['full', 'sparse'] as const) {
      counter += 1;
      const given = await parentsOf(table, schema, fullness, counter);
      const failed =
        typeof given === 'string'
          ? given
          : await insert(db, { table, schema, fullness, number: counter, given });
      if (failed === undefined) made += 1;
      else reason ??= failed;
    }
    if (made > 0) await seedOnlyChild(table, schema);
    return made > 0 ? undefined : reason;
  }

  /** Tables that need each other: their rows get keys that are made up before, and are inserted together. */
  async function seedCircle(tables: readonly Table[], schema: DatabaseSchema): Promise<void> {
    counter += 1;
    const keyOf = (table: Table, name: string): string => {
      const column = columnOf(table, name);
      return (column && samples(column, 1_000_000 + counter, schema)[0]) ?? 'null';
    };
    await db.transaction(async (trx) => {
      await run(trx, deferKeys);
      for (const table of tables) {
        const given = new Map<string, string>();
        for (const name of table.primaryKey?.columns ?? []) given.set(name, keyOf(table, name));
        const others = {
          ...table,
          foreignKeys: table.foreignKeys.filter(
            (key) => !tables.some(({ name }) => name === key.target.name),
          ),
        };
        const parents = await parentsOf(others, schema, 'full', counter);
        if (typeof parents === 'string') throw new Error(parents);
        for (const [name, value] of parents) given.set(name, value);
        for (const key of table.foreignKeys) {
          const target = tables.find(({ name }) => name === key.target.name);
          if (target === undefined) continue;
          targetColumns(key, target).forEach((name, index) => {
            given.set(key.columns[index] ?? '', keyOf(target, name));
            given.set(name, given.get(name) ?? keyOf(target, name));
          });
        }
        const own = new Map([...given].filter(([name]) => columnOf(table, name) !== undefined));
        const reason = await insert(trx, { table, schema, fullness: 'full', number: counter, given: own });
        if (reason !== undefined) throw new Error(reason);
      }
    });
  }

  /** A table whose rows are not all there yet that its keys need. */
  async function waits(table: Table, schema: DatabaseSchema): Promise<boolean> {
    for (const key of table.foreignKeys) {
      if (!isRequired(table, key)) continue;
      const target = targetOf(key, schema);
      if (target === undefined || (await count(db, target)) === 0) return true;
    }
    return false;
  }

  return {
    seed: async (schema, wanted) => {
      // A partition is filled through its parent.
      const tables = schema.tables.filter(({ partitionOf }) => partitionOf === undefined);
      const left = new Set<Table>();
      for (const table of tables) if (wanted.has(nameOf(table))) left.add(table);
      const tried = new Set([...left].map(nameOf));
      const unseeded = new Map<Table, string>();
      for (let isMoving = true; isMoving; ) {
        isMoving = false;
        for (const table of left) {
          if (await waits(table, schema)) continue;
          left.delete(table);
          isMoving = true;
          const text = JSON.stringify(table);
          const known = hopeless.get(nameOf(table));
          const reason = known?.text === text ? known.reason : await seedTable(table, schema);
          if (reason === undefined) continue;
          hopeless.set(nameOf(table), { text, reason });
          unseeded.set(table, reason);
        }
        if (isMoving || left.size === 0) continue;
        // One that needs a row of its own stands alone; the others need each other.
        const alone = [...left].find((table) =>
          table.foreignKeys.every((key) => !isRequired(table, key) || targetOf(key, schema) === table),
        );
        const circle = alone === undefined ? [...left] : [alone];
        isMoving = true;
        let failed: string | undefined;
        await seedCircle(circle, schema).catch((error: Error) => {
          failed = error.message;
        });
        for (const table of circle) {
          left.delete(table);
          if (failed !== undefined) unseeded.set(table, failed);
        }
      }
      const reasons: Unseeded[] = [];
      for (const [table, reason] of unseeded) {
        if ((await count(db, table)) === 0) reasons.push({ table: nameOf(table), reason });
      }
      return { reasons, tried };
    },
  };
}
