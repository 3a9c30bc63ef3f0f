import { expect } from 'chai';
import { ignoreComments, ignoredBy } from '../../../lib/lint/ignore.js';

describe('comments that switch rules of lint off', () => {
  const TEXT = `export async function up(knex) {
  // knex-meta-lint-ignore DROP_TABLE
  await knex
    .schema.dropTable('a');
  for (const name of ['b', 'c']) {
    // knex-meta-lint-ignore DROP_TABLE, RENAME_TABLE: with a reason
    // and another line
    await knex.schema.dropTable(name);
  }
  await knex.schema.alterTable('d', (t) => {
    t.text('e');
    /* knex-meta-lint-ignore DROP_COLUMN inside */
    t.dropColumn('f');
  });
  await knex.raw(\`
    -- knex-meta-lint-ignore DELETE_ALL in SQL
    delete from g
  \`);
  await knex.schema.dropTable('h');
}
`;
  const BEGINS = [4, 8, 10, 15, 19];
  const isOff = (code: string, line: number): boolean =>
    ignoredBy(ignoreComments(TEXT), code, line, BEGINS) !== undefined;

  it('are read with their codes and reasons', () => {
    const read = ignoreComments(TEXT).map(({ codes, reason, line, codeLine }) => ({
      codes,
      reason,
      line,
      codeLine,
    }));
    expect(read).to.deep.equal([
      { codes: ['DROP_TABLE'], reason: '', line: 2, codeLine: 3 },
      { codes: ['DROP_TABLE', 'RENAME_TABLE'], reason: 'with a reason', line: 6, codeLine: 8 },
      { codes: ['DROP_COLUMN'], reason: 'inside', line: 12, codeLine: 13 },
      { codes: ['DELETE_ALL'], reason: 'in SQL', line: 16, codeLine: 17 },
    ]);
  });

  it('count for their statement, and for no other', () => {
    const off = BEGINS.map((line) =>
      ['DROP_TABLE', 'RENAME_TABLE', 'DROP_COLUMN', 'DELETE_ALL'].filter((code) => isOff(code, line)),
    );
    expect(off).to.deep.equal([
      ['DROP_TABLE'],
      ['DROP_TABLE', 'RENAME_TABLE'],
      ['DROP_COLUMN'],
      ['DELETE_ALL'],
      [],
    ]);
  });

  it('count for the whole file where they say so, and for nothing where they name nothing', () => {
    const whole = ignoreComments('// knex-meta-lint-ignore-file DROP_TABLE old\n');
    expect(ignoredBy(whole, 'DROP_TABLE', undefined, [])).not.to.equal(undefined);
    expect(ignoredBy(whole, 'DROP_COLUMN', 3, [3])).to.equal(undefined);
    expect(
      ignoreComments("// knex-meta-lint-ignore\nconst a = 'knex-meta-lint-ignore DROP_TABLE';\n"),
    ).to.deep.equal([]);
  });
});
