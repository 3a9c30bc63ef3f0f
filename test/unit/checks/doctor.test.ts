import { expect } from 'chai';
import { indexFindings, presenceFindings, searchPathFinding } from '../../../lib/checks/doctor.js';
import type { OwnedThing } from '../../../lib/migrator/expected.js';
import type { Presence } from '../../../lib/migrator/presence.js';
import type { MigrationStatus } from '../../../lib/migrator/status.js';

const thing = (kind: OwnedThing['kind'], table: string, name: string): OwnedThing => ({
  kind,
  table,
  name,
  schema: undefined,
  definition: undefined,
  owner: '2_b.js',
});
const TABLE = thing('table', 't', 't');
const COLUMN = thing('column', 't', 'a');
const OTHER = thing('column', 'u', 'b');
const INDEX = thing('index', 'u', 'u_b');

const PRESENCE: Presence = {
  name: '2_b.js',
  isApplied: false,
  isBehind: true,
  made: [TABLE, COLUMN, OTHER, INDEX],
  present: [],
  rest: ['create it'],
};
const STATUS: MigrationStatus = {
  applied: [{ id: 1, name: '1_a.js', batch: 4, appliedAt: undefined }],
  pending: ['2_b.js'],
  missing: [],
  edited: [],
  unfinished: [],
  record: { exists: true, applied: [], isLocked: false, lockRows: 1, flags: [0] },
};

const find = (presences: readonly Partial<Presence>[], status: Partial<MigrationStatus> = {}) =>
  presenceFindings(
    presences.map((each) => ({ ...PRESENCE, ...each })),
    { ...STATUS, ...status },
    '"record"',
  );
const short = (...given: Parameters<typeof find>): readonly unknown[] =>
  find(...given).map(({ code, mend }) => [code, mend]);

const STAMP = 'npx knex-meta migrate:stamp 2_b';
const ROW = `insert into "record" (name, batch, migration_time) values ('2_b.js', 5, current_timestamp)`;
const RESOLVE = 'npx knex-meta migrate:resolve 2_b --applied';

describe('doctor judges', () => {
  it('an applied migration by what is not there', () => {
    expect(short([{ isApplied: true, present: PRESENCE.made }])).to.deep.equal([]);
    expect(short([{ isApplied: true, made: [] }])).to.deep.equal([]);
    const [absent] = find([{ isApplied: true, present: [TABLE, COLUMN] }]);
    expect([absent?.code, absent?.migration, absent?.mend]).to.deep.equal([
      'APPLIED_ABSENT',
      '2_b.js',
      ['create it'],
    ]);
    expect(absent?.message).to.match(/is not there: column u\.b, index u_b$/);
    for (const rest of [undefined, []])
      expect('mend' in (find([{ isApplied: true, rest }])[0] ?? {}), String(rest)).to.equal(false);
    // A table says it for its columns, not for those of another one.
    expect(find([{ isApplied: true }])[0]?.message).to.match(
      /is not there: table t, column u\.b, index u_b$/,
    );
  });

  it('a pending one that is there, by how it is recorded', () => {
    const whole = { present: PRESENCE.made };
    expect(short([whole])).to.deep.equal([['PENDING_PRESENT', [STAMP]]]);
    expect(short([{ made: [TABLE], present: [TABLE] }])).to.deep.equal([['PENDING_PRESENT', [STAMP]]]);
    expect(short([{ ...whole, isBehind: false }])).to.deep.equal([['PENDING_PRESENT', [ROW]]]);
    expect(short([whole], { missing: ['0_z.js'] })).to.deep.equal([['PENDING_PRESENT', [ROW]]]);
    expect(short([whole], { applied: [] })).to.deep.equal([['PENDING_PRESENT', [STAMP]]]);
    expect(short([{ ...whole, isBehind: false }], { applied: [] })).to.deep.equal([
      ['PENDING_PRESENT', [ROW.replace('5', '1')]],
    ]);
    expect(short([whole], { unfinished: ['2_b.ts'] })).to.deep.equal([['PENDING_PRESENT', [RESOLVE]]]);
    // One that ended since is no unfinished one.
    const recorded = [...STATUS.applied, { id: 2, name: '2_b.js', batch: 4, appliedAt: undefined }];
    expect(short([whole], { unfinished: ['2_b.js'], applied: recorded })).to.deep.equal([
      ['PENDING_PRESENT', [STAMP]],
    ]);
    expect(find([whole])[0]?.message).to.match(
      /all that it makes is there: table t, column u\.b, index u_b$/,
    );
    expect(find([{ ...whole, name: "2_o'b.js", isBehind: false }])[0]?.mend?.[0]).to.include("'2_o''b.js'");
  });

  it('only the first pending one can be stamped, and shares its batch: a stamp takes all before it along', () => {
    const whole = { present: PRESENCE.made };
    expect(short([whole, { ...whole, name: '3_c.js' }]).map((each) => (each as string[][])[1])).to.deep.equal(
      [[STAMP], [ROW.replace('2_b', '3_c')]],
    );
    expect(short([{ made: [] }, { ...whole, name: '3_c.js' }])).to.deep.equal([
      ['PENDING_PRESENT', [ROW.replace('2_b', '3_c')]],
    ]);
    // Applied ones are no pending ones.
    expect(short([{ isApplied: true, present: PRESENCE.made, name: '1_a.js' }, whole])).to.deep.equal([
      ['PENDING_PRESENT', [STAMP]],
    ]);
  });

  it('half of one', () => {
    const half = { present: [COLUMN, OTHER] };
    expect(short([half])).to.deep.equal([['PENDING_PARTLY', ['create it', STAMP]]]);
    expect(short([{ present: [COLUMN] }])).to.deep.equal([['PENDING_PARTLY', ['create it', STAMP]]]);
    expect(find([half])[0]?.message).to.match(
      /there is column t\.a, column u\.b; there is not table t, index u_b$/,
    );
    expect(find([half])[0]?.remedy).to.include('Run what is missing');
    const [unknown] = find([{ ...half, rest: undefined }]);
    expect(unknown && 'mend' in unknown).to.equal(false);
    expect(unknown?.remedy).to.include('cannot be told');
  });

  it('one that was begun, of which nothing is there', () => {
    expect(short([{}])).to.deep.equal([]);
    expect(short([{ made: [] }])).to.deep.equal([]);
    const unfinished = { unfinished: ['2_b.js'] };
    expect(short([{}], unfinished)).to.deep.equal([
      ['UNFINISHED', ['npx knex-meta migrate:resolve 2_b --undone', 'npx knex-meta migrate:latest']],
    ]);
    expect(find([{}], unfinished)[0]?.remedy).to.equal('Say so, and run it again.');
    const [nothing] = find([{ made: [] }], unfinished);
    expect([nothing?.code, nothing?.remedy]).to.deep.equal([
      'UNFINISHED',
      'Compare the database with the file.',
    ]);
    expect(nothing && 'mend' in nothing).to.equal(false);
  });

  it('indexes that are not valid, and a record in another schema', () => {
    const index = (name: string, isValid: boolean) => ({ name, isValid }) as never;
    const tables = [
      { schema: undefined, name: 't', indexes: [index('good', true), index('bad', false)] },
      { schema: 's', name: 'u', indexes: [index('worse', false)] },
    ] as never;
    const findings = indexFindings({ tables }, (schema, name) => [`${schema} ${name}`]);
    expect(findings.map(({ code, table, mend }) => [code, table, mend])).to.deep.equal([
      ['INDEX_INVALID', 't', ['undefined bad']],
      ['INDEX_INVALID', 's.u', ['s worse']],
    ]);
    const told = searchPathFinding('app', 'public', []);
    expect(told.remedy).to.include("Correct it in the knexfile: `searchPath: ['app']`");
    expect('mend' in told).to.equal(false);
    const set = searchPathFinding('app', 'public', ['alter it']);
    expect([set.mend, set.remedy.includes('or for the database')]).to.deep.equal([['alter it'], true]);
  });
});
