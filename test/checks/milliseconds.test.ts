import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex from 'knex';
import { withMeta } from '../../lib/index.js';
import { projectOf } from '../pull/support.js';
import { run } from '../reliability/support.js';
import { testEngines } from '../support/databases.js';

const postgresql = testEngines.find(({ name }) => name === 'postgresql');
if (postgresql === undefined) throw new Error('there is no PostgreSQL');

const VIEW = (name: string): string => `create view ${name}_v as select id, created_at, notes from ${name}`;
const MIGRATION = (name: string): string => `exports.up = async (k) => {
  await k.schema.createTable('${name}', (t) => { t.increments('id'); t.string('name'); });
  await k.raw('${VIEW(name)}');
};
exports.down = async (k) => { await k.raw('drop view ${name}_v'); await k.schema.dropTable('${name}'); };
`;
const MODEL = (name: string): string => `import { defineModel, defineView } from 'knex-meta';
export const ${name} = defineModel('${name}', (t) => { t.increments('id'); t.string('name'); });
export const ${name}_v = defineView('${name}_v', 'select id, created_at, notes from ${name}');
`;

describe('instants of milliseconds (postgresql)', function () {
  this.timeout(120_000);

  it('a row that was read finds itself, as it was inserted and as it was stamped', async () => {
    for (const timestampUtc of [undefined, "timezone('utc', now())", 'clock_timestamp()']) {
      const { config } = await postgresql.fresh();
      const db = knex(withMeta({ ...config, ...(timestampUtc ? { meta: { timestampUtc } } : {}) }));
      await db.schema.createTable('t', (t) => void t.increments('id'));
      for (let n = 0; n < 20; n += 1) await db('t').insert({});
      for (const row of await db('t')) expect(await db('t').where(row)).to.have.length(1);
      for (const { id } of await db('t')) await db('t').where({ id }).update({ notes: 'x' });
      for (const row of await db('t')) expect(await db('t').where(row).del()).to.equal(1);
      await db.destroy();
    }
  });

  it('a database with microseconds stays as it is, and every command says that all is well', async () => {
    const project = await projectOf(postgresql);
    mkdirSync(join(project.folder, 'models'));
    const command = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await run(project, ...args);
      expect(code, `${args.join(' ')}\n${stdout}${stderr}`).to.equal(0);
      return stdout;
    };
    const add = (name: string): void => {
      project.write({ [`${name}.js`]: MIGRATION(name) });
      writeFileSync(join(project.folder, 'models', `${name}.mjs`), MODEL(name));
    };
    add('old');
    await command('migrate:latest');
    const db = project.open();
    const instants = ['created_at', 'updated_at'].map((name) => `alter ${name} type timestamptz`).join(', ');
    await db.raw('drop view old_v');
    await db.raw(`alter table old ${instants}`);
    await db.raw(VIEW('old'));
    add('young');
    await command('migrate:latest');
    await command('check:migration');
    await command('doctor');
    await command('check:models');
    expect(await command('migrate:make', 'none', '--autogenerate', '--json')).to.not.contain('"file":"');
    await command('migrate:verify', '--from-live');
    await command('migrate:verify');
    await command('check:engines');
    await command('migrate:docs', '--out', 'history.md');
    await command('models:pull', 'old', 'young', '--force', '-x', 'mjs');
    for (const name of ['old', 'young'])
      expect(readFileSync(join(project.folder, 'models', `${name}.mjs`), 'utf8')).to.not.contain('_at');
    await project.close();
  });
});
