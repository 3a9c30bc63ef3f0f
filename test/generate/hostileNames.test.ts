import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expect } from 'chai';
import { projectOf } from '../pull/support.js';
import { closeAll, run, type TestProject } from '../reliability/support.js';
import { eachEngine } from '../support/databases.js';
import { codeWith, parse } from '../support/sourceCode.js';

/** What a name or a text of a database can hold so that code begins where it stands. At most 63 bytes. */
const TEXTS = [
  'a\nPWNED(); //',
  'b\rPWNED(); //',
  'c\r\nPWNED(); //',
  'd\u2028PWNED(); //',
  'e\u2029PWNED(); //',
  'f */ PWNED(); /*',
  'g`; PWNED(); `',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the hostile text.
  'h${PWNED()}',
  "i'); PWNED(); ('",
  'j"); PWNED(); ("',
  "k\\'); PWNED(); //",
  'l\\`; PWNED(); `',
  'm\u001b[31mPWNED()\u202e',
  'n).PWNED().x(',
] as const;

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A table for each text, with the text wherever a schema has one. */
function statements(isSqlite: boolean): readonly string[] {
  return TEXTS.flatMap((text, at) => {
    const table = quoteName(text);
    const own = [
      `create table ${table} (id integer primary key, ${quoteName(`${text} c`)} varchar(200) default ${quoteText(text)},
        constraint ${quoteName(`${text} k`)} check (${quoteName(`${text} c`)} <> ${quoteText(`${text}!`)}))`,
      `create index ${quoteName(`${text} i`)} on ${table} (${quoteName(`${text} c`)}) where ${quoteName(`${text} c`)} <> ${quoteText(text)}`,
      `create view ${quoteName(`${text} v`)} as select ${quoteName(`${text} c`)}, ${quoteText(text)} as ${quoteName(`${text} w`)} from ${table}`,
    ];
    if (isSqlite) return own;
    return [
      `create type ${quoteName(`${text} e`)} as enum (${quoteText(text)}, 'plain')`,
      ...own,
      `alter table ${table} add column chosen ${quoteName(`${text} e`)} default ${quoteText(text)}`,
      `comment on table ${table} is ${quoteText(text)}`,
      `comment on column ${table}.${quoteName(`${text} c`)} is ${quoteText(text)}`,
      `create function f${at}() returns text language sql as ${quoteText(`select ${quoteText(text)}`)}`,
      `comment on function f${at}() is ${quoteText(text)}`,
    ];
  });
}

async function make(project: TestProject, isSqlite: boolean): Promise<void> {
  const db = project.open();
  for (const sql of statements(isSqlite)) await db.raw(sql.replaceAll('?', '\\?'));
  await project.close();
}

/** The files of a folder that a command wrote, with what is wrong with each. */
function wrong(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  expect(files, folder).to.not.have.length(0);
  return files.flatMap(({ parentPath, name }) => {
    const text = readFileSync(join(parentPath, name), 'utf8');
    try {
      parse(text, extname(name));
    } catch (error) {
      return [`${name}: ${(error as Error).message}`];
    }
    return codeWith('PWNED', text).map((code) => `${name}: ${code}`);
  });
}

eachEngine('what stands in a database never becomes code of a generated file', (engine) => {
  afterEach(closeAll);

  for (const extension of ['cjs', 'ts']) {
    it(`models:pull, generation, baseline, adoption and types, .${extension}`, async () => {
      const project = await projectOf(engine);
      const ok = async (...args: readonly string[]): Promise<void> => {
        const { code, stdout, stderr } = await run(project, ...args);
        expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
      };
      const migrations = project.directory;
      const checkAndRemove = (): void => {
        expect(wrong(migrations)).to.deep.equal([]);
        for (const file of readdirSync(migrations)) rmSync(join(migrations, file));
      };
      await make(project, engine.name === 'sqlite');
      await ok('models:pull', '-x', extension);
      expect(wrong(join(project.folder, 'models'))).to.deep.equal([]);
      await ok('types:generate', '--out', 'types/tables.d.ts');
      expect(wrong(join(project.folder, 'types'))).to.deep.equal([]);
      await ok('migrate:baseline', '-x', extension);
      checkAndRemove();
      await ok('meta:adopt', '-x', extension);
      checkAndRemove();
      // Models that have none of it: the file names and describes all that is dropped.
      rmSync(join(project.folder, 'models'), { recursive: true });
      mkdirSync(join(project.folder, 'models'));
      writeFileSync(
        join(project.folder, 'models/plain.cjs'),
        "exports.plain = require('knex-meta').defineModel('plain', (t) => { t.increments(); });\n",
      );
      await ok('migrate:make', 'drop_all', '--autogenerate', '-x', extension);
      checkAndRemove();
    });
  }
});
