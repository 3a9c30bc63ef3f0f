import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { closeAll, makeProject, run } from '../reliability/support.js';
import { ROOT } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';
import { nextSecond } from '../support/nextSecond.js';

const models = (
  columns: string,
  more = '',
): string => `import { defineModel } from '${join(ROOT, 'dist/lib/index.js')}';
export const people = defineModel('people', (t) => { t.bigIncrements('id'); ${columns} });
${more}`;
const PETS = "export const pets = defineModel('pets', (t) => { t.bigIncrements('id'); });";

eachEngine('lint of generated migrations', function (engine) {
  this.timeout(60_000);
  afterEach(closeAll);

  it('names the harms that the file names, and no others', async () => {
    const project = await makeProject(
      engine,
      { '1_first.cjs': 'exports.up = async () => {};\nexports.down = async () => {};' },
      { meta: { lint: { smallTable: 0 } } },
    );
    mkdirSync(join(project.folder, 'models'));
    const write = (text: string): void => writeFileSync(join(project.folder, 'models/index.ts'), text);
    const make = async (name: string): Promise<string> => {
      const made = await run(project, 'migrate:make', name, '--autogenerate', '-x', 'cjs');
      expect(made.code, made.stderr).to.equal(0);
      return readdirSync(project.directory).find((file) => file.includes(name)) ?? '';
    };
    write(models("t.text('name'); t.text('gone'); t.text('code');", PETS));
    await run(project, 'migrate:latest');
    const first = await make('create');
    const fresh = JSON.parse((await run(project, 'lint', '--json')).stdout);
    expect(fresh.findings.filter(({ severity }: { severity: string }) => severity !== 'note')).to.deep.equal(
      [],
    );
    expect(fresh.migrations).to.deep.equal([first]);
    await run(project, 'migrate:latest');
    const db = project.open();
    await db('people').insert([{ name: 'a', gone: 'x', code: 'c' }]);
    await db('pets').insert({});
    await nextSecond();
    write(models("t.text('name').notNullable(); t.text('code').unique();"));
    const second = await make('change');
    const text = readFileSync(join(project.directory, second), 'utf8');
    const up = text.slice(0, text.indexOf('exports.down'));
    const named = [...up.matchAll(/\/\/ (DATA LOSS|CAN FAIL|LONG LOCK|INCOMPATIBLE)/g)].map(([, kind]) =>
      kind?.toLowerCase(),
    );
    const { findings } = JSON.parse((await run(project, 'lint', '--json')).stdout);
    const codes = findings.map(({ code }: { code: string }) => code);
    expect(codes).to.include.members(['DROP_TABLE', 'DROP_COLUMN', 'SET_NOT_NULL']);
    const harms = findings
      .filter(
        ({ severity, harm }: { severity: string; harm: string }) =>
          severity !== 'note' && harm !== 'practice',
      )
      .map(({ harm }: { harm: string }) => harm);
    // A lock that a constraint takes is its own rule's; the file calls that CAN FAIL.
    const same = (kinds: readonly (string | undefined)[]) =>
      [...new Set(kinds)].filter((kind) => kind !== 'long lock').sort();
    expect(named.length, text).to.be.greaterThan(2);
    expect(same(harms)).to.deep.equal(same(named));
    expect(harms).to.include('data loss');
  });
});
