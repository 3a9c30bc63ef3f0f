import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { makeProject } from '../real/project.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { freshPostgres, temporaryFolder } from '../support/databases.js';
import { makeHostile, timesHijacked } from '../support/hostile.js';

const COMMANDS: readonly (readonly string[])[] = [
  ['migrate:plan'],
  ['migrate:latest'],
  ['migrate:list'],
  ['migrate:current'],
  ['check'],
  ['check:migration'],
  ['check:version'],
  ['check:models'],
  ['doctor'],
  ['lint'],
  ['migrate:docs'],
  ['types:generate', '--out', 'types.ts'],
  ['models:pull', '--out', 'pulled'],
  ['meta:adopt', '--dry-run'],
  ['meta:upgrade'],
  ['migrate:rollback', '--all'],
];

/** A superuser runs every command in a database into whose schema another role could put what it wanted. */
describe('PostgreSQL: what stands in a schema of the search path is not run (CVE-2018-1058)', () => {
  let db: Knex;
  let folder: string;

  before(async () => {
    const { config } = await freshPostgres();
    db = knex(config);
    await makeHostile(db);
    const source = temporaryFolder();
    for (const name of ['migrations', 'models'])
      cpSync(join(ROOT, name), join(source, name), { recursive: true });
    folder = makeProject(source, config);
  });
  after(() => db.destroy());

  for (const command of COMMANDS) {
    it(command.join(' '), async () => {
      const before = await timesHijacked(db);
      const { stdout, stderr, code } = await knexMeta(command, folder);
      expect(/.{0,2000}HIJACKED.*/s.exec(`${stdout}${stderr}`)?.[0]).to.equal(undefined);
      expect((await timesHijacked(db)) - before).to.equal(0);
      if (process.env.SHOW) console.log(code, `${stdout}${stderr}`.slice(0, 600));
    });
  }
});
