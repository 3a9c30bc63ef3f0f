import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { allRules } from '../../lib/commands/lintRun.js';
import { commandsDocument } from '../../scripts/commandsDocument.js';
import { lintDocument } from '../../scripts/lintDocument.js';
import { PEERS } from '../../scripts/lintPeers.js';
import { KNEX_META, ROOT, runProgram } from '../support/commandLine.js';
import { temporaryFolder } from '../support/databases.js';

const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`),
];

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('documents', () => {
  it('docs/commands.md is what the commands say', () => {
    expect(read('docs/commands.md')).to.equal(commandsDocument());
  });

  it('docs/lint.md is what the rules say, and every rule of another linter is accounted for', () => {
    expect(read('docs/lint.md')).to.equal(lintDocument());
    const codes = allRules().map(({ rule }) => rule.code);
    const named = Object.values(PEERS).flatMap((names) =>
      Object.values(names).filter((ours) => typeof ours !== 'string'),
    );
    expect(named.flat().filter((code) => !codes.includes(code))).to.deep.equal([]);
    const counts = Object.entries(PEERS).map(([peer, names]) => [peer, Object.keys(names).length]);
    expect(counts).to.deep.equal([
      ['squawk', 40],
      ['strong_migrations', 25],
      ['Atlas', 24],
      ['pg-schema-diff', 12],
    ]);
  });

  it('have no dead link, and name no file that is not there', () => {
    const dead = DOCUMENTS.flatMap((file) => {
      const links = [...read(file).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(
        (match) => match[1] ?? '',
      );
      const named = [...read(file).matchAll(/`((?:test|lib|docs|scripts|bench)\/[\w./-]+\.\w+)`/g)].map(
        (match) => match[1] ?? '',
      );
      return [
        ...links.filter((link) => !existsSync(resolve(ROOT, dirname(file), link))),
        ...named.filter((path) => !existsSync(join(ROOT, path))),
      ].map((link) => `${file}: ${link}`);
    });
    expect(dead).to.deep.equal([]);
  });

  it('the README’s tour runs, line by line, in an empty folder', async function () {
    this.timeout(60_000);
    const tour = /```sh tour\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
    const lines = tour.trim().split('\n');
    expect(lines.length).to.be.greaterThan(5);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}\n');
    const modules = temporaryFolder();
    // knex-meta as it is installed: its package beside those that it needs.
    for (const name of readdirSync(join(ROOT, 'node_modules')))
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    symlinkSync(ROOT, join(modules, 'knex-meta'));
    symlinkSync(modules, join(folder, 'node_modules'));
    for (const line of lines) {
      const [program, name, ...args] = line.split(' ');
      expect([program, name], line).to.deep.equal(['npx', 'knex-meta']);
      const ran = await runProgram(process.execPath, [KNEX_META, ...args], folder);
      expect(ran.code, `${line}\n${ran.stdout}${ran.stderr}`).to.equal(0);
    }
  });
});

describe('docs/checks.md', () => {
  it('has every code of a finding, and no other', () => {
    const sources = [...readdirSync(join(ROOT, 'lib/checks')).map((file) => `lib/checks/${file}`)].map(read);
    const codes = [...sources.join('\n').matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g)].map((match) => match[1]);
    const documented = [...read('docs/checks.md').matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1]);
    expect(documented.length).to.be.greaterThan(30);
    expect([...documented].sort()).to.deep.equal([...new Set([...codes, 'MODELS_DIFFER'])].sort());
  });
});
