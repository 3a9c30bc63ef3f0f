import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Knex } from 'knex';
import { configOf } from '../../lib/config/connections.js';
import { type Script, writeScript } from '../../lib/migrator/script.js';
import { engineOf } from '../../lib/migrator/settings.js';
import { eachEngine, type TestEngine } from '../support/databases.js';
import { closeAll, creates, makeProject, refused, run, type TestProject } from './support.js';

/** Values whose literals are easily wrong, and a place where a sign matters. */
const VALUES = `
exports.up = async (k) => {
  const isPg = k.client.config.client === 'pg';
  await k.schema.createTable('v', (t) => {
    t.increments(); t.text('s'); t.integer('n'); t.decimal('d', 12, 4); t.jsonb('j'); t.binary('b');
    t.timestamp('naive', { useTz: false }); t.date('day'); t.boolean('f'); t.bigInteger('big');
    t.specificType('tags', isPg ? 'jsonb[]' : 'text'); t.specificType('times', isPg ? 'timestamp[]' : 'text');
  });
  await k('v').insert({
    s: "it's \\\\ a \\"q\\" ? $1 \\n new; -- no", n: -5, d: -1.5, j: JSON.stringify({ a: ["x'y"] }),
    b: new Uint8Array([0, 1, 255]), naive: new Date(Date.UTC(2024, 0, 1, 23, 30)), day: new Date(2024, 5, 1), f: true,
    big: '9007199254740993', tags: isPg ? [{ a: 'b"c' }, null] : 'x', times: isPg ? [new Date(1700000000000)] : 'x',
  });
  await k.raw('update v set n = n-? where n=?', [-3, -5]);
  await k('v').insert({ s: 'after' });
  if (isPg) await k.raw('update v set n = 9 where s <> ?', [7]);
};
exports.down = (k) => k.schema.dropTable('v');
`;

/** Runs a script as the engine's shell would: its lines for the shell itself are left out. */
async function runScript(db: Knex, text: string): Promise<void> {
  const sql = text
    .split('\n')
    .filter((line) => !/^(\.|\\)/.test(line))
    .join('\n');
  const client = db.client as {
    acquireConnection(): Promise<{ exec?(sql: string): void; query?(sql: string): Promise<unknown> }>;
    releaseConnection(connection: unknown): Promise<void>;
  };
  const connection = await client.acquireConnection();
  try {
    await (connection.exec?.(sql) ?? connection.query?.(sql));
  } finally {
    await client.releaseConnection(connection);
  }
}

/** The rows of a table in a database that a script made, and in one where the migrations ran. */
async function bothWays(engine: TestEngine, files: Readonly<Record<string, string>>, table: string) {
  const ran = await makeProject(engine, files);
  const scripted = await makeProject(engine, files);
  const { code, stdout, stderr } = await run(scripted, 'migrate:sql');
  expect(code, stderr).to.equal(0);
  await runScript(scripted.open(), stdout);
  expect((await run(ran, 'migrate:latest')).code).to.equal(0);
  const rows = (project: TestProject) =>
    project
      .open()(table)
      .orderBy('id')
      .select()
      .then((all: readonly object[]) => all.map((row) => ({ ...row, created_at: 0, updated_at: 0 })));
  return { ran: await rows(ran), scripted: await rows(scripted), text: stdout };
}

function scriptOf(project: TestProject): Promise<Script> {
  const db = project.open();
  return writeScript(engineOf(db), configOf(db), 'base:head');
}

eachEngine('a script for an administrator', function (engine) {
  this.timeout(60_000);
  const zone = process.env.TZ;
  afterEach(async () => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
    await closeAll();
  });

  it('values mean what the driver’s parameters mean, in a time zone far from UTC too', async () => {
    process.env.TZ = 'America/New_York';
    const { ran, scripted } = await bothWays(engine, { '1_v.cjs': VALUES }, 'v');
    expect(ran).to.have.length(2);
    expect(scripted).to.deep.equal(ran);
  });

  it('has no value that the database gave: from base too, such a migration is refused', async () => {
    const id = engine.name === 'sqlite' ? 'hex(randomblob(8))' : 'gen_random_uuid()::text';
    const answerOf = engine.name === 'sqlite' ? 'answer[0].v' : 'answer.rows[0].v';
    const first = creates('a', "await k('a').insert({ word: 'here' });");
    const refusedOnes = {
      'a row that it read':
        "const [row] = await k('a'); await k('a').insert({ word: row.word + row.created_at });",
      'its identifier': "const row = await k('a').first('id'); await k('a').where({ id: row.id }).del();",
      'an insert that returns':
        "const [row] = await k('a').insert({ word: 'x' }).returning('id'); await k('a').where({ id: row.id }).del();",
      'a plucked list': "const ids = await k('a').pluck('id'); await k('a').whereIn('id', ids).del();",
      'a function of the server': `const answer = await k.raw("select ${id} as v"); await k('a').insert({ word: ${answerOf} });`,
      'a stream': "for await (const row of k('a').stream()) await k('a').insert({ word: row.word + '!' });",
    };
    for (const [title, body] of Object.entries(refusedOnes)) {
      const project = await makeProject(engine, {
        '1_a.cjs': first,
        '2_b.cjs': `exports.up = async (k) => { ${body} };\nexports.down = async () => {};`,
      });
      const error = await refused(scriptOf(project));
      expect(error.code, `${title}: ${error.message}`).to.equal('NOT_OFFLINE');
    }
    const allowed = await makeProject(engine, {
      '1_a.cjs': creates('a'),
      '2_b.cjs': `exports.up = async (k) => {
        if (await k.schema.hasTable('a')) await k.schema.alterTable('a', (t) => { t.text('more'); });
        for (const row of await k('a')) await k('a').where({ id: row.id }).update({ more: row.word });
        const { n } = await k('a').count({ n: '*' }).first();
        if (Number(n) === 0) await k('a').insert({ word: 'first' });
      };\nexports.down = async () => {};`,
    });
    expect((await scriptOf(allowed)).text).to.match(/insert into .a. .*'first'/);
  });

  it('asks a database where a migration asks how many rows it changed, from base too', async () => {
    const project = await makeProject(engine, {
      '1_a.cjs': creates('a', "await k('a').insert({ word: 'here' });"),
      '2_b.cjs': `exports.up = async (k) => {
        if ((await k('a').where({ word: 'here' }).update({ word: 'there' })) === 0) await k('a').insert({ word: 'wrong' });
        if ((await k('a').where({ word: 'nowhere' }).del()) === 0) await k('a').insert({ word: 'right' });
      };\nexports.down = async () => {};`,
    });
    const { text } = await scriptOf(project);
    expect(text).to.include("'right'").and.to.not.include("'wrong'");
  });

  it('is all that stdout gets, whatever the project and its migrations say', async () => {
    const project = await makeProject(engine, { '1_a.cjs': `console.log('loaded');\n${creates('a')}` });
    const config = { development: project.database.config };
    writeFileSync(join(project.folder, 'knexfile.js'), `module.exports = ${JSON.stringify(config)};`);
    for (const args of [['migrate:sql'], ['migrate:plan'], ['migrate:latest', '--dry-run']]) {
      const { code, stdout, stderr } = await run(project, ...args);
      expect(code, stderr).to.equal(0);
      expect(stdout, args.join(' ')).to.match(/^-- /);
      expect(stdout).to.not.include('loaded');
      expect(stderr).to.include('Using environment: development').and.to.include('loaded');
    }
  });
});
