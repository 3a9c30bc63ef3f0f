import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { html } from '../../lib/documents/html.js';
import { markdown } from '../../lib/documents/markdown.js';
import { closeAll, creates, makeProject, type TestProject } from '../reliability/support.js';
import { knexMeta } from '../support/commandLine.js';
import { eachEngine } from '../support/databases.js';

const FILES = {
  '20250101120000_create_users.cjs': `/** People | who <may> log in. */\n${creates('users')}`,
  '20250101130000_placeholder.cjs': 'exports.up = async () => {};\nexports.down = async () => {};\n',
  '20250203_rows.cjs': `exports.up = async (k) => { await k('users').insert({ word: 'a' }); await k.schema.alterTable('users', (t) => { t.integer('age'); }); };
exports.down = async (k) => { await k.schema.alterTable('users', (t) => { t.dropColumn('age'); }); };\n`,
};

eachEngine('migrate:docs', (engine) => {
  let project: TestProject;
  const isPostgres = engine.name === 'postgresql';

  beforeEach(async () => {
    project = await makeProject(engine, FILES);
  });
  afterEach(closeAll);

  const docs = (...args: readonly string[]) => knexMeta(['migrate:docs', ...args], project.folder);
  const text = (file = 'MIGRATIONS.md') => readFileSync(join(project.folder, file), 'utf8');

  it('tells of each migration, and of the tables; the same twice; --check finds what is stale', async () => {
    if (isPostgres) {
      const early = await docs();
      expect(early.code).to.equal(1);
      expect(early.stderr).to.include('MIGRATIONS_PENDING').and.to.include('--no-tables');
      expect(early.stderr).to.include('--head');
    }
    // With nothing but the files: the database stays empty.
    const ofFiles = await docs('--head', '--out', 'head.md');
    expect(ofFiles.code, ofFiles.stderr).to.equal(0);
    expect(await project.open().schema.hasTable('users')).to.equal(false);
    const plain = await docs('--no-tables', '--out', 'plain.md');
    expect(plain.code, plain.stderr).to.equal(0);
    expect(text('plain.md')).not.to.include('erDiagram');
    if (isPostgres) await knexMeta(['migrate:latest'], project.folder);
    expect((await docs('--check')).code).to.equal(3);
    expect((await docs()).code).to.equal(0);
    const first = text();
    expect(first).to.include(
      '| 1 | `20250101120000_create_users` | 2025-01-01 | People \\| who &lt;may&gt; log in. | 1 |',
    );
    expect(first).to.include('| `20250203_rows` | 2025-02-03 | rows | 2 |');
    expect(first).to.include('A placeholder: it changes nothing.');
    expect(first).to.include('Follows `20250101120000_create_users`.');
    expect(first).to.include('insert into users');
    expect(first).to.match(isPostgres ? /alter table users add column age/ : /added column users\.age/);
    expect(first).to.include('  2025-01-01 : People who may log in. : placeholder');
    expect(first).to.match(/ {2}users \{\n {4}\w+ id PK\n/);
    expect(first).not.to.include('knex_migrations');
    expect(text('head.md')).to.equal(first);
    expect((await docs()).stdout).to.include('up to date');
    expect(text()).to.equal(first);
    expect((await docs('--check')).code).to.equal(0);
    project.write({ '20250301_more.cjs': creates('more') });
    if (isPostgres) await knexMeta(['migrate:latest'], project.folder);
    const stale = await docs('--check', '--json');
    expect(stale.code).to.equal(3);
    expect(JSON.parse(stale.stdout)).to.include({ ok: false, migrations: 4 });
    expect(text()).to.equal(first);
  });

  it('the status is of one database, and makes no other one’s check fail', async () => {
    await knexMeta(['migrate:up'], project.folder);
    const all = [
      ['h.md', '`20250101120000_create_users` | applied |'],
      ['h.html', '<code>20250101120000_create_users</code></td><td>applied</td>'],
    ] as const;
    const formats = isPostgres ? all.slice(0, 1) : all;
    for (const [file, applied] of formats) {
      const written = await docs('--no-tables', '--status', '--out', file);
      expect(written.code, written.stderr).to.equal(0);
      expect(text(file)).to.include(applied);
      expect(text(file)).to.match(/20250203_rows.*pending/);
    }
    await knexMeta(['migrate:latest'], project.folder);
    for (const [file] of formats) {
      expect((await docs('--no-tables', '--check', '--out', file)).code, file).to.equal(0);
      expect((await docs('--no-tables', '--check', '--status', '--out', file)).code, file).to.equal(0);
      writeFileSync(join(project.folder, file), text(file).replace('placeholder', 'something'));
      expect((await docs('--no-tables', '--check', '--out', file)).code, file).to.equal(3);
    }
  });

  it('one page of HTML that fetches nothing, escaped; a file of somebody’s own stays', async () => {
    const ran = await docs('--no-tables', '--out', 'history.html', '--title', '<b>"Ours"</b>');
    expect(ran.code, ran.stderr).to.equal(0);
    const page = text('history.html');
    expect(page)
      .to.include('<h1>&lt;b&gt;&quot;Ours&quot;&lt;/b&gt;</h1>')
      .and.to.include('who &lt;may&gt; log in');
    expect(page).not.to.match(/<script|<link|src=|href=|https?:/);
    expect((await docs('--no-tables', '--out', 'history.html', '--title', 'Ours')).code).to.equal(0);
    writeFileSync(join(project.folder, 'README.md'), 'Run knex-meta migrate:docs.\n');
    const refused = await docs('--no-tables', '--out', 'README.md');
    expect(refused.code).to.equal(2);
    expect(text('README.md')).to.equal('Run knex-meta migrate:docs.\n');
    expect((await docs('--format', 'pdf')).code).to.equal(2);
  });

  if (isPostgres)
    it('says so of a migration that reads rows', async () => {
      project.write({
        '20250401_reads.cjs':
          "exports.up = async (k) => { await k('users').first(); };\nexports.down = async () => {};\n",
      });
      expect((await docs('--no-tables')).code).to.equal(0);
      expect(text()).to.include('only running it tells').and.to.include('| 2025-04-01 | reads | not known |');
    });
});

describe('documents', () => {
  it('no text is a mark of Markdown’s or HTML’s', () => {
    const hostile = '<script>alert(1)</script> `x` *b* _i_ a_b [l](u) | & # ``';
    const blocks = [
      { kind: 'paragraph', text: [hostile] },
      { kind: 'paragraph', text: ['- no list'] },
      { kind: 'paragraph', text: ['1. no list'] },
      { kind: 'table', head: ['a|b'], rows: [[[{ code: 'a|b `` c' }]]] },
    ] as const;
    const written = markdown(blocks);
    expect(written).to.include(
      '&lt;script&gt;alert(1)&lt;/script&gt; \\`x\\` \\*b\\* \\_i\\_ a_b \\[l\\](u) \\| &amp; # \\`\\`\n',
    );
    expect(written).to.include('\n\\- no list\n').and.to.include('\n1\\. no list\n');
    expect(written).to.include('| ```a\\|b `` c``` |').and.to.include('| a\\|b |');
    const page = html(blocks);
    expect(page).not.to.include('<script>');
    expect(page).to.include('&lt;script&gt;alert(1)').and.to.include('<code>a|b `` c</code>');
  });
});
