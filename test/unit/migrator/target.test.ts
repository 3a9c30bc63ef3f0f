import { expect } from 'chai';
import { historyOf, type Revision } from '../../../lib/migrator/history.js';
import { planOf, type Request } from '../../../lib/migrator/plan.js';
import { revisionOf } from '../../../lib/migrator/revision.js';
import { findRevision } from '../../../lib/migrator/target.js';

const entry = (name: string, revises?: readonly string[]): Revision => ({
  name,
  revision: revisionOf(name),
  revises,
});

const LINEAR = [
  '20240101_users.ts',
  '20240102_add_profile.ts',
  '20240103_index.ts',
  '20240104_drop-2.ts',
  '20250101_last.js',
].map((name) => entry(name));

function planned(
  request: Request,
  appliedNames: readonly string[],
  all: readonly Revision[] = LINEAR,
): readonly string[] {
  const applied = appliedNames.map((name, index) => ({
    id: index + 1,
    name,
    batch: index + 1,
    appliedAt: undefined,
  }));
  const plan = planOf(request, { history: historyOf(all), applied });
  return plan.direction === 'up' ? plan.steps.map(({ name }) => name) : plan.steps.map(({ row }) => row.name);
}

const NAMES = LINEAR.map(({ name }) => name);
const [users, profile, index, dropped, last] = NAMES as [string, string, string, string, string];

function failure(act: () => unknown): {
  code: string;
  message: string;
  remedy: string;
  details: Record<string, unknown>;
} {
  try {
    act();
  } catch (error) {
    return error as never;
  }
  return expect.fail('nothing was thrown');
}

const upgrade = (target: string, applied: readonly string[] = [], all = LINEAR) =>
  planned({ kind: 'upgrade', target }, applied, all);
const downgrade = (target: string, applied: readonly string[] = NAMES, all = LINEAR) =>
  planned({ kind: 'downgrade', target }, applied, all);

describe('targets', () => {
  for (const [target, applied, wanted] of [
    ['head', [], NAMES],
    ['heads', [users], [profile, index, dropped, last]],
    ['head', NAMES, []],
    ['base', [users], []],
    ['+1', [users], [profile]],
    ['+3', [], [users, profile, index]],
    ['head-2', [], [users, profile, index]],
    ['head-0', [], NAMES],
    ['20240102_add_profile.ts', [], [users, profile]],
    ['20240102_add_profile.js', [], [users, profile]],
    ['20240102_add_profile', [users], [profile]],
    ['20240103', [], [users, profile, index]],
    ['2025', [], NAMES],
    ['add_profile', [], [users, profile]],
    ['20240102+1', [], [users, profile, index]],
    ['20240103-2', [], [users]],
    // A name may end like an offset.
    ['20240104_drop-2', [], [users, profile, index, dropped]],
    ['20240104_drop-2-1', [], [users, profile, index]],
    ['base+2', [], [users, profile]],
    // What was left out is filled in.
    ['20240103', [index], [users, profile]],
  ] as const) {
    it(`upgrade ${target} with ${applied.length} applied`, () => {
      expect(upgrade(target, applied)).to.deep.equal(wanted);
    });
  }

  for (const [target, applied, wanted] of [
    ['base', NAMES, [...NAMES].reverse()],
    ['-1', NAMES, [last]],
    ['-2', [users, index, profile], [profile, index]],
    ['20240102', NAMES, [last, dropped, index]],
    ['head', NAMES, []],
    ['head-1', NAMES, [last]],
    // By the order of application.
    ['20240101', [users, last, profile], [profile, last]],
  ] as const) {
    it(`downgrade ${target} with ${applied.join(' ')}`, () => {
      expect(downgrade(target, applied)).to.deep.equal(wanted);
    });
  }

  it('an unknown one lists the nearest', () => {
    const { code, message, remedy, details } = failure(() => upgrade('20240102_add_profil3'));
    expect([code, message]).to.deep.equal([
      'MIGRATION_NOT_FOUND',
      'There is no migration "20240102_add_profil3".',
    ]);
    expect(details.nearest).to.include('20240102_add_profile');
    expect(remedy).to.include('20240102_add_profile').and.to.include('Nothing was run');
  });

  it('an ambiguous one lists all that it could mean', () => {
    const { code, details } = failure(() => upgrade('2024'));
    expect([code, details.candidates]).to.deep.equal([
      'USAGE',
      ['20240101_users', '20240102_add_profile', '20240103_index', '20240104_drop-2'],
    ]);
  });

  for (const [title, act, code] of [
    ['an empty one', () => upgrade(''), 'MIGRATION_NOT_FOUND'],
    ['more steps than are pending', () => upgrade('+2', NAMES.slice(0, 4)), 'MIGRATION_NOT_FOUND'],
    ['more steps than are applied', () => downgrade('-2', [users]), 'MIGRATION_NOT_FOUND'],
    ['beyond the history', () => upgrade('head-9'), 'MIGRATION_NOT_FOUND'],
    ['behind the history', () => upgrade('2025+1'), 'MIGRATION_NOT_FOUND'],
    ['down in an upgrade', () => upgrade('-1', NAMES), 'USAGE'],
    ['up in a downgrade', () => downgrade('+1'), 'USAGE'],
    ['down to what is not applied', () => downgrade('2025', [users]), 'USAGE'],
    ['a head of an empty history', () => downgrade('x', [], []), 'MIGRATION_NOT_FOUND'],
  ] as const) {
    it(`${title} is refused`, () => {
      expect(failure(act).code).to.equal(code);
    });
  }

  it('steps of nothing do nothing', () => {
    expect([upgrade('+0'), downgrade('-0')]).to.deep.equal([[], []]);
    expect(upgrade('head', [], [])).to.deep.equal([]);
  });

  describe('with two heads', () => {
    const FORK = [
      entry('1_a.js'),
      entry('2_b.js', ['1_a']),
      entry('3_c.js', ['1_a']),
      entry('4_d.js', ['3_c']),
    ];

    it('head is refused with the files, heads means all, a name its own branch', () => {
      const { code, details } = failure(() => upgrade('head', [], FORK));
      expect([code, details.heads]).to.deep.equal(['MIGRATION_HEADS', ['2_b.js', '4_d.js']]);
      expect(upgrade('heads', [], FORK)).to.deep.equal(['1_a.js', '2_b.js', '3_c.js', '4_d.js']);
      expect(upgrade('4_d', [], FORK)).to.deep.equal(['1_a.js', '3_c.js', '4_d.js']);
      expect(upgrade('2_b', ['1_a.js', '3_c.js'], FORK)).to.deep.equal(['2_b.js']);
    });

    it('down to the fork undoes both branches, the newest first', () => {
      expect(downgrade('1_a', ['1_a.js', '3_c.js', '2_b.js'], FORK)).to.deep.equal(['2_b.js', '3_c.js']);
    });

    it('a merge makes it one', () => {
      const merged = [...FORK, entry('5_merge.js', ['2_b', '4_d'])];
      expect(upgrade('head', ['1_a.js'], merged)).to.deep.equal(['2_b.js', '3_c.js', '4_d.js', '5_merge.js']);
    });
  });

  it('parents come before their children, whatever their names', () => {
    const late = [entry('1_a.js'), entry('2_b.js', ['9_z']), entry('9_z.js', ['1_a'])];
    expect(upgrade('heads', [], late)).to.deep.equal(['1_a.js', '9_z.js', '2_b.js']);
  });

  it('a circle is an error with its way', () => {
    const circle = [entry('1_a.js', ['2_b']), entry('2_b.js', ['1_a'])];
    const { code, message } = failure(() => historyOf(circle));
    expect([code, /1_a -> 2_b -> 1_a/.test(message)]).to.deep.equal(['MIGRATION_PARENT', true]);
  });

  it('files without revises follow each other by name', () => {
    const { heads, parents } = historyOf(LINEAR);
    expect(heads.map(({ name }) => name)).to.deep.equal([last]);
    expect(parents.get('20240103_index')).to.deep.equal(['20240102_add_profile']);
  });

  it('Knex’s own commands', () => {
    expect(planned({ kind: 'latest' }, [index])).to.deep.equal([users, profile, dropped, last]);
    expect(planned({ kind: 'up', name: undefined }, [index])).to.deep.equal([users]);
    expect(planned({ kind: 'up', name: profile }, [])).to.deep.equal([profile]);
    expect(planned({ kind: 'up', name: profile }, [profile])).to.deep.equal([]);
    expect(planned({ kind: 'down', name: undefined }, [index, users])).to.deep.equal([users]);
    expect(planned({ kind: 'down', name: index }, [index, users])).to.deep.equal([index]);
    expect(planned({ kind: 'to', name: index }, [users])).to.deep.equal([profile, index]);
    expect(planned({ kind: 'before', name: index }, [users])).to.deep.equal([profile]);
    expect(failure(() => planned({ kind: 'down', name: last }, [users])).message).to.equal(
      `Migration "${last}" was not run.`,
    );
    expect(failure(() => planned({ kind: 'up', name: 'nothing.js' }, [])).message).to.equal(
      'Migration "nothing.js" not found.',
    );
  });

  it('a rollback takes the last batch in the reverse order of application', () => {
    const applied = [users, last, profile].map((name, at) => ({
      id: at + 1,
      name,
      batch: at === 0 ? 1 : 2,
      appliedAt: undefined,
    }));
    const plan = planOf({ kind: 'rollback', all: false }, { history: historyOf(LINEAR), applied });
    expect(plan.direction === 'down' && plan.steps.map(({ row }) => row.name)).to.deep.equal([profile, last]);
  });

  it('two files of one name, of two directories, are undone each by its own row', () => {
    const twice = [entry('1_a.js'), entry('1_a.js')];
    const plan = planOf(
      { kind: 'rollback', all: true },
      {
        history: historyOf(twice),
        applied: [1, 2].map((id) => ({ id, name: '1_a.js', batch: 1, appliedAt: undefined })),
      },
    );
    const entries = plan.direction === 'down' ? plan.steps.map((step) => step.entry) : [];
    expect(new Set(entries).size).to.equal(2);
  });

  it('finds by name', () => {
    expect(findRevision('index', LINEAR).name).to.equal(index);
  });
});
