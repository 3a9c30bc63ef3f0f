/**
 * The same hard situations for stock Knex and for knex-meta, side by side: `npx tsx scripts/reliability.ts`. Prints the
 * table of docs/reliability.md. Build first.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  closeAll,
  creates,
  fiveTables,
  makeProject,
  stateOf,
  type TestProject,
  WITHOUT_TRANSACTION,
} from '../test/reliability/support.js';
import { knexMeta, type Ran, ROOT, runProgram, stockKnex } from '../test/support/commandLine.js';
import { removeTemporaryFolders, type TestEngine, testEngines } from '../test/support/databases.js';
import { stopPostgres } from '../test/support/postgres.js';

type Tool = (args: readonly string[], folder: string, env?: NodeJS.ProcessEnv) => Promise<Ran>;

const KNEX = join(ROOT, 'node_modules/knex/bin/cli.js');
const INJECT = join(ROOT, 'test/support/inject.cjs');
const tools: readonly (readonly [name: string, run: Tool])[] = [
  [
    'stock Knex',
    (args, folder, env) =>
      env === undefined
        ? stockKnex(args, folder)
        : runProgram(process.execPath, [KNEX, ...args], folder, env),
  ],
  ['knex-meta', (args, folder, env) => knexMeta(args, folder, env)],
];

const isWhole = async (project: TestProject): Promise<boolean> => {
  const { tables, record } = await stateOf(project.open());
  return tables.join() === [...record].sort().join();
};
const isFree = async (project: TestProject): Promise<boolean> => {
  const { locks } = await stateOf(project.open());
  return locks.length <= 1 && locks.every((flag) => flag === 0);
};

interface Situation {
  readonly title: string;
  readonly run: (engine: TestEngine, tool: Tool) => Promise<string>;
}

async function together(engine: TestEngine, tool: Tool): Promise<string> {
  let failed = 0;
  let locked = 0;
  const rounds = 4;
  for (let round = 0; round < rounds; round += 1) {
    const project = await makeProject(engine, fiveTables());
    const runs = await Promise.all(Array.from({ length: 8 }, () => tool(['migrate:latest'], project.folder)));
    failed += runs.filter(({ code }) => code !== 0).length;
    if (!(await isFree(project))) locked += 1;
    await closeAll();
  }
  return `${failed} of ${rounds * 8} processes failed; ${locked} of ${rounds} databases left locked`;
}

async function killed(engine: TestEngine, tool: Tool, config: string): Promise<string> {
  const first = await makeProject(engine, fiveTables(config));
  const file = join(first.folder, 'count');
  await tool(['migrate:latest'], first.folder, { INJECT, INJECT_COUNT: file });
  const length = Number(readFileSync(file, 'utf8'));
  let stuck = 0;
  let half = 0;
  let silent = 0;
  let kills = 0;
  for (let at = 2; at <= length; at += 5) {
    kills += 1;
    const project = await makeProject(engine, fiveTables(config));
    await tool(['migrate:latest'], project.folder, { INJECT, INJECT_AT: String(at) });
    await new Promise((done) => setTimeout(done, 100));
    const whole = await isWhole(project);
    if (!whole) half += 1;
    const next = await tool(['migrate:latest'], project.folder);
    const said = next.stdout + next.stderr;
    if (/locked/i.test(said)) stuck += 1;
    else if (!whole && !/half done/.test(said)) silent += 1;
    await closeAll();
  }
  return `${kills} kills: ${half} half applied, of these ${silent} not told as such; ${stuck} times locked until an unlock`;
}

async function rollback(engine: TestEngine, tool: Tool): Promise<string> {
  const bad = creates('c').replace(
    'await k.schema.dropTable',
    "throw new Error('no'); await k.schema.dropTable",
  );
  const project = await makeProject(engine, { ...fiveTables(), '3_c.cjs': bad });
  await tool(['migrate:latest'], project.folder);
  await tool(['migrate:rollback'], project.folder);
  const { tables } = await stateOf(project.open());
  await closeAll();
  return tables.length === 5
    ? 'the batch is there as before'
    : `${5 - tables.length} of 5 are undone, the rest is not`;
}

async function oneWithout(engine: TestEngine, tool: Tool): Promise<string> {
  const bad =
    "exports.up = async (k) => { await k.schema.createTable('e', (t) => { t.increments(); }); throw new Error('no'); };\nexports.down = async () => {};";
  const project = await makeProject(engine, {
    ...fiveTables(),
    '1_a.cjs': creates('a', '', WITHOUT_TRANSACTION),
    '5_e.cjs': bad,
  });
  await tool(['migrate:latest'], project.folder);
  const { record } = await stateOf(project.open());
  await closeAll();
  return record.length === 1 ? 'the other four are undone together' : `${record.length} of 5 stay applied`;
}

async function schema(engine: TestEngine, tool: Tool): Promise<string> {
  if (engine.name === 'sqlite') return 'no schemas';
  const project = await makeProject(engine, fiveTables(), { migrations: { schemaName: 'not_there_yet' } });
  const { code } = await tool(['migrate:latest'], project.folder);
  await closeAll();
  return code === 0 ? 'made, and used' : 'fails';
}

async function edited(engine: TestEngine, tool: Tool): Promise<string> {
  const project = await makeProject(engine, fiveTables());
  await tool(['migrate:latest'], project.folder);
  writeFileSync(join(project.directory, '1_a.cjs'), creates('other'));
  const { stdout, stderr } = await tool(['migrate:status'], project.folder);
  await closeAll();
  return /edited/.test(stdout + stderr) ? 'named' : 'not noticed';
}

const situations: readonly Situation[] = [
  { title: '8 processes on an empty database, 4 rounds', run: together },
  { title: '`kill -9` in a run, in a transaction', run: (engine, tool) => killed(engine, tool, '') },
  {
    title: '`kill -9` in a run without transactions',
    run: (engine, tool) => killed(engine, tool, WITHOUT_TRANSACTION),
  },
  { title: 'a `down` that throws in the middle of a rollback', run: rollback },
  { title: 'one migration without a transaction, and the last one fails', run: oneWithout },
  { title: "Knex's tables in a schema that does not exist", run: schema },
  { title: 'an applied file that was edited', run: edited },
];

for (const engine of testEngines) {
  console.log(`\n| ${engine.name} | stock Knex | knex-meta |\n|---|---|---|`);
  for (const { title, run } of situations) {
    const cells: string[] = [];
    for (const [, tool] of tools) cells.push(await run(engine, tool));
    console.log(`| ${title} | ${cells.join(' | ')} |`);
  }
}
await stopPostgres();
removeTemporaryFolders();
process.exit(0);
