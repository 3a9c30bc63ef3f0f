import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { closeAll, makeProject, run, type TestProject } from '../reliability/support.js';
import { ROOT } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';

const IMPORT = `const { defineModel } = require('${join(ROOT, 'dist/lib/index.js')}');\n`;

function model(project: TestProject, columns: string): void {
  mkdirSync(join(project.folder, 'models'), { recursive: true });
  const text = `${IMPORT}exports.orders = defineModel('orders', (t) => { t.increments('id'); ${columns} });\n`;
  writeFileSync(join(project.folder, 'models', 'index.cjs'), text);
}

async function ok(project: TestProject, ...args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(project, ...args);
  expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
}

const creates = (column: string): string =>
  `exports.up = (knex) => knex.schema.createTable('orders', (t) => { t.increments('id'); t.timestamp('${column}'); });
exports.down = (knex) => knex.schema.dropTable('orders');`;

eachEngine('a generated migration that renames a column to or from a metadata name', function (engine) {
  this.timeout(120_000);
  afterEach(closeAll);

  for (const [from, to] of [
    ['created_on', 'created_at'],
    ['created_at', 'createdAt'],
    ['modified_on', 'updated_at'],
    ['updated_at', 'updatedAt'],
  ] as const) {
    it(`${from} to ${to}: the values stay up and down, and both checks are clean after each`, async () => {
      const project = await makeProject(engine, { '1_create.cjs': creates(from) });
      const db = project.open();
      await ok(project, 'migrate:latest');
      await db('orders').insert([{ [from]: '2001-02-03 04:05:06' }, {}]);
      const before = (await db('orders').orderBy('id')).map((row) => row[from]);
      model(project, `t.timestamp('${to}');`);
      const rename = `orders.${from}:${to}`;
      await ok(project, 'migrate:make', 'change', '--autogenerate', '-x', 'cjs', '--rename', rename);
      await ok(project, 'migrate:latest');
      expect((await db('orders').orderBy('id')).map((row) => row[to])).to.deep.equal(before);
      await ok(project, 'check:migration');
      await ok(project, 'check:models');
      await ok(project, 'migrate:down');
      expect((await db('orders').orderBy('id')).map((row) => row[from])).to.deep.equal(before);
      await ok(project, 'check:migration');
    });
  }
});

/** The trigger that an older version made for an own column, whatever the form of its values. */
const OLDER: Readonly<Record<string, readonly string[]>> = {
  sqlite: [
    'drop trigger update_timestamp_orders',
    "create trigger `update_timestamp_orders` after update on `orders` for each row when new.`updated_at` is not (strftime('%Y-%m-%dT%H:%M:%fZ','now')) begin /* knex-meta */ update `orders` set `updated_at` = (strftime('%Y-%m-%dT%H:%M:%fZ','now')) where rowid = new.rowid; end",
  ],
  postgresql: [
    'drop trigger update_timestamp on orders',
    'drop function if exists set_updated_at_timestamp_local()',
    `create function set_updated_at_timestamp() returns trigger language plpgsql as $$
begin
  -- knex-meta
  if pg_catalog.current_setting('knex_meta.preserve', true) = 'on' then
    return new;
  end if;
  new."updated_at" := pg_catalog.timezone('utc', pg_catalog.now());
  return new;
end
$$`,
    'create trigger update_timestamp before update on orders for each row execute function set_updated_at_timestamp()',
  ],
};

eachEngine('the trigger of an older version on an own updated_at', function (engine) {
  this.timeout(120_000);
  afterEach(closeAll);

  it('is found by check:migration, and what that prints makes it right', async () => {
    const project = await makeProject(engine, {
      '1_create.cjs': `exports.up = (knex) => knex.schema.createTable('orders', (t) => { t.increments('id');
  t.timestamp('updated_at', { useTz: false }).defaultTo(knex.fn.now()); });
exports.down = (knex) => knex.schema.dropTable('orders');`,
    });
    const db = project.open();
    await ok(project, 'migrate:latest');
    await db('orders').insert({});
    await ok(project, 'check:migration');
    for (const sql of OLDER[engine.name] ?? []) await db.raw(sql);
    const { code, stdout } = await run(project, 'check:migration', '--json');
    expect(code, stdout).to.equal(3);
    const [finding] = JSON.parse(stdout).findings;
    expect(finding.message).to.include('something else than what knex-meta writes');
    for (const sql of finding.mend) await db.raw(sql.replaceAll('?', '\\?'));
    await ok(project, 'check:migration');
  });
});
