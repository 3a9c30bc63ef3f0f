import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Knex } from 'knex';
import knex from 'knex';
import { withoutBindings } from '../../lib/engines/bindings.js';
import { engineForClient } from '../../lib/engines/registry.js';
import { projectOf } from '../pull/support.js';
import { closeAll, run, type TestProject } from '../reliability/support.js';
import { eachEngine, freshPostgres } from '../support/databases.js';
import { loop } from '../support/loop.js';

const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Texts that Knex, JavaScript or a line of a file reads as something else. */
const TEXTS = [
  'a?',
  'b\\?',
  'c\\\\?\\?',
  'd??',
  'e\r\nf',
  'f\ng\n  h',
  'g\rh',
  "h'i''j",
  'i`j',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text.
  'j${k}',
  'k\\n\\u0041\\',
  'l"m',
  'm\u2028n\u2029',
  'n:name::text',
  'o $1 $$ $a$',
  'p -- q',
  'q /* r */',
  "Public.t0 public.t0 PUBLIC.V1 main.t0 'Public.t0'",
  'r\ts\u00a0\u200b',
  'ü€😀',
  '%s %I %%',
  ' ',
  '',
] as const;

/** A table for each text: a default, a check, a partial index, a view, a trigger, and on PostgreSQL more. */
function statements(text: string, at: number, isSqlite: boolean): readonly string[] {
  const said = quoteText(text);
  const both = [
    `create table t${at} (id integer primary key, c varchar(200) default ${said} constraint k${at} check (c <> ${quoteText(`${text}!`)}))`,
    `create index i${at} on t${at} (c) where c <> ${said}`,
    `create view v${at} as select id, ${said} as said from t${at} where c = ${said}`,
  ];
  if (isSqlite)
    return [
      ...both,
      `create trigger \`tr${at}\` after insert on t${at} begin update t${at} set c = ${said} where id = -1; end`,
    ];
  return [
    ...(text === '' ? [] : [`create type e${at} as enum (${said}, 'plain')`]),
    ...both,
    ...(text === '' ? [] : [`alter table t${at} add column chosen e${at} default ${said}`]),
    `create domain d${at} as text default ${said} check (value <> ${said})`,
    `create function f${at}() returns text language sql as $body$ select ${said}::text $body$`,
    `create function g${at}() returns text language sql as ${quoteText(`select ${said}::text`)}`,
    `comment on table t${at} is ${said}`,
    `comment on column t${at}.c is ${said}`,
    `comment on view v${at} is ${said}`,
    `comment on index i${at} is ${said}`,
    `comment on function f${at}() is ${said}`,
    `comment on domain d${at} is ${said}`,
    `comment on constraint k${at} on t${at} is ${said}`,
  ];
}

const raw = (db: Knex, sql: string, isSqlite: boolean) => db.raw(isSqlite ? sql : withoutBindings(sql));

async function schemaOf(project: TestProject): Promise<unknown> {
  const db = project.open();
  const engine = engineForClient(db.client.config.client);
  const schema = await engine?.introspect(db);
  await project.close();
  return JSON.parse(
    JSON.stringify({
      ...schema,
      tables: schema?.tables
        .filter(({ name }) => !name.startsWith('knex_'))
        .map(({ columns, ...table }) => ({ ...table, columns: columns.map(({ ...column }) => column) })),
    }),
  );
}

describe('SQL through Knex (postgresql)', () => {
  it('arrives as it was given, whatever stands before a question mark', async () => {
    const database = await freshPostgres();
    const db = knex(database.config);
    const literal = fc
      .array(fc.constantFrom('\\', '?', "'", 'a', '\n', '$', '"', '--'), { maxLength: 10 })
      .map((parts) => parts.join(''));
    try {
      await fc.assert(
        fc.asyncProperty(literal, async (text) => {
          const escaped = `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
          const name = text === '' ? 'x' : text;
          const sql = `select ${quoteText(text)} as a, ${escaped} as b, $q$${text}$q$ as c, E'\\?\\\\\\?' as d,
            1 as "${name.replaceAll('"', '""')}" -- \\?\n, '{"a": 1}'::jsonb ? 'a' as e /* \\\\? */`;
          const { rows } = await db.raw(withoutBindings(sql));
          expect(rows).to.deep.equal([{ a: text, b: text, c: text, d: '?\\?', [name]: 1, e: true }]);
        }),
        { numRuns: 300 },
      );
    } finally {
      await db.destroy();
    }
  });
});

eachEngine('a text arrives as it was written', (engine) => {
  const isSqlite = engine.name === 'sqlite';
  afterEach(closeAll);

  it('when it changes, up and down', async () => {
    const build = (shift: number) => async (db: Knex) => {
      for (const at of TEXTS.keys()) {
        const text = TEXTS[(at + shift) % TEXTS.length] ?? '';
        // An enum has no empty value here.
        if (text === '' || TEXTS[(at + 1 - shift) % TEXTS.length] === '') continue;
        for (const sql of statements(text, at, isSqlite)) await raw(db, sql, isSqlite);
      }
    };
    await loop(engine, { before: build(0), after: build(1) });
  });

  for (const extension of ['cjs', 'mjs']) {
    it(`from a database to models, from models to a migration and a database, and back, .${extension}`, async () => {
      const ok = async (project: TestProject, ...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await run(project, ...args);
        expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
        return stdout;
      };
      const source = await projectOf(engine);
      const db = source.open();
      for (const [at, text] of TEXTS.entries())
        for (const sql of statements(text, at, isSqlite)) await raw(db, sql, isSqlite);
      await source.close();
      await ok(source, 'models:pull', '-x', extension);
      expect(await ok(source, 'check:models')).to.match(/^No changes detected/);

      const made = await projectOf(engine);
      cpSync(join(source.folder, 'models'), join(made.folder, 'models'), { recursive: true });
      await ok(made, 'migrate:make', 'all', '--autogenerate', '-x', extension);
      await ok(made, 'migrate:latest');
      expect(await ok(made, 'check:models')).to.match(/^No changes detected/);
      expect(await schemaOf(made)).to.deep.equal(await schemaOf(source));
    });
  }
});
