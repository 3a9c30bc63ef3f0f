import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { engineForClient } from '../../lib/engines/registry.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import { dump } from '../real/dump.js';
import { closeAll, run, type TestProject } from '../reliability/support.js';
import { eachEngine } from '../support/databases.js';
import { fixture, load, projectOf } from './support.js';

const SCHEMAS = ['chinook', 'sakila', 'pagila', 'everything'];
const ON_SQLITE = ['chinook', 'sakila', 'everything'];

async function ok(project: TestProject, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(project, ...args);
  expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
  return stdout;
}

/** What of a text is the author's way to write it. */
const plain = (sql: string) =>
  sql
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/[`"[\]]/g, '');

/** The schema as the catalogs have it, beside and beyond what introspection reads; in an order that says nothing. */
async function dumpOf(project: TestProject, engine: string): Promise<readonly string[]> {
  const db = project.open();
  const read = await dump(db, engine);
  const isRecord = (entry: unknown) => JSON.stringify(entry).includes('knex_migrations');
  const entries = Object.entries(read).map(([kind, all]) => {
    const texts = all
      .filter((entry) => !isRecord(entry))
      .map((entry) => {
        const { sql, check, dflt_value, notnull, pk, type, ...rest } = entry as Record<string, unknown>;
        return JSON.stringify({
          ...rest,
          // NULL is the default without a word, and a name there is a string.
          ...(dflt_value === undefined || /^null$/i.test(String(dflt_value))
            ? {}
            : { dflt_value: String(dflt_value).replaceAll('"', "'") }),
          // The number of the row is never NULL.
          ...(notnull === undefined ? {} : { notnull: pk === 1 && type === 'integer' ? 1 : notnull, pk }),
          ...(type === undefined ? {} : { type: String(type).replace(/ (?=\()/, '') }),
          ...(check === undefined ? {} : { check: plain(String(check)) }),
          ...(sql === undefined
            ? {}
            : { sql: plain(String(sql).replace(/^create (view|trigger)\s+\S+(\s+as)?/i, '')) }),
        });
      });
    return texts.map((text) => `${kind} ${text}`).sort();
  });
  await project.close();
  return entries.flat();
}

async function schemaOf(project: TestProject): Promise<DatabaseSchema> {
  const db = project.open();
  const engine = engineForClient(db.client.config.client);
  const schema = await engine?.introspect(db);
  await project.close();
  if (schema === undefined) throw new Error('no engine');
  return schema;
}

const without = (schema: DatabaseSchema) => ({
  ...schema,
  tables: schema.tables.filter(({ name }) => !name.startsWith('knex_migrations')).map(({ name }) => name),
  views: schema.views.map(({ name, definition, comment }) => [name, plain(definition), comment]),
  extensions: schema.extensions.map(({ name }) => name),
  sequences: schema.sequences.filter(({ name }) => !name.startsWith('knex_migrations')),
});

/** What no dump has. */
const known = ({ domains, others }: DatabaseSchema) => ({
  domains,
  others: others.filter(({ definition }) => definition !== undefined),
});

eachEngine('real schemas, pulled and made again', function (engine) {
  this.timeout(120_000);
  afterEach(closeAll);

  for (const name of engine.name === 'sqlite' ? ON_SQLITE : SCHEMAS) {
    it(`${name}: nothing to do after the pull, the same in an empty database, and nothing left of it`, async () => {
      const project = await projectOf(engine);
      await load(project, fixture(`${name}.${engine.name}.sql`));
      const original = await dumpOf(project, engine.name);
      const pulled = JSON.parse(await ok(project, 'models:pull', '-x', 'cjs', '--json'));
      const unmanaged = pulled.unmanaged.map(({ kind }: { kind: string }) => kind);
      expect(unmanaged).to.deep.equal(
        name === 'everything' && engine.name === 'postgresql' ? ['comment of schema'] : [],
      );
      await ok(project, 'migrate:latest').catch(() => undefined);
      expect((await ok(project, 'migrate:make', 'nothing', '--autogenerate')).split('\n')[0]).to.match(
        /^No changes/,
      );

      const empty = await projectOf(engine);
      cpSync(join(project.folder, 'models'), join(empty.folder, 'models'), { recursive: true });
      await ok(empty, 'migrate:latest').catch(() => undefined);
      await ok(empty, 'migrate:make', 'everything', '--autogenerate', '-x', 'cjs');
      const [file = ''] = readdirSync(empty.directory);
      const text = readFileSync(join(empty.directory, file), 'utf8');
      await ok(empty, 'migrate:latest');
      await ok(empty, 'check:models');
      const made = await dumpOf(empty, engine.name);
      expect(
        original.filter((line) => !made.includes(line)),
        `missing in
${text}`,
      ).to.deep.equal([]);
      expect(
        made.filter((line) => !original.includes(line)),
        `too many in
${text}`,
      ).to.deep.equal([]);
      expect(without(await schemaOf(empty)).views).to.deep.equal(without(await schemaOf(project)).views);
      expect(without(await schemaOf(empty)).tables).to.deep.equal(without(await schemaOf(project)).tables);
      expect(known(await schemaOf(empty))).to.deep.equal(known(await schemaOf(project)));
      await ok(empty, 'migrate:rollback');
      const left = without(await schemaOf(empty));
      expect([
        left.tables,
        left.views,
        left.functions,
        left.enums,
        left.domains,
        left.sequences,
      ]).to.deep.equal([[], [], [], [], [], []]);
    });
  }
});
