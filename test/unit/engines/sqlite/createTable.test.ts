import Database from 'better-sqlite3';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseTable, printTable } from '../../../../lib/engines/sqlite/ddl/createTable.js';

const NAMES = ['a', '"b, ""(c"', '`d)`', '[e, f]', "'g''(,h'", 'élan', '"--i"', '`/*j`'];
const TYPES = ['', ' integer', ' decimal(10, 2)', ' "my, type"'];
const CONSTRAINTS = [
  '',
  " default ','",
  " default '('",
  ' default (1 + (2 - 1))',
  " check (length('a,)') - 1 /* ), */ > -1)",
  " default 'it''s ('",
  ' not null -- why, (not)\n',
  ' collate nocase',
  ' constraint "k, (" unique',
];
const BLANKS = [' ', '\n  ', ' -- a note, (\n ', ' /* one, ) */ ', '\t', ''];
const TABLE_CONSTRAINTS = [
  '',
  ', unique (a, a)',
  ', check (1 < 2) -- end, )\n',
  ", constraint c check ('),' <> '(')",
];
const TAILS = ['', ' strict', '-- done (', ' /* , */'];

describe('a CREATE TABLE taken apart', () => {
  it('gives the columns that the engine sees, and loses no character', () => {
    const engine = new Database(':memory:');
    let [run, understood] = [0, 0];
    const one = (list: readonly string[]) => fc.constantFrom(...list);
    const column = (name: string) =>
      fc.tuple(one(BLANKS), fc.constant(name), one(TYPES), one(CONSTRAINTS), one(BLANKS));
    const columns = fc.subarray(NAMES, { minLength: 1 }).chain((names) => fc.tuple(...names.map(column)));
    const around = fc.tuple(one(BLANKS), one(BLANKS), one(TABLE_CONSTRAINTS), one(BLANKS), one(TAILS));
    fc.assert(
      fc.property(columns, around, (parts, [before, behind, constraint, last, tail]) => {
        run += 1;
        const list = parts.map((part) => part.join('')).join(',');
        const sql = `create table${before} "t (${run}"${behind}(${list}${constraint}${last})${tail}`;
        try {
          engine.exec(sql);
        } catch {
          return;
        }
        understood += 1;
        const seen = engine.prepare('select name from pragma_table_info(?)').pluck().all(`t (${run}`);
        const definition = parseTable(sql);
        expect(definition.columns.map(({ name }) => name)).to.deep.equal(seen);
        expect(printTable(definition)).to.equal(sql);
      }),
      { numRuns: 1000, seed: 20 },
    );
    engine.close();
    expect(understood).to.be.above(250);
  });

  it('refuses what is no CREATE TABLE with columns', () => {
    for (const sql of ['create table t as select 1', 'create virtual table t using fts5(a, b)', 'select (1)'])
      expect(() => parseTable(sql), sql).to.throw('not a CREATE TABLE with columns');
  });
});
