import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../support/commandLine.js';
import { eachEngine, temporaryFolder } from '../support/databases.js';
import { type LoopCase, loop } from '../support/loop.js';
import { CASES } from './cases.js';

/** What is no change at all. */
const STAYS = /unchanged|order only|NO ACTION vs none|model none|stray sequence/;

/** Renames in the cases are without a schema: the engine's own goes with them. */
function optionsFor(engine: string, options: LoopCase['options']): LoopCase['options'] {
  if (engine !== 'postgresql' || options?.renames === undefined) return options;
  const own = (name: { schema: string | undefined; name: string }) => ({
    ...name,
    schema: name.schema ?? 'public',
  });
  return {
    ...options,
    renames: options.renames.map((rename) => {
      if (rename.kind === 'column') return { ...rename, table: own(rename.table) };
      return rename.kind === 'enumValue' ? rename : { ...rename, from: own(rename.from), to: own(rename.to) };
    }),
  };
}

const texts: Record<string, string> = {};

eachEngine('every change of the acceptance list', (engine) => {
  for (const each of CASES) {
    const { name, on, rows, options, leaves = false } = each;
    if (on !== undefined && on !== engine.name) continue;
    const isOther = engine.name === 'sqlite' && each.sqlite !== undefined;
    const { before, after, detects } = isOther ? { ...each, ...each.sqlite } : each;
    it(name, async () => {
      const chosen = optionsFor(engine.name, isOther ? undefined : options);
      const result = await loop(engine, {
        before,
        after,
        leaves,
        ...(rows === undefined ? {} : { rows }),
        ...(chosen === undefined ? {} : { options: chosen }),
      });
      texts[`${engine.name}_${name.replace(/\W+/g, '_')}.ts`] = result.typescript;
      const { operations } = result.difference;
      const file: Record<string, unknown> = {};
      new Function('exports', result.commonjs)(file);
      expect(Object.keys(file)).to.deep.equal(['up', 'down']);
      expect(operations.length > 0, `detected ${JSON.stringify(operations)}`).to.equal(
        isOther ? detects.length > 0 : !STAYS.test(name),
      );
      if (/^rename|table move/.test(name))
        expect(operations.filter(({ kind }) => kind === 'table' || kind === 'column')).to.deep.equal([]);
      const kinds = new Set(result.difference.operations.map(({ kind }) => kind));
      for (const kind of detects) expect([...kinds]).to.include(kind);
    });
  }
});

describe('the generated files', () => {
  it('pass the compiler in strict mode', function () {
    this.timeout(120_000);
    const folder = temporaryFolder();
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const options = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2022',
      skipLibCheck: true,
      types: ['node'],
      noUnusedLocals: true,
      paths: { 'knex-meta': [join(ROOT, 'lib/index.ts')] },
    };
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, include: ['*.ts'] }),
    );
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    expect(stdout).to.equal('');
    expect(status).to.equal(0);
    expect(Object.keys(texts).length).to.be.greaterThan(100);
  });
});
