import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { ERROR_CODES } from '../../lib/errors.js';
import { ROOT } from '../support/commandLine.js';

interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments: prose may name an engine. */
  readonly code: string;
  readonly imports: readonly string[];
}

const SOURCES: readonly Source[] = readdirSync(join(ROOT, 'lib'), { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const text = readFileSync(join(ROOT, 'lib', file), 'utf8');
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
    return {
      path: relative(ROOT, join(ROOT, 'lib', file)),
      text,
      code,
      imports: [...text.matchAll(/^(?:import|export)\s(?!type\s)[^'"]*?from\s+'([^']+)'/gm)].map(
        (match) => match[1] ?? '',
      ),
    };
  });

const below =
  (...folders: readonly string[]) =>
  (source: Source) =>
    folders.some((folder) => source.path.startsWith(`lib/${folder}`));

/** What a file loads while it runs. */
const dynamic = (code: string): readonly string[] =>
  [...code.matchAll(/\b(?:import|require)\(\s*'([^']+)'/g)].map((match) => match[1] ?? '');

describe('architecture', () => {
  it('reads the sources', () => {
    expect(SOURCES.length).to.be.greaterThan(40);
  });

  it('no engine’s name stands outside lib/engines', () => {
    // The registry of engines is inside; URLs and drivers are in the engines' own folders.
    const named = SOURCES.filter((source) => !below('engines/')(source)).filter(({ code }) => {
      const withoutTemplates = code.replace(/sqlite:\.\/[\w.]+|postgres:\/\/[\w@/]+/g, '');
      return /sqlite|postgres|\bpg\b|pg_/i.test(withoutTemplates);
    });
    expect(named.map(({ path }) => path)).to.deep.equal([]);
  });

  it('one engine does not know the other', () => {
    const crossing = SOURCES.filter(({ path, imports }) => {
      const other = path.startsWith('lib/engines/sqlite/')
        ? 'postgresql'
        : path.startsWith('lib/engines/postgresql/')
          ? 'sqlite'
          : undefined;
      return other !== undefined && imports.some((name) => name.includes(`/${other}/`));
    });
    expect(crossing.map(({ path }) => path)).to.deep.equal([]);
  });

  it('only the configuration, the loading of models and migrations, engines of files, the commands and their line touch the disk', () => {
    const touching = SOURCES.filter(({ code, imports }) =>
      [...imports, ...dynamic(code)].some((name) => /^(node:)?fs(\/|$)/.test(name)),
    );
    const allowed = below(
      'config/',
      'migrator/source.ts',
      'models/load',
      'engines/sqlite/',
      'engines/backupFile.ts',
      'commands/',
      'cli/',
    );
    expect(touching.filter((source) => !allowed(source)).map(({ path }) => path)).to.deep.equal([]);
  });

  it('one module makes Knex instances and opens connections', () => {
    const module = 'lib/config/connections.ts';
    const isKnexOrDriver = /^(knex|pg|pg-\w+|better-sqlite3|sqlite3)(\/|$)/;
    const knowing = SOURCES.filter(({ code, imports }) =>
      [...imports, ...dynamic(code)].some((name) => isKnexOrDriver.test(name)),
    );
    // The query helpers are installed in Knex's module.
    expect(knowing.map(({ path }) => path).sort()).to.deep.equal([module, 'lib/query/install.ts']);
    const opening = SOURCES.filter(({ path, code }) => {
      // A client class may say how its connections are opened; a type may say what the class has.
      const calls = code.replace(
        /(override async |super\.)acquireRawConnection|acquireRawConnection\(\): Promise/g,
        '',
      );
      return (
        path !== module &&
        /acquireRawConnection|_acquireOnlyConnection|\.connectionConfigProvider/.test(calls)
      );
    });
    expect(opening.map(({ path }) => path)).to.deep.equal([]);
  });

  it('checks are pure: no Knex, no disk, no engine at run time', () => {
    const impure = SOURCES.filter(below('checks/')).filter(({ imports }) =>
      imports.some((name) => !name.startsWith('./')),
    );
    expect(impure.map(({ path }) => path)).to.deep.equal([]);
  });

  it('the schema is data: nothing runs in it, and it knows nothing else', () => {
    const active = SOURCES.filter(below('schema/')).filter(
      ({ code }) =>
        /^(export )?(default |async |declare )*(function|class|const|let|enum)\b/m.test(code) ||
        /^import (?!type\b)|from '\.\.|\b(import|require)\(/m.test(code),
    );
    expect(SOURCES.filter(below('schema/')).length).to.be.greaterThan(3);
    expect(active.map(({ path }) => path)).to.deep.equal([]);
  });

  it('operations, diff and render are pure: no Knex, no disk, no engine at run time', () => {
    const pure = below('operations/', 'diff/', 'render/');
    const allowed = /^\.\.?\/(?!.*engines\/(?!(tokens|bindings)\.js$))/;
    const impure = SOURCES.filter(pure).filter(({ imports, code }) =>
      [...imports, ...dynamic(code)].some((name) => !allowed.test(name)),
    );
    expect(SOURCES.filter(pure).length).to.be.greaterThan(20);
    expect(impure.map(({ path }) => path)).to.deep.equal([]);
  });

  it('lint is pure: it names no Knex, no disk, no engine at run time', () => {
    const impure = SOURCES.filter(below('lint/')).filter(({ imports, code }) =>
      [...imports, ...dynamic(code)].some(
        (name) =>
          !['fastest-levenshtein', 'js-tokens'].includes(name) &&
          !/^\.\.?\/(?!.*(engines|migrator|commands)\/)/.test(name),
      ),
    );
    expect(SOURCES.filter(below('lint/')).length).to.be.greaterThan(10);
    expect(impure.map(({ path }) => path)).to.deep.equal([]);
  });

  it('the parser of SQL is loaded when it is needed: no command starts slower for it', () => {
    const early = SOURCES.filter(({ imports }) => imports.includes('libpg-query'));
    const late = SOURCES.filter(({ code }) => dynamic(code).includes('libpg-query'));
    expect([early.map(({ path }) => path), late.map(({ path }) => path)]).to.deep.equal([
      [],
      ['lib/engines/postgresql/lint/read.ts'],
    ]);
  });

  it('what an adoption does is decided and written down by pure functions', () => {
    const pure = SOURCES.filter(below('adoption/plan.ts', 'adoption/render.ts'));
    // `require('knex-meta')` stands in the text of the file that is written.
    const allowed = /^(\.\/|\.\.\/render\/|\.\.\/engines\/losses\.js$|knex-meta$)/;
    const impure = pure.filter(({ imports, code }) =>
      [...imports, ...dynamic(code)].some((name) => !allowed.test(name)),
    );
    expect(pure).to.have.length(2);
    expect(impure.map(({ path }) => path)).to.deep.equal([]);
  });

  it('comparing engines, schemas and rows is pure: no Knex, no disk, no engine at run time', () => {
    const pure = (source: Source) =>
      (below('parity/')(source) && !source.path.endsWith('/chain.ts')) ||
      below('verify/objects.ts', 'verify/hints.ts', 'verify/findings.ts')(source);
    const allowed = /^\.\.?\/(?!.*(engines\/(?!tokens\.js$)|migrator\/|metadata\/))/;
    const impure = SOURCES.filter(pure).filter(({ imports, code }) =>
      [...imports, ...dynamic(code)].some((name) => !allowed.test(name)),
    );
    expect(SOURCES.filter(pure).length).to.be.greaterThan(6);
    expect(impure.map(({ path }) => path)).to.deep.equal([]);
  });

  it('the library does not know its commands', () => {
    const knowing = SOURCES.filter((source) => !below('commands/', 'cli/')(source)).filter(({ imports }) =>
      imports.some((name) => /\/(commands|cli)\//.test(name)),
    );
    expect(knowing.map(({ path }) => path)).to.deep.equal([]);
  });

  it('files are small', () => {
    const long = SOURCES.filter(({ text }) => text.split('\n').length > 330);
    expect(long.map(({ path }) => path)).to.deep.equal([]);
    const lengths = SOURCES.map(({ text }) => text.split('\n').length).sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).to.be.lessThan(110);
  });

  it('every error code is thrown somewhere, and documented with its exit code', () => {
    const document = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
    const documented = [...document.matchAll(/^\| `([A-Z_]+)` +\| (\d) +\|/gm)].map((match) => [
      match[1],
      Number(match[2]),
    ]);
    expect(Object.fromEntries(documented)).to.deep.equal(ERROR_CODES);
    const all = SOURCES.map(({ path, code }) => (path === 'lib/errors.ts' ? '' : code)).join('\n');
    expect(Object.keys(ERROR_CODES).filter((code) => !all.includes(`'${code}'`))).to.deep.equal([]);
  });

  it('every public name has a comment', () => {
    const index = readFileSync(join(ROOT, 'lib/index.ts'), 'utf8');
    const names = [...index.matchAll(/\b(?:type )?([A-Za-z]+)(?=[,\s}])/g)].map((match) => match[1] ?? '');
    const bare = names.filter((name) => {
      const declared = new RegExp(
        `(\\*/)?\\n(?:export )(?:async )?(?:function|class|interface|type|const) ${name}\\b`,
      );
      return SOURCES.some(
        ({ text }) => declared.exec(text) !== null && declared.exec(text)?.[1] === undefined,
      );
    });
    expect(bare).to.deep.equal([]);
  });
});
