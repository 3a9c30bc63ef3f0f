import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { freshSqlite, temporaryFolder } from '../support/databases.js';
import { closeAll, makeProject, type TestProject } from './support.js';

const TEMPORARY = /\.(new|old)$/;
const sqlite = { name: 'sqlite', fresh: freshSqlite } as const;

/** The project's text files, by their path. */
function filesOf(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile() && !each.parentPath.includes('node_modules'))
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [relative(folder, path), readFileSync(path, 'utf8')]),
  );
}

function restore(folder: string, files: Readonly<Record<string, string>>): void {
  for (const path of Object.keys(filesOf(folder))) if (!(path in files)) rmSync(join(folder, path));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
}

const MIGRATION = (table: string, revises?: string): string =>
  `${revises === undefined ? '' : `exports.revises = '${revises}';\n`}exports.up = (k) => k.schema.createTable('${table}', (t) => { t.increments(); });
exports.down = (k) => k.schema.dropTable('${table}');\n`;

interface Case {
  readonly title: string;
  readonly args: readonly string[];
  readonly prepare?: (project: TestProject) => void;
}

const CASES: readonly Case[] = [
  { title: 'migrate:make', args: ['migrate:make', 'more', '-x', 'cjs'] },
  {
    title: 'init',
    args: ['init', '-x', 'mjs'],
    prepare: ({ folder }) => rmSync(join(folder, 'knexfile.js')),
  },
  { title: 'types:generate', args: ['types:generate'] },
  { title: 'migrate:docs', args: ['migrate:docs'] },
  {
    title: 'models:pull --force',
    args: ['models:pull', '--force', '-x', 'cjs'],
    prepare: ({ folder }) => {
      mkdirSync(join(folder, 'models'));
      for (const name of ['a', 'b']) writeFileSync(join(folder, `models/${name}.cjs`), '// my own model\n');
    },
  },
  {
    title: 'migrate:merge --reparent',
    args: ['migrate:merge', '--reparent', '3_c'],
    prepare: ({ write }) => write({ '2_b.cjs': MIGRATION('b', '1_a'), '3_c.cjs': MIGRATION('c', '1_a') }),
  },
];

describe('files that commands write', () => {
  afterEach(closeAll);

  for (const { title, args, prepare } of CASES) {
    it(`${title}: a full disk or a kill at any moment leaves each file as it was, or whole`, async () => {
      const project = await makeProject(sqlite, { '1_a.cjs': MIGRATION('a') });
      const { folder } = project;
      await project.migrator().latest();
      await project.close();
      prepare?.(project);
      const below = `${folder}/`;
      const counted = join(temporaryFolder(), 'count');
      const attempt = (at: number, how: string) =>
        knexMeta(args, folder, {
          NODE_OPTIONS: `--require ${join(ROOT, 'test/support/failFiles.cjs')}`,
          FAIL_AT: String(at),
          FAIL_HOW: how,
          FAIL_BELOW: below,
          FAIL_COUNT: counted,
        });
      const before = filesOf(folder);
      // The name of a new file has the present second.
      const nameless = (files: Readonly<Record<string, string>>) =>
        Object.entries(files).map(([path, text]) => [path.replace(/\d{14}/, ''), text] as const);
      const whole = await attempt(0, 'none');
      expect(whole.code, whole.stderr).to.equal(0);
      const after = filesOf(folder);
      expect(after).to.not.deep.equal(before);
      const good = new Map<string, readonly (string | undefined)[]>();
      for (const [path, text] of [...nameless(before), ...nameless(after)])
        good.set(path, [...(good.get(path) ?? []), text]);
      restore(folder, before);
      const calls = Number(readFileSync(counted, 'utf8'));
      expect(calls).to.be.greaterThan(3);
      for (let at = 1; at <= calls; at += 1) {
        const failed = await attempt(at, 'ENOSPC');
        expect([failed.code, failed.stderr], `call ${at}`).to.satisfy(
          ([code, stderr]: [number, string]) =>
            code === 2 && /could not be written \(ENOSPC\)\.\nFree some space/.test(stderr),
        );
        expect(filesOf(folder), `call ${at}`).to.deep.equal(before);
        await attempt(at, 'kill');
        for (const [path, text] of nameless(filesOf(folder)).filter(([path]) => !TEMPORARY.test(path)))
          expect(good.get(path), `killed at call ${at}: ${path}`).to.include(text);
        restore(folder, before);
      }
    });
  }
});
