import type { Knex } from 'knex';
import type { Build } from '../../support/loop.js';
import { familiesOf } from './families.js';
import {
  type ColumnSpec,
  type KeySpec,
  type PairSpec,
  q,
  type Side,
  type TableSpec,
  tableSql,
  text,
} from './spec.js';

type Run = (db: Knex, sql: string) => Promise<unknown>;

const run: Run = (db, sql) => db.raw(db.client.config.client === 'pg' ? sql.replaceAll('?', '\\?') : sql);

function columnSql(column: ColumnSpec, table: TableSpec, side: Side): string {
  const { type, required, defaultTo, numbering, computed, collation, target } = column;
  const isSqlite = table.schema === undefined;
  const referred = isSqlite ? side.tables.find(({ slot }) => slot === target) : undefined;
  const key =
    numbering === 'rowid'
      ? ' primary key'
      : numbering === 'autoincrement'
        ? ' primary key autoincrement'
        : '';
  const serial = numbering === 'serial' ? (type === 'bigint' ? 'bigserial' : 'serial') : undefined;
  const identity = numbering !== undefined && / as identity/.test(numbering) ? ` generated ${numbering}` : '';
  // A key may leave out the column where it is the primary key.
  const bare = referred?.primary.length === 1 && table.refers.endsWith('set null') ? '' : ' (id)';
  return [
    serial ?? type,
    key,
    identity,
    collation === undefined ? '' : ` collate ${collation}`,
    computed === undefined ? '' : ` generated always as ${computed}`,
    required ? ' not null' : '',
    defaultTo === undefined ? '' : ` default ${defaultTo}`,
    referred === undefined ? '' : ` references ${q(referred.name)} ${bare}${table.refers}`,
  ].join('');
}

/** A foreign key of several columns, where the table that it refers to is there. */
function keySql(key: KeySpec, side: Side): readonly string[] {
  const referred = side.tables.find(({ slot }) => slot === key.target);
  if (referred === undefined) return [];
  const list = (names: readonly string[]) => names.map(q).join(', ');
  const name = key.name === undefined ? '' : `constraint ${q(key.name)} `;
  return [
    `${name}foreign key (${list(key.columns)}) references ${tableSql(referred)} (${list(key.targetColumns)})${key.rest}`,
  ];
}

/** The constraints that stand behind the columns. */
function constraintsOf(table: TableSpec): readonly string[] {
  return [
    ...table.primaryKey,
    ...table.parts
      .filter(({ kind }) => kind === 'constraint')
      .map(({ name, definition }) => `${name === undefined ? '' : `constraint ${q(name)} `}${definition}`),
  ];
}

const SETTING: Readonly<Record<string, string>> = {
  unlogged: 'set unlogged',
  rls: 'enable row level security',
  fillfactor: 'set (fillfactor=70)',
};

async function create(db: Knex, table: TableSpec, side: Side): Promise<void> {
  const isSqlite = table.schema === undefined;
  const name = tableSql(table);
  if (table.metadata) {
    const schema = table.schema === undefined ? db.schema : db.schema.withSchema(table.schema);
    await schema.createTable(table.name, (t) => {
      for (const column of table.columns)
        t.specificType(
          column.name,
          isSqlite ? columnSql(column, table, side) : columnSql(column, table, side).replaceAll('?', '\\?'),
        );
    });
    for (const constraint of constraintsOf(table)) await run(db, `alter table ${name} add ${constraint}`);
  } else {
    const columns = table.columns.map((column) => `${q(column.name)} ${columnSql(column, table, side)}`);
    const options = isSqlite ? table.settings : '';
    await run(db, `create table ${name} (${[...columns, ...constraintsOf(table)].join(', ')}) ${options}`);
  }
  if (!isSqlite && table.settings !== '') await run(db, `alter table ${name} ${SETTING[table.settings]}`);
}

/** Foreign keys of several columns, where they are not in the table already. */
async function refer(db: Knex, table: TableSpec, side: Side): Promise<void> {
  if (table.schema === undefined && !table.metadata) return;
  for (const key of table.keys)
    for (const sql of keySql(key, side)) await run(db, `alter table ${tableSql(table)} add ${sql}`);
}

async function adorn(db: Knex, table: TableSpec, side: Side): Promise<void> {
  const name = tableSql(table);
  const isSqlite = table.schema === undefined;
  for (const { name: index, definition, unique } of table.parts.filter(({ kind }) => kind === 'index'))
    await run(db, `create ${unique ? 'unique ' : ''}index ${q(index ?? '')} on ${name} ${definition}`);
  if (isSqlite) {
    if (table.trigger !== undefined)
      await run(
        db,
        `create trigger ${q(`${table.slot}_tr`)} after insert on ${name} begin select ${table.trigger.startsWith('"') ? `new.${table.trigger}` : text(table.trigger)}; end`,
      );
    return;
  }
  for (const { name: part, comment, kind } of table.parts)
    if (comment !== undefined && part !== undefined)
      await run(
        db,
        kind === 'index'
          ? `comment on index ${q(table.schema ?? '')}.${q(part)} is ${text(comment)}`
          : `comment on constraint ${q(part)} on ${name} is ${text(comment)}`,
      );
  for (const { name: column, comment } of table.columns)
    if (comment !== undefined) await run(db, `comment on column ${name}.${q(column)} is ${text(comment)}`);
  if (table.comment !== undefined) await run(db, `comment on table ${name} is ${text(table.comment)}`);
  for (const { target, name: column } of table.columns) {
    const referred = side.tables.find(({ slot }) => slot === target);
    if (referred !== undefined && referred.settings === '' && table.settings === '')
      await run(
        db,
        `alter table ${name} add foreign key (${q(column)}) references ${tableSql(referred)} (id)${table.refers}`,
      );
  }
  if (table.trigger !== undefined) {
    const when = table.trigger.startsWith('"')
      ? `before update of ${table.trigger}`
      : table.trigger === 'a'
        ? 'before update'
        : 'after insert';
    await run(
      db,
      `create trigger ${q(`${table.slot}_tr`)} ${when} on ${name} for each row execute function public.touch()`,
    );
  }
}

const READER = `do $$begin if not exists (select from pg_roles where rolname = 'reader') then create role reader; end if; end$$`;

/** Makes the database of one side. */
export function buildSide(side: Side): Build {
  return async (db) => {
    // What the one side was granted the other is too: roles are the server's.
    if (side.tables.some(({ schema }) => schema !== undefined)) await run(db, READER);
    for (const { sql } of side.objects.filter(({ stage }) => stage === 'before tables')) await run(db, sql);
    // What is altered by the hook needs what it refers to.
    for (const table of side.tables.filter(({ metadata }) => metadata)) await create(db, table, side);
    for (const table of side.tables.filter(({ metadata }) => !metadata)) await create(db, table, side);
    for (const table of side.tables) await refer(db, table, side);
    for (const table of side.tables) await adorn(db, table, side);
    for (const { sql } of side.objects.filter(({ stage }) => stage === 'after tables')) await run(db, sql);
  };
}

/**
 * Whether a row's keys find their row all the time: the tables that they refer to are there, with their rows, on both
 * sides. Of a key of two columns its second too, which one that has to match in full needs.
 */
function referring(
  { before, after }: PairSpec,
  table: TableSpec,
  later: TableSpec | undefined,
): { readonly ref: boolean; readonly second: boolean } {
  const of = (side: Side, slot: string | undefined) => side.tables.find((each) => each.slot === slot);
  const isStaying = (slot: string | undefined) =>
    of(before, slot) !== undefined && of(after, slot) !== undefined;
  const isSafe = (slot: string | undefined) => isStaying(slot) || of(after, slot) === undefined;
  const has = (from: TableSpec | undefined, slot: string) =>
    from?.columns.some((each) => each.slot === slot) ?? false;
  const refOf = (from: TableSpec | undefined) => from?.columns.find(({ slot }) => slot === 'ref')?.target;
  const [had, will] = [table.keys, later?.keys ?? []];
  const isKept =
    (isStaying(refOf(table)) || refOf(table) === undefined) &&
    [refOf(later), ...will.map(({ target }) => target)].every((slot) => slot === undefined || isSafe(slot)) &&
    had.every(({ target }) => isStaying(target));
  const second =
    isKept &&
    has(table, 'second') &&
    (later === undefined || has(later, 'second')) &&
    [...had, ...will].every(
      ({ target }) => !isStaying(target) || (has(of(before, target), 'num') && has(of(after, target), 'num')),
    );
  const isFull = [...had, ...will].some(({ rest }) => rest.includes('match full'));
  return { ref: isKept && (second || !isFull), second };
}

/** Rows in every table: a value in each column, and NULL in one row where both sides take it. */
export function fillSide(pair: PairSpec): Build {
  const { engine, before, after, rows } = pair;
  return async (db) => {
    const families = familiesOf(engine);
    for (let row = 0; row < rows; row += 1)
      for (const table of before.tables) {
        const later = after.tables.find(({ slot }) => slot === table.slot);
        const refers = referring(pair, table, later);
        const values = table.columns.flatMap((column): readonly (readonly [string, string])[] => {
          const { slot, name, required } = column;
          if (slot === 'id') return column.numbering === 'none' ? [['id', String(row + 1)]] : [];
          if (slot === 'ref') return [[name, row > 0 && refers.ref ? '1' : 'null']];
          if (slot === 'second') return [[name, row > 0 && refers.second ? '5' : 'null']];
          const family = families.find((each) => each.slot === slot);
          if (family === undefined) return [];
          const isLaterRequired = later?.columns.find((each) => each.slot === slot)?.required ?? false;
          if (row === 1 && !required && !isLaterRequired) return [[name, 'null']];
          return [[name, text(family.value(row).replaceAll('$mood', before.mood[0] ?? ''))]];
        });
        const sql =
          values.length === 0
            ? `insert into ${tableSql(table)} default values`
            : `insert into ${tableSql(table)} (${values.map(([name]) => q(name)).join(', ')}) values (${values.map(([, value]) => value).join(', ')})`;
        await run(db, sql);
      }
  };
}
