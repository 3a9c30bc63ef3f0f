import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { cacheFolder } from '../../../lib/config/cacheFolder.js';
import { knexMeta } from '../../support/commandLine.js';
import { temporaryFolder } from '../../support/databases.js';

describe('the folder for compiled files', () => {
  const before = process.env.XDG_CACHE_HOME;
  let home: string;
  beforeEach(() => {
    home = temporaryFolder();
    process.env.XDG_CACHE_HOME = home;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });

  it('is the user’s own, and nobody else may read it or write to it', () => {
    const folder = join(home, 'knex-meta', 'compiled');
    expect(cacheFolder()).to.equal(folder);
    for (const each of [folder, join(home, 'knex-meta')]) expect(statSync(each).mode & 0o777).to.equal(0o700);
    expect(cacheFolder()).to.equal(folder);
  });

  it('is not used where others may read or write there, or where it is no folder', () => {
    mkdirSync(join(home, 'knex-meta', 'compiled'), { recursive: true });
    for (const [folder, mode] of [
      ['knex-meta/compiled', 0o777],
      ['knex-meta/compiled', 0o755],
      ['knex-meta', 0o777],
    ] as const) {
      chmodSync(join(home, 'knex-meta'), 0o700);
      chmodSync(join(home, 'knex-meta/compiled'), 0o700);
      chmodSync(join(home, folder), mode);
      expect(cacheFolder(), `${folder} ${mode.toString(8)}`).to.equal(false);
    }
    writeFileSync(join(home, 'file'), '');
    process.env.XDG_CACHE_HOME = join(home, 'file');
    expect(cacheFolder()).to.equal(false);
  });

  it('a knexfile’s compiled text is never in the temporary folder', async () => {
    const folder = temporaryFolder();
    const temporary = temporaryFolder();
    writeFileSync(
      join(folder, 'knexfile.ts'),
      `enum Secret { Word = 'gE7heim' }
export default { client: 'better-sqlite3', connection: { filename: ':memory:' }, password: Secret.Word };`,
    );
    const { code, stderr } = await knexMeta(['migrate:make', 'a'], folder, {
      TMPDIR: temporary,
      XDG_CACHE_HOME: home,
    });
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(readdirSync(temporary)).to.deep.equal([]);
    expect(readdirSync(join(home, 'knex-meta', 'compiled'))).to.have.length(1);
  });
});
