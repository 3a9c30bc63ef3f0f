import { expect } from 'chai';
import { revisesOf, withRevises } from '../../../lib/migrator/revises.js';
import { checksumOf } from '../../../lib/migrator/text.js';

describe('what a migration revises', () => {
  for (const [text, wanted] of [
    // Not the file's own: an existing project has such columns.
    ["exports.up = (k) => k('books').insert({ revises: 'an old text' });", undefined],
    ["exports.up = (k) => k('books').insert({ id: 1, revises: 'x' }); module.exports = { up };", undefined],
    ["interface Book { id: number, revises: 'x' }\nexport async function up() {}", undefined],
    ["module.exports = { up: (k) => k('b').insert({ revises: 'x' }), revises: '1_a' };", ['1_a']],
    ["module.exports = /** @type {x} */ ({ up, revises: ['1_a'] });", ['1_a']],
    ["export const revises = ['1_a', '2_b'] as const;", ['1_a', '2_b']],
    ["export const revises = '1_a' satisfies string\nexport const config = {};", ['1_a']],
    // Only running the file tells.
    ["exports.revises = '1_it\\'s';", ["1_it's"]],
    ["exports.revises = '1_' + 'a';", 'dynamic'],
    ["exports.revises = ['1_a'].concat(more);", 'dynamic'],
    ["const revises = '1_a';\nmodule.exports = { up, down, revises };", 'dynamic'],
    ["const revises = '1_a';\nexport { up, down, revises };", 'dynamic'],
    ["const parent = '1_a';\nexport { parent as revises };", 'dynamic'],
  ] as const) {
    it(`${JSON.stringify(wanted)}: ${text.replaceAll('\n', ' ')}`, () => {
      expect(revisesOf(text)).to.deep.equal(wanted);
    });
  }

  it('is written at the end of a file that says nothing, in its own language', () => {
    expect(withRevises('exports.up = 1;\n', ['2_b'])).to.equal(
      "exports.up = 1;\n\nmodule.exports.revises = '2_b';\n",
    );
    const typescript = "// What it does.\nimport type { Knex } from 'knex';\nexport const up = 1;\n";
    const written = withRevises(typescript, ['2_b', "it's"]) ?? '';
    expect(written).to.equal(`${typescript}\nexport const revises = ['2_b', 'it\\'s'];\n`);
    expect(checksumOf(written), 'an applied file is not edited by it').to.equal(checksumOf(typescript));
  });
});
