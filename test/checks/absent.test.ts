import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Finding } from '../../lib/checks/finding.js';
import { closeAll, creates, makeProject, run } from '../reliability/support.js';
import { knexMeta } from '../support/commandLine.js';
import { eachEngine, temporaryFolder } from '../support/databases.js';
import { runMending } from './support.js';

const CHECKS = ['check:migration', 'check:version', 'check', 'doctor'] as const;
/** `check` runs the first two. */
const BOTH = ['check', 'doctor'] as const;

interface Told {
  readonly code: number | null;
  readonly findings: readonly Finding[];
}

/** What each check says in a folder. `check` has its findings in its parts. */
function tell(folder: string, checks: readonly string[] = BOTH): Promise<readonly Told[]> {
  return Promise.all(
    checks.map(async (check) => {
      const { code, stdout, stderr } = await knexMeta([check, '--json'], folder);
      const document = JSON.parse(stdout || stderr);
      const parts = check === 'check' ? [document.migration, document.version] : [document];
      return { code, findings: parts.flatMap((part) => part?.findings ?? []) };
    }),
  );
}

const codesOf = (told: readonly Told[]): readonly (readonly string[])[] =>
  told.map(({ findings }) => findings.map(({ code }) => code));

describe('checks of a database file that is not there', function () {
  this.timeout(60_000);

  const projectIn = (filename: string): string => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'knexfile.cjs'),
      `module.exports = ${JSON.stringify({ client: 'better-sqlite3', connection: { filename }, useNullAsDefault: true })};\n`,
    );
    return folder;
  };

  it('each says so by the path of the configuration, ends with 3, and makes nothing; its command mends it', async () => {
    const folder = projectIn('./dev.sqlite3');
    mkdirSync(join(folder, 'migrations'));
    writeFileSync(join(folder, 'migrations', '1_a.cjs'), creates('a'));
    const told = await tell(folder, CHECKS);
    for (const [index, { code, findings }] of told.entries()) {
      expect(code, CHECKS[index]).to.equal(3);
      expect(findings[0], CHECKS[index]).to.deep.include({
        code: 'DATABASE_MISSING',
        mend: ['npx knex-meta migrate:latest'],
      });
      expect(findings[0]?.message).to.match(/^there is no database file \.\/dev\.sqlite3/);
    }
    expect(codesOf(told)[1]).to.deep.equal(['DATABASE_MISSING', 'PENDING']);
    expect(existsSync(join(folder, 'dev.sqlite3'))).to.equal(false);
    await runMending(undefined, told[3]?.findings ?? [], folder);
    for (const { code, findings } of await tell(folder)) expect([code, findings]).to.deep.equal([0, []]);
  });

  it('without a folder for it no command is named: only a person knows what was meant', async () => {
    const folder = projectIn('./data/dev.sqlite3');
    mkdirSync(join(folder, 'migrations'));
    for (const { code, findings } of await tell(folder)) {
      const [{ code: what, message, mend } = { code: '', message: '' }] = findings;
      expect([code, what, mend]).to.deep.equal([3, 'DATABASE_MISSING', undefined]);
      expect(message).to.include('./data/dev.sqlite3, nor its folder');
    }
    expect(existsSync(join(folder, 'data'))).to.equal(false);
    mkdirSync(join(folder, 'data'));
    const [told] = await tell(folder, ['doctor']);
    expect([told?.findings[0]?.code, told?.findings[0]?.mend]).to.deep.equal([
      'DATABASE_MISSING',
      ['npx knex-meta migrate:make first', 'npx knex-meta migrate:latest'],
    ]);
    // Without the migrations' folder there is nothing at all.
    rmSync(join(folder, 'migrations'), { recursive: true });
    for (const { code } of await tell(folder)) expect(code).to.be.oneOf([2, 3]);
    expect(existsSync(join(folder, 'data', 'dev.sqlite3'))).to.equal(false);
  });
});

eachEngine('checks of a database without a table', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('with migrations to come, and with all tables gone, none says that all is well', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    const { folder } = project;
    const db = project.open();
    await db.raw('select 1');
    const fresh = await tell(folder);
    expect(fresh.map(({ code }) => code)).to.deep.equal([3, 3]);
    expect(codesOf(fresh)).to.deep.equal([['TABLES_MISSING', 'PENDING'], ['TABLES_MISSING']]);
    await runMending(undefined, fresh[1]?.findings ?? [], folder);
    for (const { code, findings } of await tell(folder)) expect([code, findings]).to.deep.equal([0, []]);
    await db.raw('drop table a');
    const dropped = await tell(folder);
    const [finding] = dropped[0]?.findings ?? [];
    expect([finding?.code, finding?.mend]).to.deep.equal(['TABLES_MISSING', undefined]);
    expect(finding?.remedy).to.include('npx knex-meta doctor');
    expect(codesOf(dropped)[1]).to.deep.equal(['APPLIED_ABSENT']);
    await runMending(db, dropped[1]?.findings ?? [], folder);
    expect(codesOf(await tell(folder, ['doctor']))).to.deep.equal([[]]);
  });

  it('where no migration makes a table there is nothing to check, and that is said', async () => {
    const project = await makeProject(engine, {
      '1_empty.cjs': 'exports.up = async () => {};\nexports.down = async () => {};\n',
    });
    await run(project, 'migrate:latest');
    const { code, stdout } = await run(project, 'check:migration');
    expect([code, stdout]).to.deep.equal([0, '· there is no table to check\n']);
    expect(codesOf(await tell(project.folder))).to.deep.equal([[], []]);
  });

  it('without the folder of migrations none says that all is well', async () => {
    const project = await makeProject(engine, { '1_a.cjs': creates('a') });
    await run(project, 'migrate:latest');
    rmSync(project.directory, { recursive: true });
    expect((await tell(project.folder)).map(({ code }) => code)).to.deep.equal([2, 3]);
  });
});
