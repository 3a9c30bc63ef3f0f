import { expect } from 'chai';
import { fetchPackage, makeProject } from '../real/project.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { eachEngine, freshPostgres } from '../support/databases.js';

interface Found {
  readonly code: string;
  readonly migration?: string;
  readonly table?: string;
}

/**
 * What is wrong in 45 published migrations, on both engines: each was looked up in its file.
 */
const IN_BOTH = [
  '20200721115244 DOWN_DIFFERS',
  '20200721115244 UP_AGAIN_FAILED',
  '20200805163904 ROWS_CHANGED',
  '20200923104503 EMPTY_DOWN',
  '20200923104503 ROWS_CHANGED',
  '20201006130744 DOWN_FAILED_WITH_ROWS',
  '20201006203131 DOWN_FAILED_WITH_ROWS',
  '20220116144621 DOWN_DIFFERS',
  '20220222164811 EMPTY_DOWN',
  '20220222164811 ROWS_CHANGED',
  '20230125085746 EMPTY_DOWN',
  '20230125085746 ROWS_CHANGED',
  // It deletes the rows of search whose entity is not final.
  '20260214000000 ROWS_CHANGED',
];

/** What their files do on one engine only. */
const IN_ONE = {
  // The first drops a table with its rows and makes it again.
  sqlite: ['20201123205611 ROWS_CHANGED', '20260215000000 DOWN_DIFFERS', '20260510000000 DOWN_DIFFERS'],
  postgresql: ['20201005122705 UP_FAILED_WITH_ROWS'],
};

/** Writes the present second over one that another migration has written: it may be the same one. */
const BY_THE_CLOCK = '20221109192547 ROWS_CHANGED';

/** Files that ask for the client, and do nothing on this one. */
const PLACEHOLDERS = { sqlite: 11, postgresql: 1 };

eachEngine('real migrations', function (engine) {
  this.timeout(300_000);

  it('the worked example goes up, down and up again', async () => {
    const { config } = await engine.fresh();
    const { code, stdout } = await knexMeta(['migrate:verify', '--json'], makeProject(ROOT, config));
    const { findings, verified } = JSON.parse(stdout);
    expect([code, findings, verified.length]).to.deep.equal([0, [], 7]);
  });

  it('migrate:verify and check:engines find in a published package what is in its files, and nothing else', async () => {
    const folder = fetchPackage('@backstage/plugin-catalog-backend', '4.0.0');
    const { config } = await engine.fresh();
    const project = makeProject(folder, config);
    const { code, stdout } = await knexMeta(['migrate:verify', '--json'], project);
    const findings: readonly Found[] = JSON.parse(stdout).findings;
    expect(code).to.equal(3);
    const others = findings.filter((each) => each.code !== 'EMPTY');
    const shown = others.map((each) => `${each.migration?.split('_')[0]} ${each.code}`);
    expect([...new Set(shown)].filter((each) => each !== BY_THE_CLOCK).sort()).to.deep.equal(
      [...IN_BOTH, ...IN_ONE[engine.name]].sort(),
    );
    expect(findings.length - others.length).to.equal(PLACEHOLDERS[engine.name]);

    // It compares the same from both sides.
    if (engine.name !== 'sqlite') return;
    const shadow = (await freshPostgres()).url;
    const checked = await knexMeta(['check:engines', '--json', '--shadow', shadow], project);
    const differences: readonly Found[] = JSON.parse(checked.stdout).findings;
    expect(differences.map((each) => `${each.code} ${each.table}`)).to.deep.equal([
      'INDEX_MISSING location_update_log',
      'INDEX_MISSING search',
      'INDEX_MISSING search',
    ]);
  });
});
