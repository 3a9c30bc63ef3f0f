import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { knexMeta, stockKnex } from '../support/commandLine.js';
import { testEngines } from '../support/databases.js';
import { dump, withoutMetadata } from './dump.js';
import { fetchPackage, makeProject } from './project.js';

const FIVE = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

/**
 * Published packages with Knex migrations inside, pinned. The second of them adds a `created_at` to a table of its own
 * in a later migration: that one stock Knex cannot apply to a table that has the metadata column (docs/limitations.md).
 */
const ADDS_A_METADATA_NAME = '@backstage/plugin-auth-backend';
const PACKAGES: readonly (readonly [string, string, number])[] = [
  ['@backstage/plugin-catalog-backend', '4.0.0', 45],
  ['@backstage/plugin-auth-backend', '0.30.1', 12],
  ['@backstage/plugin-scaffolder-backend', '4.2.0', 5],
  ['@backstage/plugin-notifications-backend', '0.6.9', 6],
];

async function columnsByTable(db: Knex, engine: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { columns = [] } = await dump(db, engine);
  const tables = new Map<string, string[]>();
  for (const { table, name } of columns as { table: string; name: string }[]) {
    if (!/^knex_migrations/.test(table)) tables.set(table, [...(tables.get(table) ?? []), name]);
  }
  return tables;
}

for (const [name, version, count] of PACKAGES) {
  for (const engine of testEngines) {
    describe(`${name}@${version} (${engine.name})`, function () {
      this.timeout(300_000);
      let folder: string;
      before(() => {
        folder = fetchPackage(name, version);
      });

      async function open(): Promise<{ readonly project: string; readonly db: Knex }> {
        const { config } = await engine.fresh();
        return { project: makeProject(folder, config), db: knex(config) };
      }

      it('migrates like stock Knex, with the metadata on every table, and leaves nothing behind', async () => {
        const ours = await open();
        const stock = await open();
        expect(
          readdirSync(join(ours.project, 'migrations')).filter((file) => file.endsWith('.js')),
        ).to.have.length(count);
        const stockRun = await stockKnex(['migrate:latest'], stock.project);
        expect(stockRun.code, stockRun.stderr).to.equal(0);
        const run = await knexMeta(['migrate:latest'], ours.project);
        expect(run.code, run.stderr).to.equal(0);
        expect(run.stdout).to.include(`Batch 1 run: ${count} migrations`);

        const wanted = await dump(stock.db, engine.name);
        const found = await dump(ours.db, engine.name);
        expect(withoutMetadata(found, wanted)).to.deep.equal(wanted);

        const tables = await columnsByTable(ours.db, engine.name);
        const triggers = (found.triggers as { table: string; name: string }[]).filter((each) =>
          /^update_timestamp/.test(each.name),
        );
        expect(tables.size).to.be.greaterThan(0);
        for (const [table, columns] of tables) {
          expect(columns, table).to.include.members(FIVE);
          expect(
            triggers.filter((trigger) => trigger.table === table),
            table,
          ).to.have.length(1);
        }
        const checked = await knexMeta(['check', '--json'], ours.project);
        expect([checked.code, JSON.parse(checked.stdout).found], checked.stdout).to.deep.equal([0, 0]);

        for (const { db, project, rollback } of [
          { ...stock, rollback: stockKnex },
          { ...ours, rollback: knexMeta },
        ]) {
          const back = await rollback(['migrate:rollback', '--all'], project);
          expect(back.code, back.stderr).to.equal(0);
          expect([...(await columnsByTable(db, engine.name)).keys()]).to.deep.equal([]);
          const rest = await dump(db, engine.name);
          expect([rest.triggers, rest.functions ?? [], rest.views]).to.deep.equal([[], [], []]);
        }
        await Promise.all([ours.db.destroy(), stock.db.destroy()]);
      });

      if (name === ADDS_A_METADATA_NAME) return;
      it('goes on where stock Knex stopped, and stock Knex where it stopped', async () => {
        const { project, db } = await open();
        const files = readdirSync(join(project, 'migrations'))
          .filter((file) => file.endsWith('.js'))
          .sort();
        const half = Math.min(10, files.length - 1);
        for (let step = 0; step < half; step += 1) {
          const ran = await (step % 2 === 0 ? stockKnex : knexMeta)(['migrate:up'], project);
          expect(ran.code, ran.stderr).to.equal(0);
        }
        const list = await knexMeta(['migrate:list', '--json'], project);
        expect(JSON.parse(list.stdout).applied.map((row: { name: string }) => row.name)).to.deep.equal(
          files.slice(0, half),
        );
        const rest = await knexMeta(['migrate:latest'], project);
        expect(rest.code, rest.stderr).to.equal(0);
        const again = await stockKnex(['migrate:latest'], project);
        expect(again.stdout).to.include('Already up to date');
        const down = await stockKnex(['migrate:rollback'], project);
        expect(down.code, down.stderr).to.equal(0);
        const up = await knexMeta(['migrate:latest'], project);
        expect(up.code, up.stderr).to.equal(0);
        await db.destroy();
      });
    });
  }
}
