import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex from 'knex';
import { makeProject } from '../real/project.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { freshPostgres, temporaryFolder } from '../support/databases.js';

const MODELS = (more: string) => `const { defineSql } = require('${join(ROOT, 'dist/lib/index.cjs')}');
exports.p = defineSql('p', { create: 'create table p (k int not null, v text${more}) partition by range (k)', drop: 'drop table p' });
exports.p1 = defineSql('p1', { create: 'create table p1 partition of p for values from (0) to (10)', drop: 'drop table p1' });
exports.parent = defineSql('parent', { create: 'create table parent (k int)', drop: 'drop table parent' });
exports.child = defineSql('child', { create: 'create table child (l int${more}) inherits (parent)', drop: 'drop table child' });
`;

describe('models of partitioned and inheriting tables (postgresql)', () => {
  it('a difference has the exit code 3, in check:models and check, though no migration is generated', async () => {
    const { config } = await freshPostgres();
    const db = knex(config);
    await db.raw(
      'create table p (k int not null, v text) partition by range (k); create table p1 partition of p for values from (0) to (10); create table parent (k int); create table child (l int) inherits (parent)',
    );
    await db.destroy();
    const source = temporaryFolder();
    mkdirSync(join(source, 'migrations'));
    const folder = makeProject(source, config);
    mkdirSync(join(folder, 'models'));
    const file = join(folder, 'models', 'all.cjs');
    writeFileSync(file, MODELS(''));
    const fine = await knexMeta(['check:models'], folder);
    expect(fine.code, fine.stdout + fine.stderr).to.equal(0);
    writeFileSync(file, MODELS(', extra text'));
    const found = await knexMeta(['check:models', '--json'], folder);
    const { ok, operations, unmanaged } = JSON.parse(found.stdout);
    expect([found.code, ok, operations]).to.deep.equal([3, false, []]);
    const different = unmanaged.filter((each: { isDifferent?: true }) => each.isDifferent);
    expect(different.map(({ name }: { name: string }) => name)).to.include.members([
      'public.child',
      'public.p',
    ]);
    expect(different.find(({ name }: { name: string }) => name === 'public.p').reason).to.equal(
      'the model differs (added column extra), and no migration is generated, because it is partitioned: write the migration by hand',
    );
    const told = await knexMeta(['check:models'], folder);
    expect(told.stdout)
      .to.match(/✗ table public\.p: the model differs/)
      .and.not.to.match(/No changes/);
    const all = await knexMeta(['check', '--json'], folder);
    expect(JSON.parse(all.stdout).models.findings[0].code).to.equal('MODELS_DIFFER');
  });
});
