import { expect } from 'chai';
import { checkRecord } from '../../../lib/checks/version.js';
import type { AppliedMigration } from '../../../lib/migrator/record.js';
import type { RecordFacts } from '../../../lib/migrator/recordFacts.js';
import type { MigrationStatus } from '../../../lib/migrator/status.js';

const row = (id: number, name: string): AppliedMigration => ({ id, name, batch: 1, appliedAt: undefined });

const SOUND: MigrationStatus = {
  applied: [row(1, '1_a.js'), row(2, '3_c.js')],
  pending: [],
  missing: [],
  edited: [],
  unfinished: [],
  record: { exists: true, applied: [], isLocked: false, lockRows: 1, flags: [0] },
};
const FACTS: RecordFacts = {
  record: '"knex_migrations"',
  lock: '"knex_migrations_lock"',
  hasLock: true,
  odd: [],
  newerTool: undefined,
  holder: undefined,
  ownFlag: 2,
  renamed: [],
  heads: ['3_c'],
};

/** Each finding as code, migration or table, and what mends it. */
function found(status: Partial<MigrationStatus>, facts: Partial<RecordFacts> = {}): readonly unknown[] {
  const { findings } = checkRecord({ ...SOUND, ...status }, { ...FACTS, ...facts });
  return findings.map(({ code, migration, table, mend }) => [code, migration ?? table, mend]);
}

describe('check:version judges', () => {
  it('a sound record, and one that is not there yet', () => {
    expect(checkRecord(SOUND, FACTS)).to.deep.equal({ findings: [], notes: [] });
    const none = { ...SOUND, record: { ...SOUND.record, exists: false } };
    expect(checkRecord(none, FACTS)).to.deep.equal({
      findings: [],
      notes: ['the database has no table of migrations yet'],
    });
  });

  it('pending files: out of order are those before the newest applied one', () => {
    const latest = ['npx knex-meta migrate:latest'];
    expect(found({ pending: ['2_b.js', '4_d.js'] })).to.deep.equal([
      ['PENDING', '2_b.js', latest],
      ['PENDING', '4_d.js', latest],
      ['OUT_OF_ORDER', '2_b.js', ['npx knex-meta migrate:up 2_b.js']],
    ]);
    // The newest by name, in whichever order they were applied.
    expect(found({ applied: [row(1, '3_c.js'), row(2, '1_a.js')], pending: ['2_b.js'] })).to.have.length(2);
    expect(found({ applied: [], pending: ['2_b.js'] })).to.deep.equal([['PENDING', '2_b.js', latest]]);
    const { findings } = checkRecord({ ...SOUND, pending: ['2_b.js'] }, FACTS);
    expect(findings[1]?.message).to.equal('2_b.js is pending, and 3_c.js, which comes after it, is applied');
  });

  it('files that are gone, and those that only have another name', () => {
    expect(
      found(
        { missing: ["1_o'a.js", '2_b.js'], pending: ['2_better.js', '4_d.js'] },
        { renamed: [['2_b.js', '2_better.js']] },
      ),
    ).to.deep.equal([
      ['PENDING', '4_d.js', ['npx knex-meta migrate:latest']],
      ['MISSING', "1_o'a.js", [`delete from "knex_migrations" where name = '1_o''a.js'`]],
      ['RENAMED', '2_b.js', [`update "knex_migrations" set name = '2_better.js' where name = '2_b.js'`]],
    ]);
  });

  it('edited and unfinished ones, for which no command is', () => {
    expect(found({ edited: ['1_a.js'], unfinished: ['3_c.js'] })).to.deep.equal([
      ['EDITED', '1_a.js', undefined],
      ['UNFINISHED', '3_c.js', undefined],
    ]);
    expect('mend' in (checkRecord({ ...SOUND, edited: ['1_a.js'] }, FACTS).findings[0] ?? {})).to.equal(
      false,
    );
  });

  it('several heads, not none', () => {
    expect(found({}, { heads: ['a', 'b'] })).to.deep.equal([
      ['HEADS', 'a, b', ['npx knex-meta migrate:merge', 'npx knex-meta migrate:latest']],
    ]);
    expect(found({}, { heads: [] })).to.deep.equal([]);
  });

  it('rows of one name, and rows of one number', () => {
    const doubled = [row(1, '1_a.js'), row(2, '3_c.js'), row(3, '1_a.js'), row(7, '1_a.js')];
    const gone = (id: number) => `delete from "knex_migrations" where id = ${id} and name = '1_a.js'`;
    expect(found({ applied: doubled })).to.deep.equal([
      ['DUPLICATE', '1_a.js', [gone(3)]],
      ['DUPLICATE', '1_a.js', [gone(7)]],
    ]);
    const same = [row(1, '1_a.js'), row(1, '2_b.js'), row(5, '3_c.js'), row(1, '4_d.js')];
    const moved = (id: number, name: string) =>
      `update "knex_migrations" set id = ${id} where id = 1 and name = '${name}'`;
    expect(found({ applied: same })).to.deep.equal([
      ['DUPLICATE_ID', '2_b.js', [moved(6, '2_b.js')]],
      ['DUPLICATE_ID', '4_d.js', [moved(7, '4_d.js')]],
    ]);
    // Of twins that share a number the one that stays is put aside first: as a number that no other row gets.
    const anew = (free: number): readonly string[] => [
      `insert into "knex_migrations" (id, name, batch, migration_time) select ${free}, name, min(batch), min(migration_time) from "knex_migrations" where id = 1 and name = '1_a.js' group by name`,
      gone(1),
      `update "knex_migrations" set id = 1 where id = ${free}`,
    ];
    expect(found({ applied: [row(1, '1_a.js'), row(1, '1_a.js')] })).to.deep.equal([
      ['DUPLICATE', '1_a.js', anew(2)],
    ]);
    expect(found({ applied: [row(3, '0_z.js'), row(1, '1_a.js'), row(1, '1_a.js')] })).to.deep.equal([
      ['DUPLICATE', '1_a.js', anew(4)],
    ]);
    const all = [row(1, '1_a.js'), row(1, '1_a.js'), row(1, '2_b.js'), row(4, '3_c.js')];
    expect(found({ applied: all })).to.deep.equal([
      ['DUPLICATE', '1_a.js', anew(6)],
      ['DUPLICATE_ID', '2_b.js', [moved(5, '2_b.js')]],
    ]);
  });

  it('the tables of the record', () => {
    expect(found({ record: { ...SOUND.record, lockRows: 0 } })).to.deep.equal([
      ['LOCK_ROW_MISSING', undefined, ['insert into "knex_migrations_lock" (is_locked) values (0)']],
    ]);
  });
});
