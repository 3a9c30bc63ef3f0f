import { expect } from 'chai';
import { revisesOf, withRevises } from '../../../lib/migrator/revises.js';
import { checksumOf, docstringOf, tablesOf } from '../../../lib/migrator/text.js';

const SOURCE = `// Adds a table.
exports.up = async function (k) {
  await k.schema.createTable('a', (t) => { t.string("word", 10); });
};
exports.down = (k) => k.schema.dropTable('a');
`;

describe('the text of a migration', () => {
  describe('its checksum', () => {
    const sum = checksumOf(SOURCE);
    for (const [title, text] of [
      ['comments', SOURCE.replace('// Adds a table.', '/* another */ // word')],
      ['white space', SOURCE.replace(/\n/g, '\r\n').replace('(k) {', '(k)\n\n\t{')],
      ['quotes', SOURCE.replace('"word"', "'word'")],
      ['semicolons', SOURCE.replaceAll(';', '')],
      ['a trailing comma', SOURCE.replace('"word", 10)', '"word", 10,)')],
      ['its parent', `exports.revises = '1_x';\n${SOURCE}`.replace("exports.revises = '1_x';", '')],
    ] as const) {
      it(`is the same with other ${title}`, () => {
        expect(checksumOf(text)).to.equal(sum);
      });
    }

    for (const [title, text] of [
      ['another name', SOURCE.replace("'a', (", "'b', (")],
      ['another length', SOURCE.replace('10', '11')],
      ['white space inside a string', SOURCE.replace("'a', (", "'a ', (")],
      ['what looks like a comment in a string', SOURCE.replace("'a', (", "'a//x', (")],
      ['another word in a template', SOURCE.replace("dropTable('a')", 'raw(`drop table a`)')],
      ['less', SOURCE.replace(/exports\.down.*\n/, '')],
    ] as const) {
      it(`is another one with ${title}`, () => {
        expect(checksumOf(text)).to.not.equal(sum);
      });
    }

    it('does not change with the parent that it names', () => {
      const sums = ["'1_a'", "'2_b'", "['1_a', '2_b']"].map((value) =>
        checksumOf(`export const revises = ${value};\n${SOURCE}`),
      );
      expect(new Set(sums).size).to.equal(1);
    });
  });

  for (const [text, wanted] of [
    ["export const revises = '1_a';", ['1_a']],
    ['export const revises: string = "1_a";', ['1_a']],
    ["export const revises: readonly string[] = ['1_a', '2_b',];", ['1_a', '2_b']],
    ["exports.revises = ['1_a'];", ['1_a']],
    ["module.exports.revises = '1_a';", ['1_a']],
    ["module.exports = { up, down, revises: '1_a' };", ['1_a']],
    ["export default { revises: '1_a', up, down };", ['1_a']],
    ['export const revises = `1_a`;', ['1_a']],
    ['export const revises = null;', []],
    ["// export const revises = '1_a';", undefined],
    ["const text = `export const revises = '1_a'`;", undefined],
    ["const revises = '1_a';", undefined],
    ['export const revises = parent;', 'dynamic'],
    ['export const revises = [parent()];', 'dynamic'],
    ['export const up = 1;', undefined],
  ] as const) {
    it(`reads ${text}`, () => {
      expect(revisesOf(text)).to.deep.equal(wanted);
    });
  }

  it('sets another parent and leaves the rest as it is', () => {
    const text = "// why\nexport const revises = ['1_a', /* x */ '2_b']; // end\nexport const up = 1;\n";
    expect(withRevises(text, ['9_z'])).to.equal(
      "// why\nexport const revises = '9_z'; // end\nexport const up = 1;\n",
    );
    expect(withRevises("exports.revises = '1_a';", ['1_a', '2_b'])).to.equal(
      "exports.revises = ['1_a', '2_b'];",
    );
    expect(withRevises('export const up = 1;', ['1_a'])).to.equal(
      "export const up = 1;\n\nexport const revises = '1_a';\n",
    );
  });

  for (const [text, wanted] of [
    ['// One.\n// Two.\nexports.up = 1;', 'One.\nTwo.'],
    ['/**\n * Adds users.\n *\n * @param k - Knex\n */\nexports.up = 1;', 'Adds users.'],
    ["/**\n * @param { import('knex').Knex } knex\n */\nexports.up = 1;", undefined],
    ['// eslint-disable-next-line\nexports.up = 1;', undefined],
    ['exports.up = 1; // no\n', undefined],
    ['', undefined],
  ] as const) {
    it(`the description of ${JSON.stringify(text)}`, () => {
      expect(docstringOf(text)).to.equal(wanted);
    });
  }

  it('the tables that it names, in the builder and in SQL', () => {
    const text = `
      exports.up = async (knex) => {
        await knex.schema.createTable('users', (t) => { t.string('email'); }).alterTable('orders', () => {});
        await knex.schema.renameTable('old', 'new_one');
        await knex('rows').insert({ a: 'no' });
        await knex.raw('alter table "Raw Table" add x int');
        await knex.raw(\`update \\"plain\\" set x = 1\`);
        await knex.raw('create table if not exists made (id int)');
      };`;
    expect(tablesOf(text)).to.include.members(['made', 'old', 'orders', 'rows', 'users']);
    expect(tablesOf(text)).to.not.include.members(['email', 'no']);
  });
});
