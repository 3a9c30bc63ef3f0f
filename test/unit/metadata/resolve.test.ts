import { expect } from 'chai';
import type { KnexMetaError } from '../../../lib/errors.js';
import type { MetaOptions } from '../../../lib/metadata/options.js';
import { overlayColumns, resolveMeta } from '../../../lib/metadata/resolve.js';

const FIVE = ['is_active', 'is_flagged', 'notes', 'created_at', 'updated_at'];

function errorOf(meta: unknown): KnexMetaError {
  try {
    resolveMeta(meta as MetaOptions, {});
  } catch (error) {
    return error as KnexMetaError;
  }
  throw new Error('nothing was thrown');
}

describe('resolveMeta', () => {
  it('has the five columns in order, without an index, when nothing is configured', () => {
    const { columns, onExplicitUpdate, timestampUtc } = resolveMeta(undefined, {});
    expect(columns.map(({ name }) => name)).to.deep.equal(FIVE);
    expect(columns.some(({ index }) => index)).to.equal(false);
    expect(onExplicitUpdate).to.equal('stamp');
    expect(timestampUtc).to.equal(undefined);
  });

  it('omits, renames, indexes and adds columns', () => {
    const add = () => undefined;
    const { columns } = resolveMeta(
      { columns: { notes: false, updated_at: 'modified_at', is_flagged: { index: true }, tenant: add } },
      {},
    );
    expect(columns).to.deep.equal([
      { key: 'is_active', name: 'is_active', index: false },
      { key: 'is_flagged', name: 'is_flagged', index: true },
      { key: 'created_at', name: 'created_at', index: false },
      { key: 'updated_at', name: 'modified_at', index: false },
      { key: 'tenant', name: 'tenant', index: false, add },
    ]);
  });

  it('puts a prefix before every name that is not given', () => {
    const { columns } = resolveMeta({ prefix: 'row_', columns: { notes: 'remarks', is_active: false } }, {});
    expect(columns.map(({ key, name }) => [key, name])).to.deep.equal([
      ['is_flagged', 'row_is_flagged'],
      ['notes', 'remarks'],
      ['created_at', 'row_created_at'],
      ['updated_at', 'row_updated_at'],
    ]);
    for (const prefix of ['', 'a b', 1]) expect(errorOf({ prefix }).code).to.equal('META_OPTION_INVALID');
    expect(errorOf({ visible: 'no' }).code).to.equal('META_OPTION_INVALID');
  });

  it('takes DATABASE_TIMESTAMP_UTC, and the option over it; blank is not set', () => {
    const environment = { DATABASE_TIMESTAMP_UTC: ' now() ' };
    expect(resolveMeta({}, environment).timestampUtc).to.equal('now()');
    expect(resolveMeta({ timestampUtc: 'x()' }, environment).timestampUtc).to.equal('x()');
    expect(resolveMeta({}, { DATABASE_TIMESTAMP_UTC: '  ' }).timestampUtc).to.equal(undefined);
  });

  it('includes and excludes tables by name, pattern and expression', () => {
    const { includesTable } = resolveMeta(
      { tables: { include: ['app_*', /^x/], exclude: ['app_log', 'x.y'] } },
      {},
    );
    expect(
      ['app_users', 'app_log', 'xy', 'x.y', 'users', 'my_app_users'].filter(includesTable),
    ).to.deep.equal(['app_users', 'xy']);
  });

  it('gives the same answer twice for an expression with the g flag', () => {
    const { includesTable } = resolveMeta({ tables: { exclude: [/log/g] } }, {});
    expect([includesTable('log'), includesTable('log')]).to.deep.equal([false, false]);
  });

  it('says what the models manage, by name, or by schema and name where the pattern has a dot', () => {
    const managed = (meta: MetaOptions, ...names: readonly string[]) => {
      const { manages } = resolveMeta(meta, {});
      return names.filter((each) => {
        const [name = '', schema] = each.split('.').reverse();
        return manages({ schema, name });
      });
    };
    const all = ['users', 'app.users', 'audit_log', 'app.audit_log', 'cron.job'];
    expect(managed({}, ...all)).to.deep.equal(all);
    expect(managed({ exclude: ['audit_*', 'cron.*'] }, ...all)).to.deep.equal(['users', 'app.users']);
    expect(managed({ include: ['app.*'] }, ...all)).to.deep.equal(['app.users', 'app.audit_log']);
    expect(managed({ include: ['app.*'], exclude: ['*_log'] }, ...all)).to.deep.equal(['app.users']);
    expect(managed({ exclude: [/^app\./, /^users$/] }, ...all)).to.deep.equal(['audit_log', 'cron.job']);
    expect(managed({ include: ['users'] }, ...all)).to.deep.equal(['users', 'app.users']);
  });

  const wrong: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['an unknown key', { colums: {} }, 'META_OPTION_UNKNOWN', /meta\.columns/],
    ['an unknown column', { columns: { is_activ: false } }, 'META_OPTION_UNKNOWN', /is_active/],
    ['an unknown key of a column', { columns: { notes: { indx: true } } }, 'META_OPTION_UNKNOWN', /index/],
    ['an unknown key of tables', { tables: { exlude: [] } }, 'META_OPTION_UNKNOWN', /exclude/],
    ['a wrong onExplicitUpdate', { onExplicitUpdate: 'drop' }, 'META_OPTION_INVALID', /./],
    ['a pattern that is none', { tables: { include: [1] } }, 'META_OPTION_INVALID', /./],
    ['a pattern of include that is none', { include: 'a*' }, 'META_OPTION_INVALID', /meta\.include/],
    ['a shadow that is none', { shadow: {} }, 'META_OPTION_INVALID', /meta\.shadow/],
    ['an unknown key like exclude', { exlude: [] }, 'META_OPTION_UNKNOWN', /meta\.exclude/],
    ['a list for an object', { columns: [] }, 'META_OPTION_INVALID', /./],
    ['directories of models that are none', { models: ['models', 1] }, 'META_OPTION_INVALID', /directory/],
    ['no directory of models', { models: [] }, 'META_OPTION_INVALID', /directory/],
    ['an index that is none', { columns: { notes: { index: 'yes' } } }, 'META_OPTION_INVALID', /./],
  ];
  for (const [what, meta, code, remedy] of wrong) {
    it(`refuses ${what}, with the nearest right one`, () => {
      const error = errorOf(meta);
      expect(error.code).to.equal(code);
      expect(`${error.remedy} ${error.message}`).to.match(remedy);
    });
  }
});

describe('overlayColumns', () => {
  const base = resolveMeta(
    { columns: { is_active: { index: true }, updated_at: 'modified_at' } },
    {},
  ).columns;

  it('keeps what the table does not mention', () => {
    expect(overlayColumns(base, {})).to.deep.equal(base);
  });

  it('omits one column, and gives an omitted one back', () => {
    const without = overlayColumns(base, { notes: false });
    expect(without.map(({ key }) => key)).to.deep.equal(FIVE.filter((key) => key !== 'notes'));
    expect(overlayColumns(without, { notes: true }).map(({ key }) => key)).to.deep.equal(FIVE);
  });

  it('keeps the name when only the index is set', () => {
    const [updatedAt] = overlayColumns(base, { updated_at: { index: true } }).filter(
      (c) => c.key === 'updated_at',
    );
    expect(updatedAt).to.deep.equal({ key: 'updated_at', name: 'modified_at', index: true });
  });
});
