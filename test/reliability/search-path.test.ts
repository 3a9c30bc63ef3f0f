import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { makeProject } from '../real/project.js';
import { install, knexMeta, ROOT } from '../support/commandLine.js';
import { freshPostgres, temporaryFolder } from '../support/databases.js';
import { makeHostile, timesHijacked } from '../support/hostile.js';

/** In this order, with the exit code of each: one that is refused proves nothing. */
const COMMANDS: readonly (readonly [code: number, ...command: readonly string[]])[] = [
  [0, 'migrate:plan'],
  [0, 'migrate:latest'],
  [0, 'migrate:list'],
  [0, 'migrate:current'],
  [3, 'lint', '--all'],
  [0, 'migrate:docs'],
  [0, 'types:generate', '--out', 'types.ts'],
  // older has no metadata columns yet.
  [3, 'check'],
  [3, 'check:migration'],
  [3, 'doctor'],
  [0, 'meta:adopt'],
  [0, 'migrate:latest'],
  [0, 'check:migration'],
  [0, 'check:version'],
  [0, 'migrate:baseline'],
  [0, 'migrate:latest'],
  [0, 'migrate:verify'],
  // The baseline has the functions that the other role made: SQLite has none.
  [3, 'check:engines'],
  [0, 'seed:run'],
  [0, 'models:pull', 'older', 'users'],
  // Two tables have a model.
  [3, 'check:models'],
  [0, 'migrate:make', 'change', '--autogenerate'],
  [0, 'meta:upgrade'],
  [0, 'migrate:rollback', '--all'],
];

/** A superuser runs every command in a database into whose schema another role could put what it wanted. */
describe('PostgreSQL: what stands in a schema of the search path is not run (CVE-2018-1058)', () => {
  let db: Knex;
  let folder: string;

  before(async () => {
    const { config } = await freshPostgres();
    db = knex(config);
    await makeHostile(db);
    // A table from before the migrations, to be adopted.
    await db.raw(
      "create table public.older (id pg_catalog.int4 primary key, word pg_catalog.text, made timestamp); insert into public.older values (1, 'a', pg_catalog.now())",
    );
    const source = temporaryFolder();
    cpSync(join(ROOT, 'migrations'), join(source, 'migrations'), { recursive: true });
    folder = makeProject(source, config);
    install(folder, 'pg', 'better-sqlite3');
    mkdirSync(join(folder, 'seeds'));
    writeFileSync(
      join(folder, 'seeds/first.js'),
      "exports.seed = async (k) => { await k('older').insert({ id: 2, word: 'b' }); };\n",
    );
  });
  after(() => db.destroy());

  for (const [code, ...command] of COMMANDS) {
    it(command.join(' '), async () => {
      const before = await timesHijacked(db);
      const ran = await knexMeta(command, folder);
      const said = `${ran.stdout}${ran.stderr}`;
      expect(/.{0,2000}HIJACKED.*/s.exec(said)?.[0]).to.equal(undefined);
      expect((await timesHijacked(db)) - before).to.equal(0);
      expect(ran.code, said).to.equal(code);
    });
  }
});
