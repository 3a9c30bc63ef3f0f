import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { KNEX_META } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { closeAll, creates, makeProject, run, WITHOUT_TRANSACTION } from './support.js';

const READERS = [
  ['check'],
  ['check:migration'],
  ['check:version'],
  ['doctor'],
  ['lint'],
  ['migrate:plan'],
  ['migrate:latest', '--dry-run'],
  ['migrate:list'],
  ['migrate:history'],
  ['types:generate', '--out', 'types.ts'],
];

/** Makes a table without its trigger, changes another, and waits in the middle. */
const slow = (config: string): string => `${config}
const fs = require('node:fs');
exports.up = async (k) => {
  await k.schema.createTable('b', (t) => { t.increments(); });
  await k.schema.alterTable('a', (t) => { t.string('late'); t.dropColumn('updated_at'); });
  if (process.env.WAITS) fs.writeSync(1, 'inside\\n');
  while (process.env.WAITS && !fs.existsSync('go')) await new Promise((done) => setTimeout(done, 5));
};
exports.down = async () => {};
`;

eachEngine('commands that read, while a run is under way', function (engine) {
  this.timeout(240_000);
  afterEach(closeAll);

  for (const config of ['', WITHOUT_TRANSACTION]) {
    it(`say so, or give a true answer: ${config === '' ? 'in a transaction' : 'without one'}`, async () => {
      const project = await makeProject(engine, { '1_a.cjs': creates('a') });
      expect((await run(project, 'migrate:latest')).code).to.equal(0);
      project.write({ '2_b.cjs': slow(config) });
      const child = spawn(process.execPath, [KNEX_META, 'migrate:latest'], {
        cwd: project.folder,
        env: { ...process.env, NODE_OPTIONS: undefined, WAITS: '1' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = new Promise((done) => child.once('close', done));
      await new Promise((done) => child.stdout.once('data', done));
      for (const args of READERS) {
        const { code, stdout, stderr } = await run(project, ...args);
        const said = `${args.join(' ')}: ${code}\n${stdout}\n${stderr}`;
        expect(code, said).to.be.oneOf([0, 1, 3]);
        if (code === 1) expect(stderr, said).to.match(/^Error MIGRATIONS_LOCKED: A run is under way: /m);
        if (code === 3) expect(stderr, said).to.include('A run is under way (');
        expect(stdout + stderr, said).not.to.match(/migrate:resolve|would fail|UNEXPECTED/);
      }
      writeFileSync(join(project.folder, 'go'), '');
      expect(await ended).to.equal(0);
    });
  }
});
