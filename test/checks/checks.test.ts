import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import knex, { type Knex } from 'knex';
import { makeProject } from '../real/project.js';
import { knexMeta, ROOT } from '../support/commandLine.js';
import { eachEngine, temporaryFolder } from '../support/databases.js';

interface Report {
  readonly code: number | null;
  readonly findings: readonly {
    readonly code: string;
    readonly table?: string;
    readonly migration?: string;
    readonly remedy: string;
  }[];
  readonly notes: readonly string[];
}

eachEngine('checks', (engine) => {
  let db: Knex;
  let folder: string;

  beforeEach(async () => {
    const { config } = await engine.fresh();
    const source = temporaryFolder();
    cpSync(join(ROOT, 'migrations'), join(source, 'migrations'), { recursive: true });
    folder = makeProject(source, config);
    db = knex(config);
    expect((await knexMeta(['migrate:latest'], folder)).code).to.equal(0);
    const [user] = await db('users')
      .insert({ email: 'a', username: 'a', hashed_password: 'x' })
      .returning('id');
    await db('playlists').insert({ user_id: user.id, title: 'one' });
  });
  afterEach(() => db.destroy());

  async function check(what: 'migration' | 'version'): Promise<Report> {
    const { code, stdout, stderr } = await knexMeta([`check:${what}`, '--json'], folder);
    expect(stderr).to.equal('');
    return { code, ...JSON.parse(stdout) };
  }

  async function rows(): Promise<unknown> {
    return [
      await db('users').orderBy('id'),
      await db('playlists').orderBy('id'),
      await db('knex_migrations').orderBy('id'),
    ];
  }

  /** What breaks the database, and what the check must say of it. */
  const BROKEN: readonly (readonly [string, string, string, Readonly<Record<string, string>>])[] = [
    [
      'the trigger dropped',
      'TRIGGER_MISSING',
      'playlists',
      {
        sqlite: 'drop trigger update_timestamp_playlists',
        postgresql: 'drop trigger update_timestamp on playlists',
      },
    ],
    [
      'a later trigger that takes the stamp back',
      'TRIGGER_STILL',
      'playlists',
      {
        sqlite: `create trigger zz after update on playlists when new.updated_at is not old.updated_at begin update playlists set updated_at = '2001-01-01' where id = new.id and updated_at <> '2001-01-01'; end`,
        postgresql: `create function zz() returns trigger language plpgsql as 'begin new.updated_at := old.updated_at; return new; end'; create trigger zz before update on playlists for each row execute function zz()`,
      },
    ],
    [
      'a trigger that fails',
      'TRIGGER_FAILED',
      'playlists',
      {
        sqlite: `create trigger bad after update on playlists begin select raise(abort, 'no'); end`,
        postgresql: `create function bad() returns trigger language plpgsql as 'begin raise exception ''no''; end'; create trigger bad before update on playlists for each row execute function bad()`,
      },
    ],
  ];

  it('check:migration finds nothing on the worked example, with its empty tables, and changes nothing', async () => {
    const before = await rows();
    const { code, findings, notes } = await check('migration');
    expect([code, findings, notes]).to.deep.equal([0, [], []]);
    expect(await rows()).to.deep.equal(before);
  });

  for (const [what, code, table, statements] of BROKEN) {
    const sql = statements[engine.name];
    if (sql === undefined) continue;
    it(`check:migration finds ${what}`, async () => {
      for (const statement of engine.name === 'sqlite' ? sql.split(/; (?=create|drop)/) : [sql])
        await db.raw(statement.replaceAll('?', '\\?'));
      const before = await rows();
      const report = await check('migration');
      expect(report.code).to.equal(3);
      expect(
        report.findings.map((finding) => [finding.code, finding.table?.replace('public.', '')]),
      ).to.deep.include([code, table]);
      expect(report.findings.every(({ remedy }) => remedy.length > 0)).to.equal(true);
      expect(await rows()).to.deep.equal(before);
    });
  }

  it('check:migration leaves a project’s own column alone that no trigger can keep', async () => {
    await db.raw('alter table playlists drop column updated_at').catch(async () => {
      await db.raw('drop trigger update_timestamp_playlists');
      await db.raw('alter table playlists drop column updated_at');
    });
    if (engine.name === 'postgresql') await db.raw('drop trigger update_timestamp on playlists');
    await db.raw('alter table playlists add column updated_at bigint');
    const { code, notes } = await check('migration');
    expect(code).to.equal(0);
    expect(notes.some((note) => /playlists has a column updated_at of its own/.test(note))).to.equal(true);
  });

  it('check:version finds a pending migration, and a lock that was left', async () => {
    expect((await check('version')).findings).to.deep.equal([]);
    expect((await knexMeta(['migrate:down'], folder)).code).to.equal(0);
    await db('knex_migrations_lock').update({ is_locked: 1 });
    const before = await rows();
    const report = await check('version');
    expect([report.code, report.findings.map((finding) => finding.code)]).to.deep.equal([
      3,
      ['PENDING', 'LOCK_STALE'],
    ]);
    expect(await rows()).to.deep.equal(before);
  });

  it('check runs all of them, and says that there are no models; doctor finds nothing', async () => {
    const { code, stdout, stderr } = await knexMeta(['check'], folder);
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.match(
      /^check:migration\n✓ .*\ncheck:version\n✓ .*\ncheck:models\n· skipped: there are no models\n$/,
    );
    await db('knex_migrations_lock').update({ is_locked: 1 });
    await db.raw(`drop trigger update_timestamp${engine.name === 'sqlite' ? '_playlists' : ' on playlists'}`);
    const found = await knexMeta(['check', '--json'], folder);
    const document = JSON.parse(found.stdout);
    expect([found.code, document.ok, document.found]).to.deep.equal([3, false, 2]);
    expect(document.migration.findings[0].code).to.equal('TRIGGER_MISSING');
    expect(document.version.findings[0]).to.deep.include({
      code: 'LOCK_STALE',
      mend: ['npx knex-meta migrate:unlock'],
    });
    expect(document.models).to.deep.equal({ skipped: 'there are no models' });
    for (const sql of document.migration.findings[0].mend) await db.raw(sql);
    await knexMeta(['migrate:unlock'], folder);
    const healthy = await knexMeta(['doctor'], folder);
    expect([healthy.code, healthy.stdout]).to.deep.equal([0, '✓ nothing is wrong\n']);
  });

  it('prints for people too', async () => {
    await db.raw(
      engine.name === 'sqlite'
        ? 'drop trigger update_timestamp_playlists'
        : 'drop trigger update_timestamp on playlists',
    );
    const { code, stdout } = await knexMeta(['check:migration'], folder);
    expect([code, /✗ TRIGGER_MISSING: .*playlists has no update trigger/.test(stdout)]).to.deep.equal([
      3,
      true,
    ]);
  });
});
