import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isKnexMetaError } from '../../lib/errors.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { eachEngine, type TestEngine } from '../support/databases.js';
import {
  closeAll,
  fiveTables,
  makeProject,
  stateOf,
  type TestProject,
  WITHOUT_TRANSACTION,
} from './support.js';

/** The first, one in the middle, the last: more would only repeat the middle. */
const ALL = ['a', 'b', 'c'];

const threeTables = (config: string): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(fiveTables(config)).slice(0, ALL.length));
const INJECT = join(ROOT, 'test/support/inject.cjs');

interface Kind {
  readonly title: string;
  readonly args: readonly string[];
  readonly config: string;
}

const KINDS: readonly Kind[] = [
  { title: 'one transaction for all', args: [], config: '' },
  { title: 'a transaction each', args: ['--transaction', 'each'], config: '' },
  { title: 'no transaction', args: [], config: WITHOUT_TRANSACTION },
];

/** Runs the project to its statement number `at`, where the signal comes. */
async function runTo(project: TestProject, kind: Kind, at: number, signal: string): Promise<number | null> {
  const env = { INJECT, INJECT_AT: String(at), INJECT_SIGNAL: signal };
  return (await knexMeta(['migrate:latest', ...kind.args], project.folder, env)).code;
}

/** How many statements a whole run has. */
async function lengthOf(engine: TestEngine, kind: Kind): Promise<number> {
  const project = await makeProject(engine, threeTables(kind.config));
  const file = join(project.folder, 'count');
  const { code, stderr } = await knexMeta(['migrate:latest', ...kind.args], project.folder, {
    INJECT,
    INJECT_COUNT: file,
  });
  expect([code, stderr]).to.deep.equal([0, '']);
  return Number(readFileSync(file, 'utf8'));
}

/** A run that was ended somewhere: what is there is whole, and the next run needs no unlock. */
async function goesOn(project: TestProject, kind: Kind, where: string): Promise<'unfinished' | 'whole'> {
  const db = project.open();
  const migrator = project.migrator();
  const options = { lockWait: 30_000, ...(kind.args.length === 0 ? {} : { transaction: 'each' as const }) };
  let outcome: 'unfinished' | 'whole' = 'whole';
  try {
    if (kind.config === '') {
      // The server may still be undoing what the killed process had begun.
      for (let tries = 0; tries < 100; tries += 1) {
        const { tables, record } = await stateOf(db);
        if (JSON.stringify(tables) === JSON.stringify(record)) break;
        await new Promise((done) => setTimeout(done, 20));
      }
      const { tables, record } = await stateOf(db);
      expect(tables, where).to.deep.equal(record);
      if (kind.args.length === 0) expect(tables.length, where).to.be.oneOf([0, ALL.length]);
    }
    await migrator.latest(options);
  } catch (error) {
    if (!isKnexMetaError(error) || error.code !== 'MIGRATION_UNFINISHED') throw error;
    expect(kind.config, where).to.equal(WITHOUT_TRANSACTION);
    outcome = 'unfinished';
    const name = String(error.details.migration);
    expect(error.message, where).to.match(
      /was begun \(up\) without a transaction at .* by .*: it may be half done/,
    );
    expect(error.remedy, where).to.include(`migrate:resolve ${name.replace('.cjs', '')} --applied`);
    await db.schema.dropTableIfExists(name.replace(/^\d_|\.cjs$/g, ''));
    await migrator.resolve(name, 'undone');
    await migrator.latest(options);
  }
  const { tables, record, locks } = await stateOf(db);
  expect({ tables, record: [...record].sort(), locks }, where).to.deep.equal({
    tables: ALL,
    record: ALL,
    locks: [0],
  });
  const status = await migrator.status();
  expect([status.unfinished, status.pending], where).to.deep.equal([[], []]);
  await project.close();
  return outcome;
}

/** Does it for each number, two at a time: the machine has two cores. */
async function inPairs<T>(
  first: number,
  last: number,
  step: number,
  act: (number: number) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  let next = first;
  const worker = async (): Promise<void> => {
    for (let number = next; number <= last; number = next) {
      next += step;
      results.push(await act(number));
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

eachEngine('a run that is killed', function (engine) {
  this.timeout(900_000);
  afterEach(closeAll);

  for (const kind of KINDS) {
    it(`kill -9 before each of its statements, ${kind.title}: the next run needs no unlock`, async () => {
      const length = await lengthOf(engine, kind);
      expect(length).to.be.greaterThan(25);
      const outcomes = await inPairs(1, length, 1, async (at) => {
        const project = await makeProject(engine, threeTables(kind.config));
        expect(await runTo(project, kind, at, 'SIGKILL'), `statement ${at}`).to.equal(null);
        return goesOn(project, kind, `statement ${at} of ${length}`);
      });
      // Without a transaction some of the kills must have left one half done, else nothing was shown.
      const unfinished = outcomes.filter((outcome) => outcome === 'unfinished').length;
      if (kind.config === '') expect(unfinished).to.equal(0);
      else expect(unfinished).to.be.greaterThan(4);
    });

    for (const signal of ['SIGINT', 'SIGTERM']) {
      it(`${signal}, ${kind.title}: it ends in order, and the next run goes on`, async () => {
        const length = await lengthOf(engine, kind);
        const first = signal === 'SIGINT' ? 2 : 3;
        const codes = await inPairs(first, length, 4, async (at) => {
          const project = await makeProject(engine, threeTables(kind.config));
          const code = await runTo(project, kind, at, signal);
          await goesOn(project, kind, `statement ${at} of ${length}`);
          return code;
        });
        // 0: it came when all was done; 1: an orderly end; null: before the command listened to signals.
        for (const code of codes) expect(code).to.be.oneOf([0, 1, null]);
        expect(codes).to.include(1);
      });
    }
  }
});
