import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { isKnexMetaError } from '../../../lib/errors.js';
import { revisionOf } from '../../../lib/migrator/revision.js';
import { listMigrationFiles, validated } from '../../../lib/migrator/source.js';
import { temporaryFolder } from '../../support/databases.js';

function folderWith(files: readonly string[], folder = temporaryFolder()): string {
  mkdirSync(folder, { recursive: true });
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
}

const named = async (settings: object, recorded: readonly string[] = []) =>
  (await listMigrationFiles(settings, recorded)).map(({ file, name }) => [file, name]);

describe('source of migrations', () => {
  it('a revision is the name without the extension of a language', () => {
    expect(['1_a.ts', '1_a.mjs', '1_a.v2.js', '1_a.sql', '1_a'].map(revisionOf)).to.deep.equal([
      '1_a',
      '1_a',
      '1_a.v2',
      '1_a.sql',
      '1_a',
    ]);
  });

  it('reads the languages, and no declarations, maps or other files', async () => {
    const directory = folderWith(['2_b.mts', '1_a.js', '3_c.d.ts', '4_d.d.cts', '5_e.js.map', 'readme.md']);
    expect(await named({ directory })).to.deep.equal([
      ['1_a.js', '1_a.js'],
      ['2_b.mts', '2_b.mts'],
    ]);
  });

  it('of a pair the project’s language is taken, under the name that is recorded', async () => {
    const directory = folderWith(['1_a.js', '1_a.ts']);
    expect(await named({ directory, extension: 'ts' })).to.deep.equal([['1_a.ts', '1_a.ts']]);
    expect(await named({ directory, extension: 'js' })).to.deep.equal([['1_a.js', '1_a.js']]);
    expect(await named({ directory, extension: 'ts' }, ['1_a.js'])).to.deep.equal([['1_a.ts', '1_a.js']]);
  });

  it('a file keeps the name that it was recorded under in the other language', async () => {
    const directory = folderWith(['1_a.js', '2_b.js']);
    expect(await named({ directory }, ['1_a.ts'])).to.deep.equal([
      ['1_a.js', '1_a.ts'],
      ['2_b.js', '2_b.js'],
    ]);
  });

  it('a pair that stock Knex ran as two stays two', async () => {
    const directory = folderWith(['1_a.cjs', '1_a.js', '2_b.js']);
    expect(await named({ directory }, ['1_a.cjs', '1_a.js'])).to.deep.equal([
      ['1_a.cjs', '1_a.cjs'],
      ['1_a.js', '1_a.js'],
      ['2_b.js', '2_b.js'],
    ]);
  });

  it('several directories: one order for all, or one after the other; only the given extensions', async () => {
    const one = folderWith(['1_a.js', '3_c.js']);
    const two = folderWith(['2_b.js', '4_d.ts']);
    const files = async (settings: object) => (await named(settings)).map(([file]) => file);
    expect(await files({ directory: [one, two] })).to.deep.equal(['1_a.js', '2_b.js', '3_c.js', '4_d.ts']);
    expect(await files({ directory: [one, two], sortDirsSeparately: true })).to.deep.equal([
      '1_a.js',
      '3_c.js',
      '2_b.js',
      '4_d.ts',
    ]);
    expect(await files({ directory: two, loadExtensions: ['.js'] })).to.deep.equal(['2_b.js']);
  });

  it('no directory is an error with its name', async () => {
    const error = await listMigrationFiles({ directory: 'no/such/folder' }, []).catch((thrown) => thrown);
    expect(isKnexMetaError(error) && error.code).to.equal('MIGRATIONS_DIRECTORY_MISSING');
    expect(error.message).to.include('no/such/folder');
  });

  it('what lacks up or down is refused by name', () => {
    const up = async () => {};
    expect(validated({ up, down: up }, 'm')).to.have.keys('up', 'down');
    expect(() => validated({ up }, 'm.js')).to.throw(/m\.js .*no down\./);
    expect(() => validated({}, 'm.js')).to.throw(/no up and no down\./);
  });
});
