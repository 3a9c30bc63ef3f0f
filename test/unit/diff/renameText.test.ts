import { expect } from 'chai';
import { renameInText, renameValueInText } from '../../../lib/diff/renameText.js';

const exactly = (name: string) => name;
const mood = { schema: 'public', name: 'mood' };

/** What is renamed as what, before and after. */
const CASES: readonly (readonly [Parameters<typeof renameInText>[4], string, string])[] = [
  ['column', `((old)::text <> ''::text)`, `((new)::text <> ''::text)`],
  ['column', `(old = 'a'::old)`, `(new = 'a'::old)`],
  ['column', `(old = 'a'::public.old)`, `(new = 'a'::public.old)`],
  ['column', 'old((old)::integer)', 'old((new)::integer)'],
  ['column', '(x COLLATE "old" = old)', '(x COLLATE "old" = new)'],
  ['column', 'cast("old" as old)', 'cast(new as old)'],
  ['column', 'o.old > 0', 'o.new > 0'],
  ['table', 'old.old > 0 and old > 1', 'new.old > 0 and old > 1'],
  [
    'type',
    `(old = ANY (ARRAY['a'::old, 'b'::public.old]))`,
    `(old = ANY (ARRAY['a'::new, 'b'::public.new]))`,
  ],
  ['type', `enum_range(NULL::old)`, `enum_range(NULL::new)`],
  ['relation', 'begin update old set x = new.old; end', 'begin update new set x = new.old; end'],
];

describe('a name in an expression', () => {
  for (const [role, before, after] of CASES)
    it(`${role}: ${before}`, () => {
      expect(renameInText(before, 'old', 'new', exactly, role)).to.equal(after);
    });

  it('a value of an enum, by itself and in an array, quoted or not', () => {
    const renamed = (sql: string, type = mood) => renameValueInText(sql, type, "it's", 'b c');
    expect(renamed(`(x = 'it''s'::mood)`)).to.equal(`(x = 'b c'::mood)`);
    expect(renamed(`(x = 'it''s'::s1."mood")`)).to.equal(`(x = 'b c'::s1."mood")`);
    expect(renamed(`(x = 'it''s'::text)`)).to.equal(`(x = 'it''s'::text)`);
    expect(renamed(`'{it''s,a,"it''s"}'::mood[]`)).to.equal(`'{"b c",a,"b c"}'::mood[]`);
    expect(renamed(`'it''s'::"Mood Of"`, { schema: 'public', name: 'Mood Of' })).to.equal(`'b c'::"Mood Of"`);
  });
});
