import type { Knex } from 'knex';

/** The types of what catalogs hold and are asked with. */
const TYPES = [
  'oid',
  'regclass',
  'regtype',
  'regproc',
  'name',
  'text',
  '"char"',
  'int2',
  'int4',
  'int8',
  'bool',
  'oidvector',
  'int2vector',
  'name[]',
  'text[]',
  'oid[]',
  'int2[]',
];
const ANSWERS = ['=', '<>', '<', '>', '<=', '>=', '~~', '!~~', '~', '!~', '~*'];
const TEXTS = ['||'];
const NUMBERS = ['+', '-', '&'];
/** Functions that somebody may write without a schema, with arguments that the server's own take by a cast. */
const FUNCTIONS = [
  'lower',
  'upper',
  'length',
  'strpos',
  'replace',
  'substr',
  'format_type',
  'to_regclass',
  'quote_ident',
  'array_to_string',
  'max',
  'min',
];

/**
 * What a role that may create in a schema of the search path can put there (CVE-2018-1058): operators and functions that fit catalog
 * values better than the server's own, and types with the names of the server's. Each counts that it ran, and fails.
 */
export async function makeHostile(db: Knex, schema = 'public'): Promise<void> {
  const functions: string[] = [];
  const operators: string[] = [];
  let number = 0;
  const made = new Set<string>();
  for (const left of TYPES)
    for (const right of TYPES)
      for (const [signs, result, value] of [
        [ANSWERS, 'bool', 'boolean'],
        [TEXTS, 'text', 'text'],
        [NUMBERS, 'int8', 'number'],
      ] as const) {
        number += 1;
        const name = `${schema}.hijack_${number}`;
        functions.push(
          `create function ${name}(${left}, ${right}) returns ${result} language plpgsql as $$ begin perform ${schema}.hijack('${value} ${left.replaceAll('"', '')} ${right.replaceAll('"', '')}'); return null; end $$`,
        );
        for (const sign of signs) {
          const key = `${sign} ${left} ${right}`;
          if (made.has(key)) continue;
          made.add(key);
          operators.push(
            `create operator ${schema}.${sign} (procedure = ${name}, leftarg = ${left}, rightarg = ${right})`,
          );
        }
      }
  for (const name of FUNCTIONS)
    for (const type of ['name', 'regclass', 'oid'])
      functions.push(
        `create function ${schema}.${name}(${type}) returns text language plpgsql as $$ begin perform ${schema}.hijack('${name}'); return null; end $$`,
      );
  await db.raw(`create sequence ${schema}.hijacked`);
  await db.raw(`create function ${schema}.hijack(what pg_catalog.text) returns void language plpgsql as $$ begin
    begin perform pg_catalog.nextval('${schema}.hijacked'); exception when others then null; end;
    raise exception 'HIJACKED: %', what; end $$`);
  await db.raw(`${functions.join(';\n')};\n${operators.join(';\n')}`);
}

/** How often something of it ran outside of transactions that may only read. */
export async function timesHijacked(db: Knex, schema = 'public'): Promise<number> {
  const { rows } = await db.raw(
    `select case when is_called then last_value else 0 end as n from ${schema}.hijacked`,
  );
  return Number(rows[0].n);
}
