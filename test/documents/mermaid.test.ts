import { expect } from 'chai';
import knex from 'knex';
import { entities, timeline } from '../../lib/documents/mermaid.js';
import type { DatabaseSchema } from '../../lib/schema/database.js';
import { eachEngine } from '../support/databases.js';
import { introspect } from '../support/introspection.js';

/** Lines that Mermaid's grammar of ER diagrams has, as narrow as this project writes them. */
const LINES = [
  /^erDiagram$/,
  /^ {2}[A-Za-z][A-Za-z0-9_]*(\["[^"%\\;#{}<>]+"\])? \{$/,
  /^ {4}[A-Za-z_][A-Za-z0-9_]* [A-Za-z_][A-Za-z0-9_]*( (PK|FK|UK)(, (PK|FK|UK))*)?( "[^"%\\;#{}<>]+")?$/,
  /^ {2}\}$/,
  /^ {2}[A-Za-z][A-Za-z0-9_]* (\|o|\|\|)--o\{ [A-Za-z][A-Za-z0-9_]* : "[^"%\\;#{}<>]+"$/,
];

const RESERVED = /^ {2}(end|title|direction|style|class|one|to) \{$/;

const HOSTILE = [
  'end',
  'a b',
  'to',
  'x"y',
  'ü',
  '%%',
  '1st',
  '-->',
  'a{b}',
  "it's",
  '表',
  'class',
  'title',
  'user; drop',
];

eachEngine('Mermaid', (engine) => {
  let schema: DatabaseSchema;

  before(async () => {
    const db = knex((await engine.fresh()).config);
    for (const name of HOSTILE) {
      await db.schema.createTable(name, (t) => {
        t.increments('id');
        t.specificType('order by "x', 'decimal(10, 2)');
        t.integer('parent').references('id').inTable(name);
        t.integer('2nd').notNullable().unique().references('id').inTable('end');
      });
    }
    schema = await introspect(db, engine.name === 'postgresql' ? ['public'] : undefined);
    await db.destroy();
  });

  it('tables of any name are valid, and each has an identifier of its own', () => {
    const text = entities(schema.tables, ({ name }) => name);
    const lines = text.split('\n');
    for (const line of lines)
      expect(
        LINES.some((pattern) => pattern.test(line)),
        line,
      ).to.equal(true);
    expect(lines.filter((line) => RESERVED.test(line))).to.deep.equal([]);
    const boxes = lines.filter((line) => line.endsWith(' {'));
    expect(new Set(boxes.map((line) => line.trim().split(/[ [{]/)[0])).size).to.equal(HOSTILE.length);
    expect(lines.filter((line) => line.includes('--o{'))).to.have.length(HOSTILE.length * 2);
    expect(text).to.include('["a b"]').and.to.include(' PK').and.to.include(' FK, UK "2nd"');
  });

  it('a timeline keeps each event on its day', () => {
    const text = timeline('A: title', [
      { when: '2025-01-01', what: 'one: two; three #4 %%' },
      { when: '2025-01-01', what: '"' },
      { when: 'undated', what: ':' },
    ]);
    expect(text).to.equal("timeline\n  title A title\n  2025-01-01 : one two three 4 : '\n  undated : -");
  });
});
